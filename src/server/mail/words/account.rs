//! Mails about an account: its address and its password.

use super::{Links, Words};
use crate::model::{
    instant::{Millis, spell_time},
    letter::AccountLetter,
};

pub(super) fn words(letter: &AccountLetter, links: &Links<'_>) -> Words {
    match letter {
        AccountLetter::VerifyAddress => verify_address(links),
        AccountLetter::ConfirmAddress => confirm_address(links),
        AccountLetter::AddressTaken => address_taken(links),
        AccountLetter::AddressChanged => address_changed(links),
        AccountLetter::RegisteredAgain => registered_again(links),
        AccountLetter::ResetPassword => reset_password(links),
        AccountLetter::NoAccount => no_account(links),
        AccountLetter::PasswordChanged => password_changed(links),
        AccountLetter::ExportReady => export_ready(links),
        AccountLetter::AccountDeleted { asked_at, ended } => account_deleted(links, *asked_at, ended),
        AccountLetter::NewSignIn { at, from } => new_sign_in(links, *at, from),
    }
}

fn verify_address(links: &Links<'_>) -> Words {
    let asked = "Please confirm that this address is yours. The link works once, for three days.";
    let stranger = "If you have no account with us, somebody typed your address. Then you need not do anything.";
    links
        .words("Confirm your e-mail address", &[asked], &[stranger])
        .action("Confirm address", links.with_key("/verify"))
}

fn confirm_address(links: &Links<'_>) -> Words {
    let asked = "An account is to have this address from now on. Please confirm it. The link works once, for a day.";
    let stranger = "If this was not you, you need not do anything: without the link nothing changes.";
    let words = links.words("Confirm your new e-mail address", &[asked], &[stranger]);
    words.action("Confirm address", links.with_key("/verify"))
}

fn address_taken(links: &Links<'_>) -> Words {
    let told = "Somebody wanted to give this address to another account. You have an account with it, so nothing was \
                changed.";
    let you = "If it was you, log in with this address, or choose another one for the other account.";
    links.words("Somebody wanted to use your e-mail address", &[told], &[you])
}

fn address_changed(links: &Links<'_>) -> Words {
    let told = "The address of your account was changed, and the new one was confirmed. From now on mail goes there, and \
                you log in with it.";
    let stranger = "If this was not you, answer this mail at once, so that we can look into it.";
    links.words("Your account has another e-mail address now", &[told], &[stranger])
}

fn registered_again(links: &Links<'_>) -> Words {
    let told = "Somebody wanted to create an account with this address. There is one already, so nothing was changed.";
    let you = "If it was you, log in. If you have forgotten the password, you can choose another one there.";
    let stranger = "If it was not you, you need not do anything.";
    links.words("You have an account already", &[told, you], &[stranger]).action("Log in", links.to("/login"))
}

fn reset_password(links: &Links<'_>) -> Words {
    let asked = "Somebody asked to choose another password for your account. The link works once, for 30 minutes. You are \
                 then logged out everywhere else.";
    let stranger = "If this was not you, you need not do anything: without the link nothing changes.";
    let words = links.words("Choose another password", &[asked], &[stranger]);
    words.action("Choose another password", links.with_key("/reset/new"))
}

fn no_account(links: &Links<'_>) -> Words {
    let told = "Somebody asked to choose another password for an account with this address. There is none. Perhaps you \
                registered with another address.";
    links.words("There is no account with this address", &[told], &["If this was not you, you need not do anything."])
}

fn password_changed(links: &Links<'_>) -> Words {
    let told = "The password of your account was changed, and you were logged out everywhere else.";
    let stranger = "If this was not you, choose another password at once: whoever did it is then logged out.";
    let words = links.words("Your password was changed", &[told, stranger], &[]);
    words.action("Choose another password", links.to("/reset"))
}

fn new_sign_in(links: &Links<'_>, at: Millis, from: &str) -> Words {
    let told = format!(
        "Somebody logged in to your account with a browser that was not used before, on {}, from the \
                        network address {from}.",
        spell_time(at)
    );
    let choice =
        "If it was you, you need not do anything. If not, choose another password: whoever it was is then logged out.";
    let words = links.words("New log-in to your account", &[&told, choice], &[]);
    words.action("Choose another password", links.to("/reset"))
}

fn account_deleted(links: &Links<'_>, asked_at: Millis, ended: &[String]) -> Words {
    let told = format!("You asked for this on {}. It is done: nobody can log in any more.", spell_time(asked_at));
    let money = match ended {
        [] => "Nothing was running, and nothing is charged.".to_owned(),
        names => format!("Ended at once: {}. Nothing more is charged for it.", names.join(", ")),
    };
    let kept = "Of what you bought we keep only what the law wants: amounts, dates and numbers of invoices. Polar, who sold for \
                us, keeps your invoices as the law wants it too.";
    let stranger = "If this was not you, answer this mail. We cannot bring the account back, but we can look into it.";
    links.words("Your account was deleted", &[&told, &money, kept], &[stranger])
}

fn export_ready(links: &Links<'_>) -> Words {
    let told = "The copy of everything that we have about you is ready. The link works once, for three days, and you must be \
                logged in.";
    let stranger = "If you did not ask for it, somebody else is logged in to your account: choose another password.";
    let words = links.words("Your data is ready", &[told], &[stranger]);
    words.action("Fetch my data", links.with_key("/account/export"))
}

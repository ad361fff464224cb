//! Registering and logging in by e-mail and password; proving and changing both. Polar is never asked.

mod addresses;
mod devices;
mod limits;
mod passwords;
mod recovery;

pub use addresses::{Opening, confirm, opening, request_change, send_verification};
pub use devices::note_device;
pub use recovery::{ask_reset, change_password, reset};

use super::{
    super::{
        db::{self, Tx, audit, sessions, users},
        state::State,
    },
    mailing::{self, Mail},
    new_id,
};
use crate::model::{
    credentials::{Email, EmailMistake, Password, PasswordMistake},
    instant::{DAY, Millis},
    letter::AccountLetter,
};
use limits::Limits;
use passwords::Passwords;
use std::{net::IpAddr, time::Duration};

pub use users::User;

/// What accounts keep between requests: room for hashing, and counts of attempts.
#[derive(Clone, Default)]
pub struct Accounts {
    passwords: Passwords,
    limits: Limits,
}

/// Why somebody was not registered or logged in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// What was typed as e-mail address is none.
    #[error(transparent)]
    Email(#[from] EmailMistake),
    /// The password cannot be chosen.
    #[error(transparent)]
    Password(#[from] PasswordMistake),
    /// The address has an account already.
    #[error("the address has an account")]
    Taken,
    /// E-mail and password do not belong together; which of them is wrong is not said.
    #[error("e-mail and password do not match")]
    Wrong,
    /// The address is the one that the account has.
    #[error("the address is the present one")]
    Same,
    /// The key in a mail's link opens nothing: it was used, it is too old, or it never was one.
    #[error("the link does not work any more")]
    Spent,
    /// Too many attempts; the next may succeed after this long.
    #[error("too many attempts")]
    TooMany(Duration),
    /// More people log in at this moment than can be served.
    #[error("no room to hash a password in time")]
    Busy,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] db::Error),
}

/// Somebody who asks for something about their account.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// Our user id.
    pub user: &'a str,
    /// From where.
    pub from: IpAddr,
}

/// Somebody who gave the password of their account.
pub(super) struct Proved {
    user: User,
    /// What it was held against. Another may be chosen while a hash is computed.
    pub(super) hash: Option<String>,
}

/// Creates an account. Answers its id, to be signed in at once; or nothing, where only verified addresses log in: then the
/// mail says what is to be done, and the answer is the same whether or not the address had an account.
///
/// Else, of two who register one address at the same time, one is [`Refused::Taken`]. An address that is taken costs the
/// same work in any case, one hash and one mail; only what the mail says is another thing.
///
/// # Errors
/// See [`Refused`].
pub async fn register(state: &State, email: &str, password: String, from: IpAddr) -> Result<Option<String>, Refused> {
    let email = Email::parse(email)?;
    let password = Password::choose(password)?;
    state.accounts.limits.registering(from)?;
    let hash = state.accounts.passwords.hash(password).await?;
    let (id, now) = (new_id(), state.clock.wall());
    let made: Result<bool, db::Error> = (state.db)
        .transaction(async |tx| {
            let made = users::add(tx, &id, email.as_str(), &hash, now).await?;
            if made {
                welcome(tx, &id, &email, now).await?
            } else {
                tell_owner(tx, &email, now).await?
            }
            Ok(made)
        })
        .await;
    state.wake.mail.notify_one();
    let made = made?;
    if made {
        tracing::info!(user_id = id, "registered");
    }
    match (state.plans.requires_verified_email(), made) {
        (true, _) => Ok(None),
        (false, true) => Ok(Some(id)),
        (false, false) => Err(Refused::Taken),
    }
}

async fn welcome(tx: &mut Tx, user: &str, email: &Email, now: Millis) -> Result<(), db::Error> {
    let (key, letter) = (format!("welcome:{user}"), AccountLetter::VerifyAddress.into());
    mailing::queue(tx, &Mail { key, user: Some(user), to: email.as_str(), letter }, now).await.map(drop)
}

/// Whoever has the address hears, once a day at most, that somebody wanted an account with it.
async fn tell_owner(tx: &mut Tx, email: &Email, now: Millis) -> Result<(), db::Error> {
    let Some(owner) = users::id_of(&mut *tx, email.as_str()).await? else { return Ok(()) };
    let key = format!("registered_again:{owner}:{}", now.div_euclid(DAY));
    let letter = AccountLetter::RegisteredAgain.into();
    mailing::queue(tx, &Mail { key, user: Some(&owner), to: email.as_str(), letter }, now).await.map(drop)
}

/// Answers the id of the account whose e-mail and password these are. Takes as long for an unknown address as for a
/// wrong password.
///
/// # Errors
/// See [`Refused`].
pub async fn log_in(state: &State, email: &str, password: String, from: IpAddr) -> Result<String, Refused> {
    state.accounts.limits.logging_in(from)?;
    let (Ok(email), Some(password)) = (Email::parse(email), Password::claimed(password)) else {
        return Err(Refused::Wrong);
    };
    state.accounts.limits.logging_in_as(&email)?;
    let known = users::credentials(&state.db, email.as_str()).await?;
    let open = |known: &users::Credentials| known.email_verified_at.is_some() || !state.plans.requires_verified_email();
    let id = known.as_ref().filter(|known| open(known)).map(|known| known.id.clone());
    let hash = known.and_then(|known| known.password_hash);
    let right = state.accounts.passwords.verify(password, hash).await?;
    let id = id.filter(|_| right).ok_or(Refused::Wrong)?;
    tracing::info!(user_id = id, "logged in");
    Ok(id)
}

/// Whether this is the password of the account, within the limits of logging in.
pub(super) async fn prove(state: &State, asking: Asking<'_>, password: String) -> Result<Proved, Refused> {
    state.accounts.limits.logging_in(asking.from)?;
    let user = users::by_id(&state.db, asking.user).await?.ok_or(Refused::Wrong)?;
    state.accounts.limits.logging_in_as(&Email::parse(&user.email)?)?;
    let password = Password::claimed(password).ok_or(Refused::Wrong)?;
    let hash = users::credentials(&state.db, &user.email).await?.and_then(|known| known.password_hash);
    if state.accounts.passwords.verify(password, hash.clone()).await? {
        Ok(Proved { user, hash })
    } else {
        Err(Refused::Wrong)
    }
}

/// Writes down what somebody did to their own account.
async fn note(tx: &mut Tx, asking: Asking<'_>, action: &'static str, now: Millis) -> Result<(), db::Error> {
    let (user, ip) = (Some(asking.user), asking.from.to_string());
    let entry = audit::Entry { actor: user, action, user, target: None, details: None, ip: Some(&ip) };
    audit::add(tx, entry, now).await.map(drop)
}

/// The account with this id, unless it was deleted.
///
/// # Errors
/// When the database does not answer.
pub async fn by_id(state: &State, id: &str) -> Result<Option<User>, db::Error> {
    users::by_id(&state.db, id).await
}

/// Forgets expired sessions and counts that say nothing any more.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(state: &State) -> Result<(), db::Error> {
    state.accounts.limits.forget_idle();
    let ended = sessions::sweep(&state.db, state.clock.wall()).await?;
    tracing::debug!(ended, "swept sessions");
    Ok(())
}

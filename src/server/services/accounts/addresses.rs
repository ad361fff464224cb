//! Proving that an address is one's own, and having another one.
//!
//! A link alone proves nothing: whoever follows it must also be logged in to the account or know its password. Else a
//! stranger could register with somebody's address, and have them confirm it.

use super::{
    super::{
        super::{
            db::{
                self, Tx,
                email_tokens::{self, TokenRow},
                jobs, users,
            },
            state::State,
        },
        mailing::{self, Mail},
        new_id,
    },
    Asking, Evidence, Proof, Refused, note, prove,
};
use crate::model::{
    credentials::Email,
    instant::{DAY, Millis},
    job,
    letter::{AccountLetter, Purpose},
};
use std::net::IpAddr;

/// What the key in a link opens.
#[derive(Clone)]
pub struct Opening {
    /// Whose account.
    pub user: String,
    /// What for.
    pub purpose: Purpose,
    /// The address that the link was mailed to.
    pub email: String,
}

/// What a key opens, if it still does; uses nothing up.
///
/// # Errors
/// When the database does not answer.
pub async fn opening(state: &State, key: &str) -> Result<Option<Opening>, db::Error> {
    let found = email_tokens::find(&state.db, key, state.clock.wall()).await?;
    Ok(found.and_then(|TokenRow { user_id, purpose, email }| {
        Some(Opening { user: user_id, purpose: Purpose::of_stored(&purpose)?, email })
    }))
}

/// Mails another link that proves the address of an account; nothing where it is proved already.
///
/// # Errors
/// See [`Refused`].
pub async fn send_verification(state: &State, asking: Asking<'_>) -> Result<(), Refused> {
    let user = users::by_id(&state.db, asking.user).await?.ok_or(Refused::Wrong)?;
    if user.email_verified_at.is_some() {
        return Ok(());
    }
    state.accounts.limits.mailing(&Email::parse(&user.email)?, asking.from)?;
    let (key, letter) = (format!("verify:{}", new_id()), AccountLetter::VerifyAddress.into());
    send(state, &Mail { key, user: Some(asking.user), to: &user.email, letter }).await
}

/// Mails a link to the address that an account is to have. Whether that has an account already only its owner is told.
///
/// # Errors
/// See [`Refused`]; [`Refused::Wrong`] where the evidence is not of the account's password.
pub async fn request_change(state: &State, asking: Asking<'_>, evidence: Evidence, email: &str) -> Result<(), Refused> {
    let email = Email::parse(email)?;
    let user = prove(state, asking, evidence).await?.user;
    if user.email == email.as_str() {
        return Err(Refused::Same);
    }
    state.accounts.limits.mailing(&email, asking.from)?;
    let owner = users::id_of(&state.db, email.as_str()).await?;
    let (key, letter) = match &owner {
        Some(owner) => {
            let today = state.clock.wall().div_euclid(DAY);
            (format!("address_taken:{owner}:{today}"), AccountLetter::AddressTaken)
        }
        None => (format!("confirm:{}", new_id()), AccountLetter::ConfirmAddress),
    };
    let user = Some(owner.as_deref().unwrap_or(asking.user));
    send(state, &Mail { key, user, to: email.as_str(), letter: letter.into() }).await
}

async fn send(state: &State, mail: &Mail<'_>) -> Result<(), Refused> {
    let now = state.clock.wall();
    (state.db).transaction::<_, db::Error>(async |tx| mailing::queue(tx, mail, now).await).await?;
    state.wake.mail.notify_one();
    Ok(())
}

/// Uses a link up: the address is proved, or is now the account's. What to begin a session with, where nobody of the
/// account was signed in.
///
/// # Errors
/// [`Refused::Wrong`] where nobody of the account is logged in and the password is not its own; [`Refused::Spent`] where
/// the link opens nothing; [`Refused::Taken`] where somebody else has the address by now.
pub async fn confirm(
    state: &State,
    key: &str,
    signed_in: Option<&str>,
    password: String,
    from: IpAddr,
) -> Result<Option<Proof>, Refused> {
    let opening = opening(state, key).await?.filter(|found| found.purpose != Purpose::Reset).ok_or(Refused::Spent)?;
    let asking = Asking { user: &opening.user, from };
    let proved = match signed_in == Some(asking.user) {
        true => None,
        false => Some(prove(state, asking, Evidence::Password(password)).await?),
    };
    let now = state.clock.wall();
    (state.db)
        .transaction(async |tx| {
            users::lock(tx, asking.user).await?;
            if !email_tokens::redeem(tx, key, now).await? {
                return Err(Refused::Spent);
            }
            match opening.purpose {
                Purpose::Change => change(tx, asking, &opening.email, now).await,
                _ => verify(tx, asking, &opening.email, now).await,
            }
        })
        .await?;
    state.wake.mail.notify_one();
    state.wake.jobs.notify_one();
    tracing::info!(user_id = opening.user, "address confirmed");
    Ok(proved.and_then(|proved| proved.proof()))
}

/// The address of the account is its holder's; Polar's customer with that address can be tied to them.
pub(super) async fn verify(tx: &mut Tx, asking: Asking<'_>, email: &str, now: Millis) -> Result<(), Refused> {
    if !users::verify(tx, asking.user, email, now).await? {
        return Err(Refused::Spent);
    }
    jobs::queue(tx, &new_id(), job::TIE_CUSTOMER, asking.user, now).await?;
    Ok(note(tx, asking, "address confirmed", now).await?)
}

async fn change(tx: &mut Tx, asking: Asking<'_>, email: &str, now: Millis) -> Result<(), Refused> {
    let old = users::by_id(&mut *tx, asking.user).await?.ok_or(Refused::Spent)?.email;
    if !users::set_email(tx, asking.user, email, now).await? {
        return Err(Refused::Taken);
    }
    // What was mailed to the old address opens nothing any more.
    email_tokens::void(tx, asking.user, now).await?;
    let (key, letter) = (format!("address_changed:{}", new_id()), AccountLetter::AddressChanged.into());
    mailing::queue(tx, &Mail { key, user: Some(asking.user), to: &old, letter }, now).await?;
    jobs::queue(tx, &new_id(), job::CARRY_ADDRESS, asking.user, now).await?;
    Ok(note(tx, asking, "address changed", now).await?)
}

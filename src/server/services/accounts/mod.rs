//! Registering and logging in by e-mail and password. Polar is never asked.

mod limits;
mod passwords;

use super::super::{
    db::{self, sessions, users},
    state::State,
};
use crate::model::credentials::{Email, EmailMistake, Password, PasswordMistake};
use limits::Limits;
use passwords::Passwords;
use std::{net::IpAddr, time::Duration};
use uuid::Uuid;

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

/// Creates an account and answers its id. Of two who register one address at the same time, one is [`Refused::Taken`].
///
/// # Errors
/// See [`Refused`].
pub async fn register(state: &State, email: &str, password: String, from: IpAddr) -> Result<String, Refused> {
    let email = Email::parse(email)?;
    let password = Password::choose(password)?;
    state.accounts.limits.registering(from)?;
    if users::is_taken(&state.db, email.as_str()).await? {
        return Err(Refused::Taken);
    }
    let hash = state.accounts.passwords.hash(password).await?;
    let id = Uuid::now_v7().to_string();
    if !users::add(&state.db, &id, email.as_str(), &hash, state.clock.wall()).await? {
        return Err(Refused::Taken);
    }
    tracing::info!(user_id = id, "registered");
    Ok(id)
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
    let (id, hash) = known.map_or((None, None), |known| (Some(known.id), known.password_hash));
    let right = state.accounts.passwords.verify(password, hash).await?;
    let id = id.filter(|_| right).ok_or(Refused::Wrong)?;
    tracing::info!(user_id = id, "logged in");
    Ok(id)
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

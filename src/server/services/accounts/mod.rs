//! Registering and logging in by e-mail and password; proving and changing both. Polar is never asked.

mod addresses;
mod devices;
mod limits;
mod passwords;
mod proving;
mod recovery;
mod registering;
mod sessions;

pub use addresses::{Opening, confirm, opening, request_change, send_verification};
pub use devices::note_device;
pub use proving::{Evidence, FRESH, Proof, Proved, Stamp, User, log_in, prove, signed_in};
pub use recovery::{ask_reset, change_password, reset};
pub use registering::{register, signs_in_at_once};
pub use sessions::{Place, end_other_sessions, end_session, hex, sessions};

use super::super::{
    db::{self, Tx, audit},
    state::State,
};
use crate::model::{
    credentials::{EmailMistake, PasswordMistake},
    instant::Millis,
};
use limits::Limits;
use passwords::Passwords;
use std::{net::IpAddr, time::Duration};

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
    /// The password is asked for, and none was typed.
    #[error("the password is asked for")]
    Unproved,
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

/// Writes down what somebody did to their own account.
async fn note(tx: &mut Tx, asking: Asking<'_>, action: &'static str, now: Millis) -> Result<(), db::Error> {
    let (user, ip) = (Some(asking.user), asking.from.to_string());
    let entry = audit::Entry { actor: user, action, user, target: None, details: None, ip: Some(&ip) };
    audit::add(tx, entry, now).await.map(drop)
}

/// Forgets expired sessions and counts that say nothing any more.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(state: &State) -> Result<(), db::Error> {
    state.accounts.limits.forget_idle();
    let ended = db::sessions::sweep(&state.db, state.clock.wall()).await?;
    tracing::debug!(ended, "swept sessions");
    Ok(())
}

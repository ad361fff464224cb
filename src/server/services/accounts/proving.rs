//! Showing that an account is one's own: by its password now, or by having given it in this session a little while ago.

use super::{
    super::super::{
        db::{self, Tx, sessions::SignIn, users},
        state::State,
    },
    Asking, Refused,
    sessions::hex,
};
use crate::model::{
    credentials::{Email, Password},
    instant::Millis,
};
use sha2::{Digest, Sha256};
use std::net::IpAddr;

pub use users::User;

/// For so long a password that was given speaks for the session in which it was given.
pub const FRESH: Millis = 10 * 60 * 1000;

/// What a session keeps of a password's stored hash. Another password has another stamp, so that a session which was
/// begun with the old one is worth nothing, also if it is written after the new one was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp(String);

/// That somebody gave the password of this account just now; what a session is begun with.
#[derive(Debug)]
pub struct Proof {
    /// Our user id.
    pub user: String,
    /// Of the password that was given.
    pub stamp: Stamp,
}

/// What is brought forward by whoever wants to do something that not everybody may who finds a browser open.
pub enum Evidence {
    /// The password was given in this session, at most [`FRESH`] ago.
    Recent(Stamp),
    /// As typed just now.
    Password(String),
}

/// Somebody who has shown that the account is theirs.
pub struct Proved {
    /// Who they are.
    pub user: User,
    hash: Option<String>,
}

impl Stamp {
    pub(super) fn of(hash: &str) -> Self {
        Self(hex(&Sha256::digest(hash.as_bytes())[..16]))
    }

    /// As a session keeps it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Proof {
    pub(super) fn of(user: &str, hash: &str) -> Self {
        Self { user: user.to_owned(), stamp: Stamp::of(hash) }
    }
}

impl Proved {
    /// Whether the password is still the one that was shown: asked under the lock of the user's row, so that whoever knew
    /// only an earlier one is too late.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn still_holds(&self, tx: &mut Tx) -> Result<bool, db::Error> {
        Ok(users::password_hash(&mut *tx, &self.user.id).await? == self.hash)
    }

    /// What a session is begun with.
    pub(super) fn proof(&self) -> Option<Proof> {
        self.hash.as_deref().map(|hash| Proof::of(&self.user.id, hash))
    }
}

/// Whose session this is: nobody's if the account is gone or has another password by now.
///
/// # Errors
/// When the database does not answer.
pub async fn signed_in(state: &State, sign_in: &SignIn) -> Result<Option<(User, Stamp)>, db::Error> {
    let Some(holder) = users::holder(&state.db, &sign_in.user).await? else { return Ok(None) };
    let stamp = holder.password_hash.as_deref().map(Stamp::of).filter(|stamp| stamp.as_str() == sign_in.stamp);
    Ok(stamp.map(|stamp| (holder.user, stamp)))
}

/// Whether the account is theirs, within the limits of logging in.
///
/// # Errors
/// [`Refused::Unproved`] where nothing was typed, [`Refused::Wrong`] where it is not the password of the account; and
/// as [`Refused`] says.
pub async fn prove(state: &State, asking: Asking<'_>, evidence: Evidence) -> Result<Proved, Refused> {
    let users::Holder { user, password_hash: hash } =
        users::holder(&state.db, asking.user).await?.ok_or(Refused::Wrong)?;
    let proved = match evidence {
        Evidence::Recent(stamp) => hash.as_deref().map(Stamp::of) == Some(stamp),
        Evidence::Password(typed) if typed.is_empty() => return Err(Refused::Unproved),
        Evidence::Password(typed) => {
            state.accounts.limits.logging_in(asking.from)?;
            state.accounts.limits.logging_in_as(&Email::parse(&user.email)?)?;
            let password = Password::claimed(typed).ok_or(Refused::Wrong)?;
            state.accounts.passwords.verify(password, hash.clone()).await?
        }
    };
    if proved { Ok(Proved { user, hash }) } else { Err(Refused::Wrong) }
}

/// Who has this e-mail and this password. Takes as long for an unknown address as for a wrong password.
///
/// # Errors
/// See [`Refused`].
pub async fn log_in(state: &State, email: &str, password: String, from: IpAddr) -> Result<Proof, Refused> {
    state.accounts.limits.logging_in(from)?;
    let (Ok(email), Some(password)) = (Email::parse(email), Password::claimed(password)) else {
        return Err(Refused::Wrong);
    };
    state.accounts.limits.logging_in_as(&email)?;
    let known = users::credentials(&state.db, email.as_str()).await?;
    let hash = known.as_ref().and_then(|known| known.password_hash.clone());
    let right = state.accounts.passwords.verify(password, hash.clone()).await?;
    let open = |known: &users::Credentials| known.email_verified_at.is_some() || super::signs_in_at_once(state);
    let known = known.filter(|known| right && open(known));
    let proof = known.zip(hash).map(|(known, hash)| Proof::of(&known.id, &hash)).ok_or(Refused::Wrong)?;
    tracing::info!(user_id = proof.user, "logged in");
    Ok(proof)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_of_one_hash_and_does_not_hold_it() {
        let (one, other) = (Stamp::of("$argon2id$one"), Stamp::of("$argon2id$other"));
        assert!(one != other && one == Stamp::of("$argon2id$one"));
        assert!(one.as_str().len() == 32 && !one.as_str().contains("one"));
    }
}

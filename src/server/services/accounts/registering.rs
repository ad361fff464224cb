//! Creating an account. What a stranger learns by it about an address is decided by one setting.

use super::{
    super::{
        super::{
            config::Registration,
            db::{self, Tx, users},
            state::State,
        },
        mailing::{self, Mail},
        new_id,
    },
    Asking, Proof, Refused, note,
};
use crate::model::{
    credentials::{Email, Password},
    instant::{DAY, Millis},
    letter::AccountLetter,
};
use std::net::IpAddr;

/// Whether registering signs in, and logging in asks for no proved address.
#[must_use]
pub fn signs_in_at_once(state: &State) -> bool {
    state.config.registration() == Registration::AtOnce && !state.plans.requires_verified_email()
}

/// Creates an account. An address that has one already costs the same work as one that has none: one hash and one mail to
/// it, of which only the words differ.
///
/// By [`Registration::Mailbox`] nobody is signed in and nothing is answered: the mailbox says how to go on. By
/// [`Registration::AtOnce`] the answer is for a session to begin with; so it is for whoever registers again with their own
/// password, and somebody else is told that the address is [`Refused::Taken`].
///
/// # Errors
/// See [`Refused`].
pub async fn register(state: &State, email: &str, password: String, from: IpAddr) -> Result<Option<Proof>, Refused> {
    let email = Email::parse(email)?;
    state.accounts.limits.registering(from)?;
    let password = state.accounts.passwords.choose(password, &email).await?;
    if signs_in_at_once(state) {
        return at_once(state, &email, password, from).await.map(Some);
    }
    let hash = state.accounts.passwords.hash(password).await?;
    add(state, &email, &hash, from).await?;
    Ok(None)
}

async fn at_once(state: &State, email: &Email, password: Password, from: IpAddr) -> Result<Proof, Refused> {
    // Else this would be a second way to guess passwords.
    state.accounts.limits.logging_in_as(email)?;
    let known = users::credentials(&state.db, email.as_str()).await?;
    let Some(known) = known else {
        let hash = state.accounts.passwords.hash(password).await?;
        let id = add(state, email, &hash, from).await?.ok_or(Refused::Taken)?;
        return Ok(Proof::of(&id, &hash));
    };
    if state.accounts.passwords.verify(password, known.password_hash.clone()).await? {
        return known.password_hash.map(|hash| Proof::of(&known.id, &hash)).ok_or(Refused::Taken);
    }
    (state.db).transaction::<_, db::Error>(async |tx| tell_owner(tx, email, state.clock.wall()).await).await?;
    state.wake.mail.notify_one();
    Err(Refused::Taken)
}

/// The id of the new account, or nothing where the address has one; its mailbox is told either.
async fn add(state: &State, email: &Email, hash: &str, from: IpAddr) -> Result<Option<String>, Refused> {
    let (id, now) = (new_id(), state.clock.wall());
    let made: Result<bool, db::Error> = (state.db)
        .transaction(async |tx| {
            let made = users::add(tx, &id, email.as_str(), hash, now).await?;
            if made {
                note(tx, Asking { user: &id, from }, "registered", now).await?;
                welcome(tx, &id, email, now).await?;
            } else {
                tell_owner(tx, email, now).await?;
            }
            Ok(made)
        })
        .await;
    state.wake.mail.notify_one();
    let made = made?;
    if made {
        tracing::info!(user_id = id, "registered");
    }
    Ok(made.then_some(id))
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

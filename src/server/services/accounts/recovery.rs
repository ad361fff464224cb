//! Another password: for whoever knows the present one, and for whoever reads the mail of the account's address.

use super::{
    super::{
        super::{
            db::{self, Tx, email_tokens, sessions, users},
            state::State,
        },
        mailing::{self, Mail},
        new_id,
    },
    Asking, Evidence, Proof, Refused,
    addresses::{self, opening},
    note, prove,
};
use crate::model::{
    credentials::Email,
    instant::Millis,
    letter::{AccountLetter, Purpose},
};
use std::net::IpAddr;

/// Mails a link to choose another password, or to an unknown address that there is no account: the same work, the same
/// answer.
///
/// # Errors
/// See [`Refused`].
pub async fn ask_reset(state: &State, email: &str, from: IpAddr) -> Result<(), Refused> {
    let email = Email::parse(email)?;
    state.accounts.limits.mailing(&email, from)?;
    let now = state.clock.wall();
    let queued: Result<(), db::Error> = (state.db)
        .transaction(async |tx| {
            let user = users::id_of(&mut *tx, email.as_str()).await?;
            let letter = if user.is_some() { AccountLetter::ResetPassword } else { AccountLetter::NoAccount };
            let (key, user) = (format!("reset:{}", new_id()), user.as_deref());
            let mail = Mail { key, user, to: email.as_str(), letter: letter.into() };
            mailing::queue(tx, &mail, now).await.map(drop)
        })
        .await;
    state.wake.mail.notify_one();
    Ok(queued?)
}

/// Uses a link up: the account has this password, its address is proved, and it is logged out everywhere.
///
/// # Errors
/// See [`Refused`]; [`Refused::Spent`] where the link opens nothing.
pub async fn reset(state: &State, key: &str, password: String, from: IpAddr) -> Result<Proof, Refused> {
    let opening = opening(state, key).await?.filter(|found| found.purpose == Purpose::Reset).ok_or(Refused::Spent)?;
    let hash = new_hash(state, password, &opening.email).await?;
    let (asking, now) = (Asking { user: &opening.user, from }, state.clock.wall());
    (state.db)
        .transaction(async |tx| {
            users::lock(tx, asking.user).await?;
            if !email_tokens::redeem(tx, key, now).await? {
                return Err(Refused::Spent);
            }
            addresses::verify(tx, asking, &opening.email, now).await?;
            set(tx, asking, &hash, &opening.email, now).await?;
            Ok(note(tx, asking, "password reset", now).await?)
        })
        .await?;
    done(state, &opening.user);
    Ok(Proof::of(&opening.user, &hash))
}

/// Gives an account another password, and logs it out everywhere. Whoever knew only an earlier password is too late, also if
/// it was the present one when they asked.
///
/// # Errors
/// See [`Refused`]; [`Refused::Wrong`] where the evidence is not of the account's password.
pub async fn change_password(
    state: &State,
    asking: Asking<'_>,
    evidence: Evidence,
    new: String,
) -> Result<Proof, Refused> {
    let proved = prove(state, asking, evidence).await?;
    let hash = new_hash(state, new, &proved.user.email).await?;
    let now = state.clock.wall();
    (state.db)
        .transaction::<_, Refused>(async |tx| {
            users::lock(tx, asking.user).await?;
            if !proved.still_holds(tx).await? {
                return Err(Refused::Wrong);
            }
            set(tx, asking, &hash, &proved.user.email, now).await?;
            Ok(note(tx, asking, "password changed", now).await?)
        })
        .await?;
    done(state, asking.user);
    Ok(Proof::of(asking.user, &hash))
}

async fn new_hash(state: &State, password: String, email: &str) -> Result<String, Refused> {
    let password = state.accounts.passwords.choose(password, &Email::parse(email)?).await?;
    state.accounts.passwords.hash(password).await
}

/// The password, the end of every session and of every link, and the mail that says so.
async fn set(tx: &mut Tx, asking: Asking<'_>, hash: &str, email: &str, now: Millis) -> Result<(), Refused> {
    if !users::set_password(tx, asking.user, hash).await? {
        return Err(Refused::Spent);
    }
    sessions::end_all(tx, asking.user).await?;
    email_tokens::void(tx, asking.user, now).await?;
    let (key, letter) = (format!("password_changed:{}", new_id()), AccountLetter::PasswordChanged.into());
    mailing::queue(tx, &Mail { key, user: Some(asking.user), to: email, letter }, now).await?;
    Ok(())
}

fn done(state: &State, user: &str) {
    state.wake.mail.notify_one();
    state.wake.jobs.notify_one();
    tracing::info!(user_id = user, "another password was chosen");
}

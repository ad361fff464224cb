//! Mail: queued with its cause, sent by a loop of its own, each dedup key once. A mail's key, where it carries one, is made
//! when it is sent, so that no table holds it.

use super::{Error, new_id};
use crate::{
    model::{
        instant::{DAY, Millis},
        letter::{AccountLetter, Letter},
    },
    server::{
        db::{
            self, Tx,
            email_tokens::{self, NewToken},
            exports,
            outgoing_mail::{self, MailRow, NewMail},
        },
        mail::{Draft, Links, Undelivered, words},
        state::State,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::time::Duration;
use tokio::time::timeout;

pub use crate::server::mail::Kept;

/// How long a mail may be on its way before another sender may take it: longer than [`PATIENCE`].
const LEASE: Millis = 120_000;

/// Longer than this one mail is not worked on, however slowly the mail server answers each line.
const PATIENCE: Duration = Duration::from_secs(90);

/// The longest pause between two tries.
const LONGEST_PAUSE: Millis = 30 * 60 * 1000;

/// After so many tries, over about two days, a mail is dead.
const MOST_ATTEMPTS: i64 = 100;

/// A mail that waited for so long is not sent any more, also where there was no mail server at all.
const TOO_OLD: Millis = 3 * DAY;

/// So long it is kept where a mail went and what it said.
const REMEMBERED: Millis = 30 * DAY;

/// A mail to be.
pub struct Mail<'m> {
    /// What it is about: the same key is the same mail, for ever.
    pub key: String,
    /// Whose account it is about.
    pub user: Option<&'m str>,
    /// Where it goes.
    pub to: &'m str,
    /// What it says.
    pub letter: Letter,
}

/// Queues a mail in the transaction of its cause; whether it is new. Ring `wake.mail` after the commit.
///
/// # Errors
/// When the database fails.
pub async fn queue(tx: &mut Tx, mail: &Mail<'_>, now: Millis) -> Result<bool, db::Error> {
    let (id, letter) =
        (new_id(), serde_json::to_string(&mail.letter).map_err(|error| db::Error::Encode(error.into()))?);
    let row = NewMail {
        id: &id,
        dedup_key: &mail.key,
        user: mail.user,
        kind: mail.letter.kind(),
        recipient: mail.to,
        letter: &letter,
    };
    outgoing_mail::queue(tx, row, now).await
}

/// Sends everything that is due; how many were tried.
///
/// # Errors
/// When the database fails.
pub async fn send_due(state: &State) -> Result<usize, Error> {
    let mut count = 0;
    while !state.mail.is_nowhere() && !state.shutdown.is_cancelled() {
        let (token, now) = (new_id(), state.clock.wall());
        let Some(mail) = outgoing_mail::claim(&state.db, &token, now, now + LEASE).await? else { break };
        let sent = timeout(PATIENCE, send(state, &mail)).await;
        settle(state, &mail, &token, sent.unwrap_or_else(|_| Err(Unsent::later("the mail server is too slow"))))
            .await?;
        count += 1;
    }
    Ok(count)
}

enum Unsent {
    Mail(Undelivered),
    Store(db::Error),
}

impl Unsent {
    fn later(why: &str) -> Self {
        Self::Mail(Undelivered::Later(why.to_owned()))
    }

    fn never(why: &str) -> Self {
        Self::Mail(Undelivered::Never(why.to_owned()))
    }
}

async fn send(state: &State, mail: &MailRow) -> Result<(), Unsent> {
    if state.clock.wall() - mail.created_at > TOO_OLD {
        return Err(Unsent::never("it waited for too long"));
    }
    let letter: Letter =
        serde_json::from_str(&mail.letter).map_err(|_| Unsent::never("this version knows no such mail"))?;
    let key = key(state, mail, &letter).await?;
    let words = words(&letter, &Links { origin: state.config.origin(), key: key.as_deref() });
    let draft = Draft { id: &mail.id, to: &mail.recipient, at: mail.created_at, words: &words };
    state.mail.deliver(&draft).await.map_err(Unsent::Mail)
}

/// A new key, where the letter carries one. It opens before the mail is on its way; the key of an earlier try goes on
/// opening, since that mail may have arrived after all; only a copy of somebody's data has one key, the last.
async fn key(state: &State, mail: &MailRow, letter: &Letter) -> Result<Option<String>, Unsent> {
    let is_export = matches!(letter, Letter::Account(AccountLetter::ExportReady));
    let purpose = letter.purpose();
    if purpose.is_none() && !is_export {
        return Ok(None);
    }
    let user = mail.user_id.as_deref().ok_or_else(|| Unsent::never("the mail names no account"))?;
    let (key, now) = (random_key().ok_or_else(|| Unsent::later("no random numbers"))?, state.clock.wall());
    let kept = match purpose {
        Some(purpose) => {
            let token = NewToken { key: &key, user, purpose, email: &mail.recipient };
            email_tokens::add(&state.db, token, now, now + purpose.lasts()).await
        }
        None => exports::lock_with(&state.db, user, &key).await,
    };
    kept.map_err(Unsent::Store)?;
    Ok(Some(key))
}

/// 32 random bytes, as they stand in an address.
pub(super) fn random_key() -> Option<String> {
    let mut bytes = [0; 32];
    rustls::crypto::ring::default_provider().secure_random.fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

async fn settle(state: &State, mail: &MailRow, token: &str, sent: Result<(), Unsent>) -> Result<(), Error> {
    let (id, kind, now) = (mail.id.as_str(), mail.kind.as_str(), state.clock.wall());
    match sent {
        Ok(()) => {
            metrics::counter!("mail_sent_total", "kind" => mail.kind.clone()).increment(1);
            tracing::info!(mail = id, kind, user_id = mail.user_id, "mail sent");
            outgoing_mail::sent(&state.db, id, token, now).await?;
        }
        Err(Unsent::Mail(Undelivered::Later(why))) if mail.attempts < MOST_ATTEMPTS => {
            tracing::warn!(mail = id, kind, attempts = mail.attempts, why, "a mail will be tried again");
            outgoing_mail::retry(&state.db, id, token, now + pause_after(mail.attempts), &why).await?;
        }
        Err(Unsent::Mail(Undelivered::Later(why) | Undelivered::Never(why))) => {
            metrics::counter!("mail_dead_total", "kind" => mail.kind.clone()).increment(1);
            tracing::error!(mail = id, kind, why, "a mail cannot be delivered");
            outgoing_mail::bury(&state.db, id, token, &why).await?;
        }
        Err(Unsent::Store(error)) => return Err(error.into()),
    }
    Ok(())
}

/// 2 s, 4 s, 8 s, … 30 min.
fn pause_after(attempts: i64) -> Millis {
    (1000_i64 << attempts.clamp(0, 20)).min(LONGEST_PAUSE)
}

/// The mails that went into the folder instead of to a mail server, the newest first; `None` where they do not.
pub async fn kept(state: &State) -> Option<Vec<Kept>> {
    state.mail.kept().await
}

/// Forgets keys that open nothing any more, and where old mail went.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(state: &State) -> Result<(), db::Error> {
    let now = state.clock.wall();
    let (keys, mails) =
        (email_tokens::sweep(&state.db, now).await?, outgoing_mail::forget(&state.db, now - REMEMBERED).await?);
    tracing::debug!(keys, mails, "swept mail");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_half_an_hour() {
        assert_eq!((pause_after(1), pause_after(2), pause_after(99)), (2000, 4000, LONGEST_PAUSE));
    }

    #[test]
    fn a_key_is_long_and_never_the_same() {
        let (one, two) = (random_key().unwrap(), random_key().unwrap());
        assert!(one.len() == 43 && one != two);
        assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
    }
}

//! Table `outgoing_mail`: what is to be sent, written with its cause; each dedup key once for ever.

use super::{Db, Result, Tx};
use crate::model::instant::Millis;

/// A mail that is about to be queued.
#[derive(Clone, Copy, Debug)]
pub struct NewMail<'m> {
    /// Ours; also its Message-ID.
    pub id: &'m str,
    /// What it is about: the same key is the same mail.
    pub dedup_key: &'m str,
    /// Whose account it is about.
    pub user: Option<&'m str>,
    /// Its kind, for logs.
    pub kind: &'m str,
    /// Where it goes.
    pub recipient: &'m str,
    /// What it says, as JSON.
    pub letter: &'m str,
}

/// A mail in somebody's hands.
#[derive(Clone, sqlx::FromRow)]
pub struct MailRow {
    /// Ours.
    pub id: String,
    /// Whose account it is about.
    pub user_id: Option<String>,
    /// Its kind.
    pub kind: String,
    /// Where it goes.
    pub recipient: String,
    /// What it says, as JSON.
    pub letter: String,
    /// Wall time.
    pub created_at: Millis,
    /// How often it was begun, this time included.
    pub attempts: i64,
}

/// Queues a mail, once a dedup key; whether it is new.
pub async fn queue(tx: &mut Tx, mail: NewMail<'_>, now: Millis) -> Result<bool> {
    let insert = "INSERT INTO outgoing_mail (id, dedup_key, user_id, kind, recipient, letter, created_at, run_at)
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (dedup_key) DO NOTHING";
    let row = tx.sql(insert).bind(mail.id).bind(mail.dedup_key).bind(mail.user).bind(mail.kind);
    Ok(row.bind(mail.recipient).bind(mail.letter).bind(now).execute().await? == 1)
}

/// The claim as text; only the row lock differs.
macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE outgoing_mail SET state = 'sending', lease_token = $1, lease_until = $3, attempts = attempts + 1
             WHERE id = (SELECT id FROM outgoing_mail
                         WHERE state IN ('queued', 'sending') AND run_at <= $2 AND lease_until <= $2
                         ORDER BY run_at, id LIMIT 1 ",
            $lock,
            ") RETURNING id, user_id, kind, recipient, letter, created_at, attempts"
        )
    };
}

/// Takes the next mail that is due, until `lease_until`; one whose sender died is due again when its lease ends.
pub async fn claim(db: &Db, token: &str, now: Millis, lease_until: Millis) -> Result<Option<MailRow>> {
    let text = if db.locks_rows() { claim!("FOR UPDATE SKIP LOCKED") } else { claim!("") };
    db.write(text).bind(token).bind(now).bind(lease_until).optional().await
}

/// Notes that a mail was taken by the mail server. Where one to somebody who has left went is forgotten at once.
pub async fn sent(db: &Db, id: &str, token: &str, now: Millis) -> Result<bool> {
    db.transaction(async |tx| {
        let update =
            "UPDATE outgoing_mail SET state = 'sent', sent_at = $3, lease_token = NULL, lease_until = 0, error = NULL
                      WHERE id = $1 AND lease_token = $2";
        let noted = tx.sql(update).bind(id).bind(token).bind(now).execute().await? == 1;
        forget_departed(tx, id).await?;
        Ok(noted)
    })
    .await
}

async fn forget_departed(tx: &mut Tx, id: &str) -> Result<()> {
    let update = "UPDATE outgoing_mail SET recipient = '', letter = ''
                  WHERE id = $1 AND state IN ('sent', 'dead')
                    AND EXISTS (SELECT 1 FROM users u WHERE u.id = outgoing_mail.user_id AND u.deleted_at IS NOT NULL)";
    tx.sql(update).bind(id).execute().await.map(drop)
}

/// Gives a mail back, to be tried again at `run_at`.
pub async fn retry(db: &Db, id: &str, token: &str, run_at: Millis, error: &str) -> Result<()> {
    let update =
        "UPDATE outgoing_mail SET state = 'queued', run_at = $3, error = $4, lease_token = NULL, lease_until = 0
                  WHERE id = $1 AND lease_token = $2";
    db.write(update).bind(id).bind(token).bind(run_at).bind(error).execute().await.map(drop)
}

/// Sets a mail aside with its reason. Where one to somebody who has left went is forgotten at once.
pub async fn bury(db: &Db, id: &str, token: &str, error: &str) -> Result<()> {
    db.transaction(async |tx| {
        let update = "UPDATE outgoing_mail SET state = 'dead', error = $3, lease_token = NULL, lease_until = 0
                      WHERE id = $1 AND lease_token = $2";
        tx.sql(update).bind(id).bind(token).bind(error).execute().await?;
        forget_departed(tx, id).await
    })
    .await
}

/// Sends no key any more that waits to be mailed to a user. Everything else still goes where it was to go.
pub async fn drop_keys(tx: &mut Tx, user: &str) -> Result<()> {
    let update = "UPDATE outgoing_mail SET state = 'dead', error = 'the account is being deleted'
                  WHERE user_id = $1 AND state = 'queued'
                    AND kind IN ('verify_address', 'confirm_address', 'reset_password')";
    tx.sql(update).bind(user).execute().await.map(drop)
}

/// Forgets what was mailed to a user, and to the address that was theirs; their keys stay, so that none is sent again.
pub async fn forget_all(tx: &mut Tx, user: &str, email: &str) -> Result<()> {
    let update = "UPDATE outgoing_mail SET recipient = '', letter = ''
                  WHERE (user_id = $1 OR recipient = $2) AND state IN ('sent', 'dead')";
    tx.sql(update).bind(user).bind(email).execute().await.map(drop)
}

/// Forgets where finished mails from before `before` went and what they said; their keys stay, so that none is sent again.
pub async fn forget(db: &Db, before: Millis) -> Result<u64> {
    let update = "UPDATE outgoing_mail SET recipient = '', letter = ''
                  WHERE state IN ('sent', 'dead') AND created_at < $1 AND recipient <> ''";
    db.write(update).bind(before).execute().await
}

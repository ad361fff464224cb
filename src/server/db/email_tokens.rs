//! Table `email_tokens`: the keys that links in mails carry. Only their SHA-256 is kept, and each opens once.

use super::{Db, Reader, Result, Tx};
use crate::model::{instant::Millis, letter::Purpose};
use sha2::{Digest, Sha256};

/// A key that is about to be mailed.
#[derive(Clone, Copy)]
pub struct NewToken<'t> {
    /// The key itself.
    pub key: &'t str,
    /// Whose account it opens.
    pub user: &'t str,
    /// What it is for.
    pub purpose: Purpose,
    /// The address that it is mailed to.
    pub email: &'t str,
}

/// What a key opens.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct TokenRow {
    /// Whose account.
    pub user_id: String,
    /// See [`Purpose`].
    pub purpose: String,
    /// The address that it was mailed to.
    pub email: String,
}

fn hash(key: &str) -> Vec<u8> {
    Sha256::digest(key.as_bytes()).to_vec()
}

/// Keeps the hash of a key, which opens from `now` until `expires_at`.
pub async fn add(db: &Db, token: NewToken<'_>, now: Millis, expires_at: Millis) -> Result<()> {
    let insert = "INSERT INTO email_tokens (hash, user_id, purpose, email, created_at, expires_at)
                  VALUES ($1, $2, $3, $4, $5, $6)";
    let row = db.write(insert).bind(hash(token.key)).bind(token.user).bind(token.purpose.stored());
    row.bind(token.email).bind(now).bind(expires_at).execute().await.map(drop)
}

/// What a key opens, if it still does. Uses nothing up.
pub async fn find<'c>(on: impl Reader<'c>, key: &str, now: Millis) -> Result<Option<TokenRow>> {
    let select = "SELECT user_id, purpose, email FROM email_tokens
                  WHERE hash = $1 AND used_at IS NULL AND expires_at > $2";
    on.read(select).bind(hash(key)).bind(now).optional().await
}

/// Uses a key up; of two who do so at once, one is told `false`.
pub async fn redeem(tx: &mut Tx, key: &str, now: Millis) -> Result<bool> {
    let update = "UPDATE email_tokens SET used_at = $2 WHERE hash = $1 AND used_at IS NULL AND expires_at > $2";
    Ok(tx.sql(update).bind(hash(key)).bind(now).execute().await? == 1)
}

/// Makes every key of a user worthless.
pub async fn void(tx: &mut Tx, user: &str, now: Millis) -> Result<()> {
    let update = "UPDATE email_tokens SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL";
    tx.sql(update).bind(user).bind(now).execute().await.map(drop)
}

/// Forgets every key of a user, with the addresses that they were mailed to.
pub async fn forget(tx: &mut Tx, user: &str) -> Result<()> {
    tx.sql("DELETE FROM email_tokens WHERE user_id = $1").bind(user).execute().await.map(drop)
}

/// Removes keys that opened nothing any more before `now`.
pub async fn sweep(db: &Db, now: Millis) -> Result<u64> {
    db.write("DELETE FROM email_tokens WHERE expires_at <= $1").bind(now).execute().await
}

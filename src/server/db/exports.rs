//! Table `exports`: the copy of everything that is held about somebody, one a person, kept until it is fetched or too old.

use super::{Db, Reader, Result, Tx};
use crate::model::instant::Millis;
use sha2::{Digest, Sha256};

/// How far a copy is.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ExportRow {
    /// `asked`, `ready`, `used` or `expired`.
    pub state: String,
    /// When it was asked for, wall time.
    pub asked_at: Millis,
    /// Until when it can be fetched, wall time.
    pub expires_at: Option<Millis>,
}

fn hash(key: &str) -> Vec<u8> {
    Sha256::digest(key.as_bytes()).to_vec()
}

/// Asks for a copy, in place of an earlier one; `false` while one is being made, or was asked for after `before`.
pub async fn ask(tx: &mut Tx, user: &str, now: Millis, before: Millis) -> Result<bool> {
    let insert = "INSERT INTO exports (user_id, state, asked_at) VALUES ($1, 'asked', $2)
                  ON CONFLICT (user_id) DO UPDATE SET state = 'asked', asked_at = $2, expires_at = NULL,
                    key_hash = NULL, contents = NULL
                  WHERE exports.state <> 'asked' AND exports.asked_at <= $3";
    Ok(tx.sql(insert).bind(user).bind(now).bind(before).execute().await? == 1)
}

/// How far somebody's copy is; `None` if none was asked for.
pub async fn of<'c>(on: impl Reader<'c>, user: &str) -> Result<Option<ExportRow>> {
    on.read("SELECT state, asked_at, expires_at FROM exports WHERE user_id = $1").bind(user).optional().await
}

/// Keeps a copy that was asked for; `false` if it is not wanted any more.
pub async fn keep(tx: &mut Tx, user: &str, contents: &[u8], expires_at: Millis) -> Result<bool> {
    let update =
        "UPDATE exports SET state = 'ready', contents = $2, expires_at = $3 WHERE user_id = $1 AND state = 'asked'";
    Ok(tx.sql(update).bind(user).bind(contents.to_vec()).bind(expires_at).execute().await? == 1)
}

/// Keeps the hash of the key that opens a copy, in place of an earlier one.
pub async fn lock_with(db: &Db, user: &str, key: &str) -> Result<()> {
    let update = "UPDATE exports SET key_hash = $2 WHERE user_id = $1 AND state = 'ready'";
    db.write(update).bind(user).bind(hash(key)).execute().await.map(drop)
}

/// Whether a key opens a copy at `now`. Uses nothing up.
pub async fn opens<'c>(on: impl Reader<'c>, user: &str, key: &str, now: Millis) -> Result<bool> {
    let select = "SELECT EXISTS (SELECT 1 FROM exports WHERE user_id = $1 AND key_hash = $2 AND state = 'ready'
                                   AND expires_at > $3)";
    on.read(select).bind(user).bind(hash(key)).bind(now).scalar().await
}

/// What the copy is; to be followed by [`used`] in the same transaction, under the user's lock.
pub async fn contents(tx: &mut Tx, user: &str) -> Result<Option<Vec<u8>>> {
    let select = "SELECT contents FROM exports WHERE user_id = $1 AND state = 'ready'";
    Ok(tx.sql(select).bind(user).optional::<(Option<Vec<u8>>,)>().await?.and_then(|row| row.0))
}

/// The copy was fetched: it is not kept any longer.
pub async fn used(tx: &mut Tx, user: &str) -> Result<()> {
    let update = "UPDATE exports SET state = 'used', contents = NULL, key_hash = NULL WHERE user_id = $1";
    tx.sql(update).bind(user).execute().await.map(drop)
}

/// Copies that nobody fetched in time are not kept any longer; how many.
pub async fn sweep(db: &Db, now: Millis) -> Result<u64> {
    let update = "UPDATE exports SET state = 'expired', contents = NULL, key_hash = NULL
                  WHERE state = 'ready' AND expires_at <= $1";
    db.write(update).bind(now).execute().await
}

/// Forgets everything about somebody's copy.
pub async fn forget(tx: &mut Tx, user: &str) -> Result<()> {
    tx.sql("DELETE FROM exports WHERE user_id = $1").bind(user).execute().await.map(drop)
}

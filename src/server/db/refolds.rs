//! When which user's access must be computed again because time, plans or products moved.

use super::{Db, Reader, Result, Tx};
use crate::model::{cause::CauseKind, instant::Millis};

/// Locks a user for the rest of the transaction; `false` if there is none.
pub async fn lock_user(tx: &mut Tx, user: &str) -> Result<bool> {
    let touch = "UPDATE users SET access_rev = access_rev WHERE id = $1";
    Ok(tx.sql(touch).bind(user).execute().await? == 1)
}

/// Whether there is such a user; deleted ones stay as tombstones and still own what they bought.
pub async fn is_user<'c>(on: impl Reader<'c>, id: &str) -> Result<bool> {
    on.read("SELECT EXISTS (SELECT 1 FROM users WHERE id = $1)").bind(id).scalar().await
}

/// Sets when the user is due next; `None` for not by time. `because` is what else than an instant makes them due.
pub async fn set(tx: &mut Tx, user: &str, at: Option<Millis>, because: Option<CauseKind>) -> Result<()> {
    let update = "UPDATE users SET refold_at = $2, refold_because = $3 WHERE id = $1";
    let because = because.map(CauseKind::stored);
    tx.sql(update).bind(user).bind(at).bind(because).execute().await.map(drop)
}

/// Makes a user due no later than `at`.
pub async fn hasten(tx: &mut Tx, user: &str, at: Millis) -> Result<()> {
    let update = "UPDATE users SET refold_at = $2 WHERE id = $1 AND (refold_at IS NULL OR refold_at > $2)";
    tx.sql(update).bind(user).bind(at).execute().await.map(drop)
}

/// The users who are due at billing time `now`, a handful at a time, each with what made them due if it was not an instant.
pub async fn due(db: &Db, now: Millis) -> Result<Vec<(String, Option<String>)>> {
    let select = "SELECT id, refold_because FROM users WHERE refold_at IS NOT NULL AND refold_at <= $1 ORDER BY refold_at, id LIMIT 50";
    db.read(select).bind(now).all().await
}

/// Whether a user is due at billing time `now`.
pub async fn is_due<'c>(on: impl Reader<'c>, user: &str, now: Millis) -> Result<bool> {
    let select = "SELECT EXISTS (SELECT 1 FROM users WHERE id = $1 AND refold_at <= $2)";
    on.read(select).bind(user).bind(now).scalar().await
}

/// The user's revision of access: moves whenever an entitlement changes.
pub async fn access_rev<'c>(on: impl Reader<'c>, user: &str) -> Result<i64> {
    on.read("SELECT access_rev FROM users WHERE id = $1").bind(user).scalar().await
}

/// Moves when a user is due, outside a transaction: the fold itself failed.
pub async fn postpone(db: &Db, user: &str, at: Millis) -> Result<()> {
    db.write("UPDATE users SET refold_at = $2 WHERE id = $1").bind(user).bind(at).execute().await.map(drop)
}

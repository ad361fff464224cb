//! When everything of a user's was last looked up at Polar.

use super::{Db, Reader, Result};
use crate::model::instant::Millis;

/// Notes a look that ended at wall time `now`.
pub async fn note(db: &Db, user: &str, now: Millis) -> Result<()> {
    db.write("UPDATE users SET synced_at = $2 WHERE id = $1").bind(user).bind(now).execute().await.map(drop)
}

/// Whether nobody looked since wall time `since`. There was nothing to look for before the account was made.
pub async fn is_stale<'c>(on: impl Reader<'c>, user: &str, since: Millis) -> Result<bool> {
    let select = "SELECT EXISTS (SELECT 1 FROM users WHERE id = $1 AND COALESCE(synced_at, created_at) < $2)";
    on.read(select).bind(user).bind(since).scalar().await
}

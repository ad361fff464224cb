//! Table `devices`: the browsers in which somebody logged in before.

use super::{Result, Tx};
use crate::model::instant::Millis;
use sha2::{Digest, Sha256};

/// Notes that a user logged in with the browser whose cookie holds `device`; `true` where that is a new one beside others.
pub async fn note(tx: &mut Tx, user: &str, device: &str, now: Millis) -> Result<bool> {
    let hash = Sha256::digest(device.as_bytes()).to_vec();
    let seen = "UPDATE devices SET last_at = $3 WHERE user_id = $1 AND id_hash = $2";
    if tx.sql(seen).bind(user).bind(hash.clone()).bind(now).execute().await? == 1 {
        return Ok(false);
    }
    let others: bool = tx.sql("SELECT EXISTS (SELECT 1 FROM devices WHERE user_id = $1)").bind(user).scalar().await?;
    let insert =
        "INSERT INTO devices (user_id, id_hash, first_at, last_at) VALUES ($1, $2, $3, $3) ON CONFLICT DO NOTHING";
    tx.sql(insert).bind(user).bind(hash).bind(now).execute().await?;
    Ok(others)
}

/// Forgets every browser of a user.
pub async fn forget(tx: &mut Tx, user: &str) -> Result<()> {
    tx.sql("DELETE FROM devices WHERE user_id = $1").bind(user).execute().await.map(drop)
}

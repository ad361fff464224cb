//! Table `leavings`: who asked for their account to be deleted, and how far that is.

use super::{Db, Reader, Result, Tx};
use crate::model::instant::Millis;

/// Somebody who is about to leave.
#[derive(Clone, Copy, Debug)]
pub struct NewLeaving<'l> {
    /// Who.
    pub user: &'l str,
    /// Where the receipt goes.
    pub email: &'l str,
    /// Polar's bills as they stand, as JSON.
    pub bills: &'l str,
    /// The names of what ends, as JSON.
    pub ended: &'l str,
    /// When it was asked for, wall time.
    pub asked_at: Millis,
    /// The same instant in billing time.
    pub billing_at: Millis,
}

/// Somebody who leaves or has left.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LeavingRow {
    /// Who.
    pub user_id: String,
    /// `leaving`, or `gone`.
    pub state: String,
    /// Where the receipt goes; `None` once it is queued.
    pub email: Option<String>,
    /// When it was asked for, wall time.
    pub asked_at: Millis,
    /// The same instant in billing time.
    pub billing_at: Millis,
    /// Polar's bills as they stood then, as JSON.
    pub bills: String,
    /// The names of what ends, as JSON.
    pub ended: String,
    /// What the last try is waiting for.
    pub waits_for: Option<String>,
    /// Up to this row of the inbox nothing is left to tidy.
    pub tidied_seq: i64,
    /// When everything was over, wall time.
    pub gone_at: Option<Millis>,
}

macro_rules! select_leavings {
    ($rest:literal) => {
        concat!(
            "SELECT user_id, state, email, asked_at, billing_at, bills, ended, waits_for, tidied_seq, gone_at FROM leavings ",
            $rest
        )
    };
}

/// Writes the wish down.
pub async fn begin(tx: &mut Tx, new: NewLeaving<'_>) -> Result<()> {
    let insert = "INSERT INTO leavings (user_id, state, email, bills, ended, asked_at, billing_at)
                  VALUES ($1, 'leaving', $2, $3, $4, $5, $6)";
    let row = tx.sql(insert).bind(new.user).bind(new.email).bind(new.bills).bind(new.ended);
    row.bind(new.asked_at).bind(new.billing_at).execute().await.map(drop)
}

/// How far somebody is with leaving; `None` if they do not.
pub async fn of<'c>(on: impl Reader<'c>, user: &str) -> Result<Option<LeavingRow>> {
    on.read(select_leavings!("WHERE user_id = $1")).bind(user).optional().await
}

/// Those who wait for something, the oldest first.
pub async fn open<'c>(on: impl Reader<'c>) -> Result<Vec<LeavingRow>> {
    on.read(select_leavings!("WHERE state = 'leaving' ORDER BY asked_at, user_id LIMIT 200")).all().await
}

/// Whether an earlier account with this address is being closed.
pub async fn has_address<'c>(on: impl Reader<'c>, email: &str) -> Result<bool> {
    on.read("SELECT EXISTS (SELECT 1 FROM leavings WHERE email = $1)").bind(email).scalar().await
}

/// Notes what the last try is waiting for.
pub async fn waits(db: &Db, user: &str, what: Option<&str>) -> Result<()> {
    let update = "UPDATE leavings SET waits_for = $2 WHERE user_id = $1";
    db.write(update).bind(user).bind(what).execute().await.map(drop)
}

/// Everything is over, and the address is forgotten; `false` if it was over before.
pub async fn finish(tx: &mut Tx, user: &str, now: Millis) -> Result<bool> {
    let update = "UPDATE leavings SET state = 'gone', email = NULL, waits_for = NULL, gone_at = $2
                  WHERE user_id = $1 AND state = 'leaving'";
    Ok(tx.sql(update).bind(user).bind(now).execute().await? == 1)
}

/// Notes up to which row of the inbox nothing is left to tidy.
pub async fn tidied(db: &Db, user: &str, seq: i64) -> Result<()> {
    let update = "UPDATE leavings SET tidied_seq = $2 WHERE user_id = $1 AND tidied_seq < $2";
    db.write(update).bind(user).bind(seq).execute().await.map(drop)
}

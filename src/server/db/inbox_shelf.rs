//! The inbox as an archive: looking through it, trying a dead row again, and keeping of old rows only what rules read.

use super::{Db, Reader, Result, Tx, inbox::InboxRow};
use crate::model::instant::Millis;

/// One row, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ShelfRow {
    /// Its number.
    pub seq: i64,
    /// `webhook` or `read`.
    pub source: String,
    /// Wall time.
    pub received_at: Millis,
    /// The event's type, or the kind that was read.
    pub kind: Option<String>,
    /// Polar's id of the object.
    pub object_id: Option<String>,
    /// `new`, `done`, `dead`.
    pub state: String,
    /// `applied`, `older`, `same`, `foreign`, `ignored`.
    pub verdict: Option<String>,
    /// What it changed.
    pub effect: Option<String>,
    /// How often it was begun.
    pub attempts: i64,
    /// Why it waits or is dead.
    pub error: Option<String>,
}

/// What a row holds.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Contents {
    /// Polar's id of the event.
    pub webhook_id: Option<String>,
    /// The raw bytes; empty once only the projection is kept.
    pub body: Vec<u8>,
    /// What is kept of an old row.
    pub projection: Option<String>,
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// By state.
    pub state: Option<String>,
    /// By kind.
    pub kind: Option<String>,
    /// By Polar's id.
    pub object_id: Option<String>,
    /// By verdict.
    pub verdict: Option<String>,
    /// Only rows before this number.
    pub before: Option<i64>,
}

macro_rules! select_rows {
    ($rest:literal) => {
        concat!(
            "SELECT seq, source, received_at, kind, object_id, state, verdict, effect, attempts, error FROM inbox ",
            $rest
        )
    };
}

/// The newest rows that fit.
pub async fn list<'c>(on: impl Reader<'c>, filter: &Filter, limit: i64) -> Result<Vec<ShelfRow>> {
    on.read(select_rows!(
        "WHERE ($1 IS NULL OR state = $1) AND ($2 IS NULL OR kind = $2) AND ($3 IS NULL OR object_id = $3)
           AND ($4 IS NULL OR verdict = $4) AND ($5 IS NULL OR seq < $5) ORDER BY seq DESC LIMIT $6"
    ))
    .bind(&filter.state)
    .bind(&filter.kind)
    .bind(&filter.object_id)
    .bind(&filter.verdict)
    .bind(filter.before)
    .bind(limit)
    .all()
    .await
}

/// One row.
pub async fn row<'c>(on: impl Reader<'c>, seq: i64) -> Result<Option<ShelfRow>> {
    on.read(select_rows!("WHERE seq = $1")).bind(seq).optional().await
}

/// What one row holds.
pub async fn contents<'c>(on: impl Reader<'c>, seq: i64) -> Result<Option<Contents>> {
    on.read("SELECT webhook_id, body, projection FROM inbox WHERE seq = $1").bind(seq).optional().await
}

/// Every kind that was ever settled, by name.
pub async fn kinds<'c>(on: impl Reader<'c>) -> Result<Vec<(String,)>> {
    on.read("SELECT DISTINCT kind FROM inbox WHERE kind IS NOT NULL ORDER BY kind").all().await
}

/// Makes a dead row due again, as if it had just come; `false` if it is not dead.
pub async fn revive(tx: &mut Tx, seq: i64, now: Millis) -> Result<bool> {
    let update = "UPDATE inbox SET state = 'new', attempts = 0, run_at = $2, error = NULL
                  WHERE seq = $1 AND state = 'dead'";
    Ok(tx.sql(update).bind(seq).bind(now).execute().await? == 1)
}

/// Settled rows received before `before` that still hold their bytes, the oldest first; so many, after leaving out so many.
pub async fn thick<'c>(on: impl Reader<'c>, before: Millis, (limit, offset): (i64, i64)) -> Result<Vec<InboxRow>> {
    on.read(
        "SELECT seq, source, kind, observed_us, body, projection, received_at, attempts FROM inbox
         WHERE state = 'done' AND projection IS NULL AND received_at < $1
         ORDER BY received_at, seq LIMIT $2 OFFSET $3",
    )
    .bind(before)
    .bind(limit)
    .bind(offset)
    .all()
    .await
}

/// Settled rows after a number that still hold their bytes, in order.
pub async fn thick_after<'c>(on: impl Reader<'c>, seq: i64, limit: i64) -> Result<Vec<InboxRow>> {
    on.read(
        "SELECT seq, source, kind, observed_us, body, projection, received_at, attempts FROM inbox
         WHERE state = 'done' AND projection IS NULL AND seq > $1 ORDER BY seq LIMIT $2",
    )
    .bind(seq)
    .bind(limit)
    .all()
    .await
}

/// The first row that is not settled.
pub async fn first_unsettled<'c>(on: impl Reader<'c>) -> Result<Option<i64>> {
    on.read("SELECT MIN(seq) FROM inbox WHERE state <> 'done'").scalar().await
}

/// Keeps of a settled row what rules read of it, instead of its bytes.
pub async fn thin(db: &Db, seq: i64, projection: &str) -> Result<()> {
    let update = "UPDATE inbox SET projection = $2, body = $3 WHERE seq = $1 AND state = 'done'";
    db.write(update).bind(seq).bind(projection).bind(Vec::new()).execute().await.map(drop)
}

/// Settled rows after a number, in order, as they were before they were settled.
pub async fn settled_after<'c>(on: impl Reader<'c>, seq: i64, limit: i64) -> Result<Vec<InboxRow>> {
    on.read(
        "SELECT seq, source, kind, observed_us, body, projection, received_at, attempts FROM inbox
         WHERE state = 'done' AND seq > $1 ORDER BY seq LIMIT $2",
    )
    .bind(seq)
    .bind(limit)
    .all()
    .await
}

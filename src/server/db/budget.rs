//! Table `polar_budget`: how many requests may still be sent to Polar, shared by all nodes.

use super::{Db, Result};
use crate::model::{
    budget::{Bucket, Limit, Urgency},
    instant::Millis,
};

/// Locks the only row, making it where it is missing; PostgreSQL's other nodes wait here in turn.
const LOCK: &str = "INSERT INTO polar_budget (id, tokens, filled_at) VALUES (1, $1, $2)
                    ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING tokens, filled_at, blocked_until";

/// Takes leave for one request at wall time `now`; else how long it takes until leave may be had.
pub async fn take(db: &Db, limit: Limit, urgency: Urgency, now: Millis) -> Result<Result<(), Millis>> {
    db.transaction(async |tx| {
        let full = Bucket::full(limit, now);
        let row = tx.sql(LOCK).bind(full.tokens).bind(full.filled_at).one().await?;
        let (tokens, filled_at, blocked_until): (i64, Millis, Millis) = row;
        let taken = match (Bucket { tokens, filled_at, blocked_until }).take(limit, urgency, now) {
            Ok(taken) => taken,
            Err(wait) => return Ok(Err(wait)),
        };
        let update = "UPDATE polar_budget SET tokens = $1, filled_at = $2 WHERE id = 1";
        tx.sql(update).bind(taken.tokens).bind(taken.filled_at).execute().await?;
        Ok(Ok(()))
    })
    .await
}

/// Polar asked for no requests until wall time `until`.
pub async fn hold(db: &Db, limit: Limit, now: Millis, until: Millis) -> Result<()> {
    let full = Bucket::full(limit, now);
    db.write(
        "INSERT INTO polar_budget (id, tokens, filled_at, blocked_until) VALUES (1, $1, $2, $3)
         ON CONFLICT (id) DO UPDATE SET blocked_until = excluded.blocked_until
         WHERE polar_budget.blocked_until < excluded.blocked_until",
    )
    .bind(full.tokens)
    .bind(full.filled_at)
    .bind(until)
    .execute()
    .await
    .map(drop)
}

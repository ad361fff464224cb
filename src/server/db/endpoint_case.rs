//! The one case about Polar's webhook endpoint in table `cases`: opened whenever something is wrong with it, and closed
//! by itself when it is in order again.

use super::{Reader, Result, Tx};
use crate::model::instant::Millis;

/// Opens the case with what is wrong, or writes that into the open one; whether anything changed.
pub async fn open(tx: &mut Tx, id: &str, details: &str, now: Millis) -> Result<bool> {
    let insert = "INSERT INTO cases (id, kind, key, details, opened_at) VALUES ($1, 'endpoint', 'webhooks', $2, $3)
                  ON CONFLICT (kind, key) WHERE closed_at IS NULL DO UPDATE SET details = excluded.details
                  WHERE cases.details <> excluded.details";
    Ok(tx.sql(insert).bind(id).bind(details).bind(now).execute().await? == 1)
}

/// Closes the case; `false` if none was open.
pub async fn close(tx: &mut Tx, now: Millis) -> Result<bool> {
    let update = "UPDATE cases SET closed_at = $1, closed_by = 'boreal', outcome = 'in order again'
                  WHERE kind = 'endpoint' AND closed_at IS NULL";
    Ok(tx.sql(update).bind(now).execute().await? > 0)
}

/// What is wrong, one sentence a line; `None` while all is well.
pub async fn details<'c>(on: impl Reader<'c>) -> Result<Option<String>> {
    let select = "SELECT details FROM cases WHERE kind = 'endpoint' AND closed_at IS NULL";
    Ok(on.read(select).optional::<(String,)>().await?.map(|row| row.0))
}

/// When the endpoint was last in order again after something was wrong, wall time: what happened before was not told.
pub async fn closed_at<'c>(on: impl Reader<'c>) -> Result<Option<Millis>> {
    on.read("SELECT MAX(closed_at) FROM cases WHERE kind = 'endpoint'").scalar().await
}

//! Table `sync_runs`: every look at Polar as a whole, with what it found. Of one sort at most one runs, on one node.

use super::{Reader, Result};
use crate::model::instant::Millis;

/// One run, as stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RunRow {
    /// Ours.
    pub id: String,
    /// `changed`, `ending`, `sample`, `all`, `user`, `webhooks`.
    pub kind: String,
    /// 1 if it was only to say what it would do.
    pub dry_run: i64,
    /// Wall time.
    pub started_at: Millis,
    /// Wall time; `None` while it runs.
    pub finished_at: Option<Millis>,
    /// Things looked at; of `webhooks`: events that Polar sent.
    pub checked: i64,
    /// Of them, those that were as expected; of `webhooks`: those that we hold.
    pub equal: i64,
    /// Those that were repaired; of `webhooks`: those asked for again.
    pub repaired: i64,
    /// Those that are still not as expected.
    pub unexplained: i64,
    /// Each repair and each thing unexplained, as JSON.
    pub report: Option<String>,
    /// Why it did not end well.
    pub error: Option<String>,
}

macro_rules! select_runs {
    ($rest:literal) => {
        concat!(
            "SELECT id, kind, dry_run, started_at, finished_at, checked, equal, repaired, unexplained, report, error
             FROM sync_runs ",
            $rest
        )
    };
}

/// The newest runs, of this kind or of all.
pub async fn newest<'c>(on: impl Reader<'c>, kind: Option<&str>, most: i64) -> Result<Vec<RunRow>> {
    on.read(select_runs!("WHERE $1 IS NULL OR kind = $1 ORDER BY started_at DESC, id DESC LIMIT $2"))
        .bind(kind)
        .bind(most)
        .all()
        .await
}

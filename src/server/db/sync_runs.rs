//! Table `sync_runs`: every look at Polar as a whole, with what it found. Of one sort at most one runs, on one node.

use super::{Db, Reader, Result};
use crate::model::instant::Millis;

/// One run, as stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RunRow {
    /// Ours.
    pub id: String,
    /// `changed`, `ending`, `sample`, `all`, `user`, `usage`, `webhooks`.
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

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Things looked at.
    pub checked: i64,
    /// As expected.
    pub equal: i64,
    /// Repaired.
    pub repaired: i64,
    /// Still not as expected.
    pub unexplained: i64,
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

/// Begins a run, leased until `lease_until`; `false` if another of its sort runs. One whose lease ran out is over.
pub async fn begin(db: &Db, (id, kind, dry): (&str, &str, bool), (now, lease_until): (Millis, Millis)) -> Result<bool> {
    db.transaction(async |tx| {
        let abandoned = "UPDATE sync_runs SET finished_at = $1, error = 'abandoned'
                         WHERE finished_at IS NULL AND lease_until <= $1";
        tx.sql(abandoned).bind(now).execute().await?;
        let insert = "INSERT INTO sync_runs (id, kind, dry_run, started_at, lease_until) VALUES ($1, $2, $3, $4, $5)
                      ON CONFLICT DO NOTHING";
        let row = tx.sql(insert).bind(id).bind(kind).bind(i64::from(dry)).bind(now).bind(lease_until);
        Ok(row.execute().await? == 1)
    })
    .await
}

/// Goes on with a run; `false` if it was taken for abandoned.
pub async fn renew(db: &Db, id: &str, lease_until: Millis) -> Result<bool> {
    let update = "UPDATE sync_runs SET lease_until = $2 WHERE id = $1 AND finished_at IS NULL";
    Ok(db.write(update).bind(id).bind(lease_until).execute().await? == 1)
}

/// Ends a run with what it found, and with why it did not end well.
pub async fn finish(
    db: &Db,
    id: &str,
    now: Millis,
    counts: Counts,
    (report, error): (&str, Option<&str>),
) -> Result<()> {
    let update = "UPDATE sync_runs SET finished_at = $2, checked = $3, equal = $4, repaired = $5, unexplained = $6,
                         report = $7, error = $8 WHERE id = $1";
    let row = db.write(update).bind(id).bind(now).bind(counts.checked).bind(counts.equal).bind(counts.repaired);
    row.bind(counts.unexplained).bind(report).bind(error).execute().await.map(drop)
}

/// When a run of this kind last began, and when one last began that ended well; wall time, dry ones left out. Before the
/// first: when the database met its Polar.
pub async fn last<'c>(on: impl Reader<'c>, kind: &str) -> Result<(Millis, Millis)> {
    on.read(
        "SELECT COALESCE(MAX(started_at), (SELECT MAX(bound_at) FROM installation), 0),
                COALESCE(MAX(CASE WHEN finished_at IS NOT NULL AND error IS NULL THEN started_at END),
                         (SELECT MAX(bound_at) FROM installation), 0)
         FROM sync_runs WHERE kind = $1 AND dry_run = 0",
    )
    .bind(kind)
    .one()
    .await
}

/// When a run of each kind last ended well, wall time; dry ones left out.
pub async fn finished<'c>(on: impl Reader<'c>) -> Result<Vec<(String, Millis)>> {
    on.read(
        "SELECT kind, MAX(finished_at) FROM sync_runs
         WHERE finished_at IS NOT NULL AND error IS NULL AND dry_run = 0 GROUP BY kind",
    )
    .all()
    .await
}

/// One run.
pub async fn by_id<'c>(on: impl Reader<'c>, id: &str) -> Result<Option<RunRow>> {
    on.read(select_runs!("WHERE id = $1")).bind(id).optional().await
}

/// The newest runs, of this kind or of all.
pub async fn newest<'c>(on: impl Reader<'c>, kind: Option<&str>, most: i64) -> Result<Vec<RunRow>> {
    on.read(select_runs!("WHERE $1 IS NULL OR kind = $1 ORDER BY started_at DESC, id DESC LIMIT $2"))
        .bind(kind)
        .bind(most)
        .all()
        .await
}

/// The newest sweeps, and looks at one user, of whatever sort.
pub async fn sweeps<'c>(on: impl Reader<'c>, most: i64) -> Result<Vec<RunRow>> {
    on.read(select_runs!("WHERE kind <> 'webhooks' ORDER BY started_at DESC, id DESC LIMIT $1")).bind(most).all().await
}

/// The newest look at webhooks that saw any event.
pub async fn newest_with_events<'c>(on: impl Reader<'c>) -> Result<Option<RunRow>> {
    let select = select_runs!("WHERE kind = 'webhooks' AND checked > 0 ORDER BY started_at DESC, id DESC LIMIT 1");
    on.read(select).optional().await
}

/// Forgets runs that began before `before`, but for the newest of each kind.
pub async fn forget(db: &Db, before: Millis) -> Result<u64> {
    let delete = "DELETE FROM sync_runs WHERE started_at < $1 AND finished_at IS NOT NULL AND EXISTS
                    (SELECT 1 FROM sync_runs later
                     WHERE later.kind = sync_runs.kind AND later.error IS NULL AND later.started_at > sync_runs.started_at)";
    db.write(delete).bind(before).execute().await
}

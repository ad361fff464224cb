//! Work that follows from something stored, queued in the same transaction. At most one of a kind and key waits.

use super::{Db, Reader, Result, Tx};
use crate::model::instant::Millis;

/// One piece of work.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// What is to be done.
    pub kind: String,
    /// About what.
    pub key: String,
    /// How often it was begun, this time included.
    pub attempts: i64,
}

const QUEUE: &str = "INSERT INTO jobs (id, kind, key, run_at) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (kind, key) WHERE state = 'queued' DO UPDATE SET run_at = excluded.run_at
                     WHERE jobs.run_at > excluded.run_at";

/// Queues work. Where the same waits already, it is done at the earlier of both instants.
pub async fn queue(tx: &mut Tx, id: &str, kind: &str, key: &str, run_at: Millis) -> Result<()> {
    tx.sql(QUEUE).bind(id).bind(kind).bind(key).bind(run_at).execute().await.map(drop)
}

/// The claim as text; only the row lock differs.
macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE jobs SET state = 'running', lease_token = $1, lease_until = $3, attempts = attempts + 1
             WHERE id = (SELECT id FROM jobs WHERE state <> 'dead' AND run_at <= $2 AND lease_until <= $2
                         ORDER BY run_at, id LIMIT 1 ",
            $lock,
            ") RETURNING id, kind, key, attempts"
        )
    };
}

/// Takes the next job that is due, until `lease_until`; one whose worker died is due again when its lease ends.
pub async fn claim(db: &Db, token: &str, now: Millis, lease_until: Millis) -> Result<Option<Job>> {
    let text = if db.locks_rows() { claim!("FOR UPDATE SKIP LOCKED") } else { claim!("") };
    db.write(text).bind(token).bind(now).bind(lease_until).optional().await
}

/// Removes finished work.
pub async fn done(db: &Db, id: &str, token: &str) -> Result<bool> {
    let delete = "DELETE FROM jobs WHERE id = $1 AND lease_token = $2";
    Ok(db.write(delete).bind(id).bind(token).execute().await? == 1)
}

/// Gives work back, to be tried again at `run_at`; dropped if the same was queued meanwhile.
pub async fn retry(db: &Db, job: &Job, token: &str, run_at: Millis, error: &str) -> Result<()> {
    db.transaction(async |tx| {
        let delete = "DELETE FROM jobs WHERE id = $1 AND lease_token = $2";
        if tx.sql(delete).bind(&job.id).bind(token).execute().await? == 0 {
            return Ok(());
        }
        // Inserted anew, because only an insert can give way to the same work queued at this very moment.
        let again = "INSERT INTO jobs (id, kind, key, run_at, attempts, error) VALUES ($1, $2, $3, $4, $5, $6)
                     ON CONFLICT DO NOTHING";
        let row = tx.sql(again).bind(&job.id).bind(&job.kind).bind(&job.key).bind(run_at);
        row.bind(job.attempts).bind(error).execute().await.map(drop)
    })
    .await
}

/// Sets work aside with its reason.
pub async fn bury(db: &Db, id: &str, token: &str, error: &str) -> Result<()> {
    let update = "UPDATE jobs SET state = 'dead', error = $3, lease_token = NULL, lease_until = 0
                  WHERE id = $1 AND lease_token = $2";
    db.write(update).bind(id).bind(token).bind(error).execute().await.map(drop)
}

/// How much waits or runs, and how much is dead.
pub async fn backlog<'c>(on: impl Reader<'c>) -> Result<(i64, i64)> {
    let select =
        "SELECT COUNT(CASE WHEN state <> 'dead' THEN 1 END), COUNT(CASE WHEN state = 'dead' THEN 1 END) FROM jobs";
    on.read(select).one().await
}

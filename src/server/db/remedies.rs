//! Table `remedies`: staff's decisions to pay a bill back or to end a subscription at once.

use super::{Db, Reader, Result, Tx};
use crate::model::instant::Millis;

/// One decision, as stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RemedyRow {
    /// Ours.
    pub id: String,
    /// Whose bill or subscription it is.
    pub user_id: String,
    /// Polar's id of that.
    pub object_id: String,
    /// What is done, as `model::remedy::Remedy::stored`.
    pub remedy: String,
    /// Who decided.
    pub staff_id: String,
    /// From which address.
    pub ip: String,
    /// Why.
    pub reason: String,
    /// `open` until it is carried out (`done`) or cannot be (`refused`).
    pub state: String,
    /// Why it waits, or how it ended.
    pub outcome: Option<String>,
    /// Wall time.
    pub created_at: Millis,
    /// Wall time.
    pub ended_at: Option<Millis>,
}

macro_rules! select_remedies {
    ($rest:literal) => {
        concat!(
            "SELECT id, user_id, object_id, remedy, staff_id, ip, reason, state, outcome, created_at, ended_at
             FROM remedies ",
            $rest
        )
    };
}

/// Writes a decision down; `false` while another about the same thing is being carried out.
pub async fn begin(tx: &mut Tx, row: &RemedyRow) -> Result<bool> {
    let insert = "INSERT INTO remedies (id, user_id, object_id, remedy, staff_id, ip, reason, state, created_at)
                  VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8) ON CONFLICT DO NOTHING";
    let sql = tx.sql(insert).bind(&row.id).bind(&row.user_id).bind(&row.object_id).bind(&row.remedy);
    let sql = sql.bind(&row.staff_id).bind(&row.ip).bind(&row.reason).bind(row.created_at);
    Ok(sql.execute().await? == 1)
}

/// One that is not over.
pub async fn open<'c>(on: impl Reader<'c>, id: &str) -> Result<Option<RemedyRow>> {
    on.read(select_remedies!("WHERE id = $1 AND state = 'open'")).bind(id).optional().await
}

/// The decisions about a bill or a subscription, the newest first.
pub async fn of_object<'c>(on: impl Reader<'c>, object: &str) -> Result<Vec<RemedyRow>> {
    on.read(select_remedies!("WHERE object_id = $1 ORDER BY created_at DESC, id DESC")).bind(object).all().await
}

/// Notes why it waits.
pub async fn waits(db: &Db, id: &str, why: &str) -> Result<()> {
    let update = "UPDATE remedies SET outcome = $2 WHERE id = $1 AND state = 'open'";
    db.write(update).bind(id).bind(why).execute().await.map(drop)
}

/// Notes how it ended, `done` or `refused`.
pub async fn finish(db: &Db, id: &str, state: &'static str, outcome: &str, now: Millis) -> Result<()> {
    let update = "UPDATE remedies SET state = $2, outcome = $3, ended_at = $4 WHERE id = $1 AND state = 'open'";
    db.write(update).bind(id).bind(state).bind(outcome).bind(now).execute().await.map(drop)
}

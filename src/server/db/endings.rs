//! Table `endings`: staff's decisions to end one of two subscriptions and to pay it back.

use super::{Db, Reader, Result, Tx};
use crate::model::instant::Millis;

/// One decision, as stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct EndingRow {
    /// Ours.
    pub id: String,
    /// The case that it decides.
    pub case_id: String,
    /// Whose subscriptions they are.
    pub user_id: String,
    /// The one that ends.
    pub subscription_id: String,
    /// The one that goes on.
    pub other_id: String,
    /// What is paid back, as `model::ending::PayBack::stored`.
    pub quote: String,
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

macro_rules! select_endings {
    ($rest:literal) => {
        concat!(
            "SELECT id, case_id, user_id, subscription_id, other_id, quote, staff_id, ip, reason, state, outcome,
                    created_at, ended_at FROM endings ",
            $rest
        )
    };
}

/// Writes a decision down; `false` while another about the same user is being carried out.
pub async fn begin(tx: &mut Tx, row: &EndingRow) -> Result<bool> {
    let insert = "INSERT INTO endings (id, case_id, user_id, subscription_id, other_id, quote, staff_id, ip, reason,
                                       state, created_at)
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', $10) ON CONFLICT DO NOTHING";
    let sql = tx.sql(insert).bind(&row.id).bind(&row.case_id).bind(&row.user_id).bind(&row.subscription_id);
    let sql = sql.bind(&row.other_id).bind(&row.quote).bind(&row.staff_id).bind(&row.ip).bind(&row.reason);
    Ok(sql.bind(row.created_at).execute().await? == 1)
}

/// One that is not over.
pub async fn open<'c>(on: impl Reader<'c>, id: &str) -> Result<Option<EndingRow>> {
    on.read(select_endings!("WHERE id = $1 AND state = 'open'")).bind(id).optional().await
}

/// The decisions about a case, the newest first.
pub async fn of_case<'c>(on: impl Reader<'c>, case: &str) -> Result<Vec<EndingRow>> {
    on.read(select_endings!("WHERE case_id = $1 ORDER BY created_at DESC, id DESC")).bind(case).all().await
}

/// Whether one of a user's subscriptions is being ended.
pub async fn is_open<'c>(on: impl Reader<'c>, user: &str) -> Result<bool> {
    let select = "SELECT EXISTS (SELECT 1 FROM endings WHERE user_id = $1 AND state = 'open')";
    on.read(select).bind(user).scalar().await
}

/// Notes why it waits.
pub async fn waits(db: &Db, id: &str, why: &str) -> Result<()> {
    let update = "UPDATE endings SET outcome = $2 WHERE id = $1 AND state = 'open'";
    db.write(update).bind(id).bind(why).execute().await.map(drop)
}

/// Notes how it ended, `done` or `refused`; `false` if it was over.
pub async fn finish(tx: &mut Tx, id: &str, state: &'static str, outcome: &str, now: Millis) -> Result<bool> {
    let update = "UPDATE endings SET state = $2, outcome = $3, ended_at = $4 WHERE id = $1 AND state = 'open'";
    Ok(tx.sql(update).bind(id).bind(state).bind(outcome).bind(now).execute().await? == 1)
}

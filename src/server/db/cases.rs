//! Table `cases`: what the machine noticed and people must decide.

use super::{Reader, Result, Tx};
use crate::model::instant::Millis;

/// A case that is about to be opened.
#[derive(Clone, Copy, Debug)]
pub struct NewCase<'c> {
    /// Ours.
    pub id: &'c str,
    /// `owner_conflict`, `duplicate_subscription`, `retagged_product`, `leaving`.
    pub kind: &'static str,
    /// What it is about: the same kind and key is the same case.
    pub key: &'c str,
    /// Whose account it is about.
    pub user: Option<&'c str>,
    /// A sentence for staff.
    pub details: &'c str,
}

/// A case, as stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CaseRow {
    /// Ours.
    pub id: String,
    /// `owner_conflict`, `duplicate_subscription`, `retagged_product`, `endpoint`, `leaving`.
    pub kind: String,
    /// What it is about.
    pub key: String,
    /// Whose account it is about.
    pub user_id: Option<String>,
    /// A sentence for staff.
    pub details: String,
    /// Wall time.
    pub opened_at: Millis,
    /// Wall time; `None` while it is open.
    pub closed_at: Option<Millis>,
    /// Who closed it.
    pub closed_by: Option<String>,
    /// How it ended.
    pub outcome: Option<String>,
}

macro_rules! select_cases {
    ($rest:literal) => {
        concat!("SELECT id, kind, key, user_id, details, opened_at, closed_at, closed_by, outcome FROM cases ", $rest)
    };
}

/// Opens a case, once for ever: what was decided is not asked again. Whether it is new.
pub async fn open_once(tx: &mut Tx, case: NewCase<'_>, now: Millis) -> Result<bool> {
    let insert = "INSERT INTO cases (id, kind, key, user_id, details, opened_at)
                  SELECT $1, $2, $3, $4, $5, $6
                  WHERE NOT EXISTS (SELECT 1 FROM cases c WHERE c.kind = $2 AND c.key = $3)
                  ON CONFLICT (kind, key) WHERE closed_at IS NULL DO NOTHING";
    let row = tx.sql(insert).bind(case.id).bind(case.kind).bind(case.key).bind(case.user);
    Ok(row.bind(case.details).bind(now).execute().await? == 1)
}

/// Closes a case; `false` if it is closed.
pub async fn close(tx: &mut Tx, id: &str, by: &str, outcome: &str, now: Millis) -> Result<bool> {
    let update = "UPDATE cases SET closed_at = $4, closed_by = $2, outcome = $3 WHERE id = $1 AND closed_at IS NULL";
    Ok(tx.sql(update).bind(id).bind(by).bind(outcome).bind(now).execute().await? == 1)
}

/// Closes a case by itself; `false` if it is closed.
pub async fn close_alone(tx: &mut Tx, id: &str, outcome: &str, now: Millis) -> Result<bool> {
    close(tx, id, "boreal", outcome, now).await
}

/// Whether there is, or was, a case of this kind and key.
pub async fn is_known<'c>(on: impl Reader<'c>, kind: &str, key: &str) -> Result<bool> {
    let select = "SELECT EXISTS (SELECT 1 FROM cases WHERE kind = $1 AND key = $2)";
    on.read(select).bind(kind).bind(key).scalar().await
}

/// One case.
pub async fn by_id<'c>(on: impl Reader<'c>, id: &str) -> Result<Option<CaseRow>> {
    on.read(select_cases!("WHERE id = $1")).bind(id).optional().await
}

/// The open ones, oldest first.
pub async fn open<'c>(on: impl Reader<'c>) -> Result<Vec<CaseRow>> {
    on.read(select_cases!("WHERE closed_at IS NULL ORDER BY opened_at, id LIMIT 200")).all().await
}

/// How many are open.
pub async fn count<'c>(on: impl Reader<'c>) -> Result<i64> {
    on.read("SELECT COUNT(*) FROM cases WHERE closed_at IS NULL").scalar().await
}

/// The ones closed last.
pub async fn closed<'c>(on: impl Reader<'c>) -> Result<Vec<CaseRow>> {
    on.read(select_cases!("WHERE closed_at IS NOT NULL ORDER BY closed_at DESC, id LIMIT 50")).all().await
}

/// The open ones about a user.
pub async fn of_user<'c>(on: impl Reader<'c>, user: &str) -> Result<Vec<CaseRow>> {
    on.read(select_cases!("WHERE user_id = $1 AND closed_at IS NULL ORDER BY opened_at, id")).bind(user).all().await
}

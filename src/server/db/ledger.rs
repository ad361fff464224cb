//! Reading the ledger: a user's lines, and what we believed at a past instant.

use super::{Reader, Result};
use crate::model::instant::Millis;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LedgerRow {
    /// Its number.
    pub seq: i64,
    /// The user's revision that it belongs to.
    pub rev: i64,
    /// Which feature.
    pub feature: String,
    /// The entitlement before, as JSON.
    pub before: Option<String>,
    /// The entitlement after, as JSON.
    pub after: Option<String>,
    /// As `model::cause::CauseKind::stored`.
    pub cause_kind: String,
    /// Which.
    pub cause_id: String,
    /// The rule that decided, as `model::verdict::Rule::stored`.
    pub rule: String,
    /// Billing time.
    pub effective_at: Millis,
    /// Wall time.
    pub recorded_at: Millis,
}

macro_rules! select_lines {
    ($rest:literal) => {
        concat!(
            "SELECT l.seq, l.rev, l.feature, l.before, l.after, l.cause_kind, l.cause_id, l.rule, l.effective_at,
                    l.recorded_at FROM ledger l ",
            $rest
        )
    };
}

/// All of a user's lines, oldest first.
pub async fn of_user<'c>(on: impl Reader<'c>, user: &str) -> Result<Vec<LedgerRow>> {
    on.read(select_lines!("WHERE l.user_id = $1 ORDER BY l.seq")).bind(user).all().await
}

/// A user's newest lines, newest first.
pub async fn newest<'c>(on: impl Reader<'c>, user: &str, limit: i64) -> Result<Vec<LedgerRow>> {
    on.read(select_lines!("WHERE l.user_id = $1 ORDER BY l.seq DESC LIMIT $2")).bind(user).bind(limit).all().await
}

/// The last line of each feature that was recorded by `at` (wall time): what we believed then.
pub async fn believed<'c>(on: impl Reader<'c>, user: &str, at: Millis) -> Result<Vec<LedgerRow>> {
    let select = select_lines!(
        "WHERE l.user_id = $1 AND l.recorded_at <= $2
           AND NOT EXISTS (SELECT 1 FROM ledger n WHERE n.user_id = $1 AND n.feature = l.feature
                           AND n.recorded_at <= $2 AND n.seq > l.seq) ORDER BY l.feature"
    );
    on.read(select).bind(user).bind(at).all().await
}

/// Whether a user lost a plan, maybe for another, from `since` on (billing time).
pub async fn lost_a_plan<'c>(on: impl Reader<'c>, user: &str, since: Millis) -> Result<bool> {
    let select = "SELECT EXISTS (SELECT 1 FROM ledger WHERE user_id = $1 AND feature LIKE 'plan:%'
                                 AND before IS NOT NULL AND after IS NULL AND effective_at >= $2)";
    on.read(select).bind(user).bind(since).scalar().await
}

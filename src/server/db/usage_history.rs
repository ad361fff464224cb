//! What somebody used and could use, as they are shown it: table `usage_events` by the day and newest first, and the periods
//! of `usage_windows` that are over.

use super::{Reader, Result, usage_windows::MoreRow};
use crate::model::instant::Millis;

/// One use.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct UseRow {
    /// So much.
    pub amount: i64,
    /// `recorded`, `sent`, `counted`, `kept` or `aside`.
    pub state: String,
    /// Billing time.
    pub counted_at: Millis,
}

/// A period that is over.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PastRow {
    /// Billing time.
    pub starts_at: Millis,
    /// Billing time; it does not belong to the period any more.
    pub ends_at: Millis,
    /// So much could be used.
    pub most: i64,
    /// So much was.
    pub used: i64,
    /// What more cost.
    #[sqlx(flatten)]
    pub more: MoreRow,
}

/// Which uses are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Those that Polar counts too.
    ByPolar,
    /// Those that are counted here alone.
    Here,
    /// All.
    All,
}

impl Counted {
    fn word(self) -> &'static str {
        match self {
            Self::ByPolar => "polar",
            Self::Here => "here",
            Self::All => "all",
        }
    }
}

/// What was used on each day (UTC) that has any, from `from` until before `until`; a day is a number of days since 1970.
pub async fn days<'c>(
    on: impl Reader<'c>,
    (user, meter): (&str, &str),
    (from, until): (Millis, Millis),
    counted: Counted,
) -> Result<Vec<(i64, i64)>> {
    let select = "SELECT counted_at / 86400000 AS day, CAST(SUM(amount) AS BIGINT) AS amount FROM usage_events
                  WHERE user_id = $1 AND meter = $2 AND counted_at >= $3 AND counted_at < $4
                    AND ($5 = 'all' OR ($5 = 'here' AND state = 'kept') OR ($5 = 'polar' AND state <> 'kept'))
                  GROUP BY counted_at / 86400000 ORDER BY counted_at / 86400000";
    on.read(select).bind(user).bind(meter).bind(from).bind(until).bind(counted.word()).all().await
}

/// The newest uses of a meter.
pub async fn newest<'c>(on: impl Reader<'c>, user: &str, meter: &str, most: i64) -> Result<Vec<UseRow>> {
    let select = "SELECT amount, state, counted_at FROM usage_events WHERE user_id = $1 AND meter = $2
                  ORDER BY counted_at DESC, id DESC LIMIT $3";
    on.read(select).bind(user).bind(meter).bind(most).all().await
}

/// The periods that were over at `at`, the newest first, with what was used of each.
pub async fn past<'c>(on: impl Reader<'c>, (user, meter): (&str, &str), at: Millis, most: i64) -> Result<Vec<PastRow>> {
    let select = "SELECT w.starts_at, w.ends_at, w.most, w.unit_amount, w.currency, w.cap_amount,
                         (SELECT CAST(COALESCE(SUM(e.amount), 0) AS BIGINT) FROM usage_events e
                          WHERE e.user_id = w.user_id AND e.meter = w.meter AND e.counted_at >= w.starts_at
                            AND e.counted_at < w.ends_at AND e.state <> 'kept') AS used
                  FROM usage_windows w
                  WHERE w.user_id = $1 AND w.meter = $2 AND w.ends_at <= $3 AND w.ends_at > w.starts_at
                  ORDER BY w.starts_at DESC, w.source_id LIMIT $4";
    on.read(select).bind(user).bind(meter).bind(at).bind(most).all().await
}

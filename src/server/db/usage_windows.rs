//! Table `usage_windows`: how much may be used in which period of what was bought.

use super::{Reader, Result, Tx};
use crate::model::{beyond::Beyond, instant::Millis, projection::MeteredPrice, rate::Rate};

/// One period.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct WindowRow {
    /// Of which meter.
    pub meter: String,
    /// The subscription that gives it.
    pub source_id: String,
    /// Billing time.
    pub starts_at: Millis,
    /// Billing time; it does not belong to the period any more.
    pub ends_at: Millis,
    /// So much may be used.
    pub most: i64,
    /// `paid`, `awaited` or `unpaid`.
    pub bill: String,
    /// What more costs.
    #[sqlx(flatten)]
    pub more: MoreRow,
}

/// What more costs than a period includes: all `None` where no more is sold.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct MoreRow {
    /// Minor units for one, a decimal number.
    pub unit_amount: Option<String>,
    /// Lower-case ISO code.
    pub currency: Option<String>,
    /// The most that Polar charges on a bill, minor units.
    pub cap_amount: Option<i64>,
}

impl MoreRow {
    /// At this price.
    pub fn at(price: &MeteredPrice) -> Self {
        Self {
            unit_amount: Some(price.unit_amount.to_string()),
            currency: Some(price.price_currency.clone()),
            cap_amount: price.cap_amount,
        }
    }

    /// As rules read it; nothing is allowed of it yet.
    pub fn beyond(&self) -> Option<Beyond> {
        let (each, currency) = (self.unit_amount.as_deref().and_then(Rate::parse)?, self.currency.clone()?);
        Some(Beyond { each, currency, cap: self.cap_amount, most: 0, late: 0 })
    }
}

/// Writes a period down, or what is now known of it. What was paid stays paid.
pub async fn put(tx: &mut Tx, user: &str, window: &WindowRow) -> Result<()> {
    let insert = "INSERT INTO usage_windows (user_id, meter, source_id, starts_at, ends_at, most, bill, unit_amount,
                                             currency, cap_amount)
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                  ON CONFLICT (user_id, meter, source_id, starts_at) DO UPDATE SET ends_at = excluded.ends_at,
                    most = excluded.most, unit_amount = excluded.unit_amount, currency = excluded.currency,
                    cap_amount = excluded.cap_amount,
                    bill = CASE WHEN usage_windows.bill = 'paid' THEN 'paid' ELSE excluded.bill END";
    let row = tx.sql(insert).bind(user).bind(&window.meter).bind(&window.source_id).bind(window.starts_at);
    let MoreRow { unit_amount, currency, cap_amount } = &window.more;
    let row = row.bind(window.ends_at).bind(window.most).bind(&window.bill).bind(unit_amount).bind(currency);
    row.bind(*cap_amount).execute().await.map(drop)
}

/// What was left of the period that ended just where this one begins, if it was paid. One that was cut short by a change hands
/// nothing on: it does not end on the instant at which the next one begins, and what it gave was taken back.
pub async fn left_before<'c>(on: impl Reader<'c>, user: &str, window: &WindowRow) -> Result<i64> {
    let select = "SELECT w.most, (SELECT CAST(COALESCE(SUM(e.amount), 0) AS BIGINT) FROM usage_events e
                                  WHERE e.user_id = w.user_id AND e.meter = w.meter AND e.counted_at >= w.starts_at
                                    AND e.counted_at < w.ends_at AND e.state <> 'kept') AS used
                  FROM usage_windows w
                  WHERE w.user_id = $1 AND w.meter = $2 AND w.source_id = $3 AND w.ends_at = $4 AND w.starts_at < $4
                    AND w.bill = 'paid'";
    let row = on.read(select).bind(user).bind(&window.meter).bind(&window.source_id).bind(window.starts_at);
    Ok(row.optional::<(i64, i64)>().await?.map_or(0, |(most, used)| (most - used).max(0)))
}

/// What was used within `margin` before this period, in one that ended just where it begins and of which more was sold.
pub async fn used_late<'c>(on: impl Reader<'c>, user: &str, window: &WindowRow, margin: Millis) -> Result<i64> {
    let select = "SELECT CAST(COALESCE(SUM(e.amount), 0) AS BIGINT) FROM usage_windows w JOIN usage_events e
                    ON e.user_id = w.user_id AND e.meter = w.meter AND e.counted_at >= w.starts_at
                  WHERE w.user_id = $1 AND w.meter = $2 AND w.source_id = $3 AND w.ends_at = $4 AND w.starts_at < $4
                    AND w.unit_amount IS NOT NULL AND e.counted_at >= $5 AND e.counted_at < $4 AND e.state <> 'kept'";
    let row = on.read(select).bind(user).bind(&window.meter).bind(&window.source_id).bind(window.starts_at);
    row.bind(window.starts_at - margin).scalar().await
}

/// Every period of somebody that `at` lies in.
pub async fn open<'c>(on: impl Reader<'c>, user: &str, at: Millis) -> Result<Vec<WindowRow>> {
    let select = "SELECT meter, source_id, starts_at, ends_at, most, bill, unit_amount, currency, cap_amount
                  FROM usage_windows
                  WHERE user_id = $1 AND starts_at <= $2 AND ends_at > $2 ORDER BY meter, source_id, starts_at";
    on.read(select).bind(user).bind(at).all().await
}

/// Ends a period at `at`: what gave it gives it no more.
pub async fn close(tx: &mut Tx, user: &str, window: &WindowRow, at: Millis) -> Result<()> {
    let update = "UPDATE usage_windows SET ends_at = $5
                  WHERE user_id = $1 AND meter = $2 AND source_id = $3 AND starts_at = $4 AND ends_at > $5";
    let row = tx.sql(update).bind(user).bind(&window.meter).bind(&window.source_id).bind(window.starts_at);
    row.bind(at).execute().await.map(drop)
}

/// Who has a paid period of a meter that `at` lies in.
pub async fn holders<'c>(on: impl Reader<'c>, meter: &str, at: Millis) -> Result<Vec<String>> {
    let select = "SELECT DISTINCT user_id FROM usage_windows
                  WHERE meter = $1 AND starts_at <= $2 AND ends_at > $2 AND bill = 'paid' ORDER BY user_id";
    let rows: Vec<(String,)> = on.read(select).bind(meter).bind(at).all().await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// When a period of somebody last began or ended before `at`, and when one last followed another of the same subscription.
pub async fn turns<'c>(
    on: impl Reader<'c>,
    (user, meter): (&str, &str),
    at: Millis,
) -> Result<(Option<Millis>, Option<Millis>)> {
    let select = "SELECT MAX(CASE WHEN w.ends_at <= $3 THEN w.ends_at ELSE w.starts_at END),
                         MAX(CASE WHEN p.user_id IS NOT NULL THEN w.starts_at END)
                  FROM usage_windows w LEFT JOIN usage_windows p
                    ON p.user_id = w.user_id AND p.meter = w.meter AND p.source_id = w.source_id
                       AND p.ends_at = w.starts_at AND p.starts_at < w.starts_at
                  WHERE w.user_id = $1 AND w.meter = $2 AND w.starts_at <= $3";
    on.read(select).bind(user).bind(meter).bind(at).one().await
}

//! Table `usage_events`: everything that was used, once by its key, and how far it is on its way to Polar.

use super::{Db, Reader, Result, Tx};
use crate::model::{
    instant::{DAY, Millis},
    usage::Use,
};

/// What waits longer to be sent than this is out of the ordinary.
const MONTH: Millis = 31 * DAY;

/// A use that is to be written down.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Our id; Polar knows it as the event's external id, so that a second send counts nothing.
    pub id: String,
    /// Who used it.
    pub user_id: String,
    /// What was used.
    pub used: Use,
    /// Counted here alone: it is never sent.
    pub kept: bool,
    /// Billing time.
    pub counted_at: Millis,
    /// Wall time.
    pub now: Millis,
}

/// One that waits to be sent.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Waiting {
    /// Our id.
    pub id: String,
    /// Who used it.
    pub user_id: String,
    /// Of which meter.
    pub meter: String,
    /// So much.
    pub amount: i64,
    /// A JSON object.
    pub properties: String,
    /// Billing time.
    pub counted_at: Millis,
    /// How often it was tried, this time included.
    pub attempts: i64,
}

const INSERT: &str = "INSERT INTO usage_events (id, user_id, meter, amount, properties, key, state, counted_at, run_at)
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (user_id, key) DO NOTHING";

/// Writes a use down; `false` if its key was used before: then the first one stays as it is.
///
/// # Errors
/// When the database fails, or the amount is not positive.
pub async fn insert(tx: &mut Tx, event: &NewEvent) -> Result<bool> {
    let state = if event.kept { "kept" } else { "recorded" };
    let used = &event.used;
    let row = tx.sql(INSERT).bind(&event.id).bind(&event.user_id).bind(&used.meter).bind(used.amount);
    let row = row.bind(used.properties.to_string()).bind(&used.key).bind(state).bind(event.counted_at);
    Ok(row.bind(event.now).execute().await? == 1)
}

/// Whether something was written down by this key.
pub async fn is_known<'c>(on: impl Reader<'c>, user: &str, key: &str) -> Result<bool> {
    let select = "SELECT EXISTS (SELECT 1 FROM usage_events WHERE user_id = $1 AND key = $2)";
    on.read(select).bind(user).bind(key).scalar().await
}

/// What was used of a meter from `from` until before `until`; of that alone which Polar counts too, or of all.
pub async fn used<'c>(
    on: impl Reader<'c>,
    (user, meter): (&str, &str),
    (from, until): (Millis, Millis),
    with_kept: bool,
) -> Result<i64> {
    let sum = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM usage_events
               WHERE user_id = $1 AND meter = $2 AND counted_at >= $3 AND counted_at < $4
                 AND (state <> 'kept' OR $5 = 1)";
    on.read(sum).bind(user).bind(meter).bind(from).bind(until).bind(i64::from(with_kept)).scalar().await
}

/// The claim as text; only the row lock differs.
macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE usage_events SET lease_token = $1, lease_until = $3, attempts = attempts + 1
             WHERE id IN (SELECT id FROM usage_events WHERE state = 'recorded' AND run_at <= $2 AND lease_until <= $2
                          ORDER BY run_at, id LIMIT $4 ",
            $lock,
            ") RETURNING id, user_id, meter, amount, properties, counted_at, attempts"
        )
    };
}

/// Takes up to `most` that are due, the oldest first, until `lease_until`.
pub async fn claim(db: &Db, token: &str, (now, lease_until): (Millis, Millis), most: i64) -> Result<Vec<Waiting>> {
    let text = if db.locks_rows() { claim!("FOR UPDATE SKIP LOCKED") } else { claim!("") };
    db.write(text).bind(token).bind(now).bind(lease_until).bind(most).all().await
}

/// Polar has everything that is still held by this lease.
pub async fn sent(db: &Db, token: &str, now: Millis) -> Result<u64> {
    let update =
        "UPDATE usage_events SET state = 'sent', sent_at = $2, error = NULL, lease_token = NULL, lease_until = 0
                  WHERE lease_token = $1 AND state = 'recorded'";
    db.write(update).bind(token).bind(now).execute().await
}

/// Polar refuses this one: it is set aside with the reason, for staff to see.
pub async fn set_aside(db: &Db, id: &str, token: &str, why: &str) -> Result<()> {
    let update = "UPDATE usage_events SET state = 'aside', error = $3, lease_token = NULL, lease_until = 0
                  WHERE id = $1 AND lease_token = $2 AND state = 'recorded'";
    db.write(update).bind(id).bind(token).bind(why).execute().await.map(drop)
}

/// Gives back everything that is still held by this lease, to be tried again at `run_at`.
pub async fn give_back(db: &Db, token: &str, run_at: Millis, why: &str) -> Result<()> {
    let update = "UPDATE usage_events SET run_at = $2, error = $3, lease_token = NULL, lease_until = 0
                  WHERE lease_token = $1 AND state = 'recorded'";
    db.write(update).bind(token).bind(run_at).bind(why).execute().await.map(drop)
}

/// How many are not sent yet, when the oldest of them was used, and how many are set aside.
pub async fn backlog<'c>(on: impl Reader<'c>) -> Result<(i64, Option<Millis>, i64)> {
    on.read(
        "SELECT (SELECT COUNT(*) FROM usage_events WHERE state = 'recorded'),
                (SELECT MIN(counted_at) FROM usage_events WHERE state = 'recorded'),
                (SELECT COUNT(*) FROM usage_events WHERE state = 'aside')",
    )
    .one()
    .await
}

/// When the first use of a meter was counted that was sent; `None` if none was.
pub async fn first_sent<'c>(on: impl Reader<'c>, meter: &str) -> Result<Option<Millis>> {
    let select = "SELECT MIN(counted_at) FROM usage_events WHERE meter = $1 AND state IN ('sent', 'counted')";
    on.read(select).bind(meter).scalar().await
}

/// Whose uses of a meter were sent.
pub async fn who_sent<'c>(on: impl Reader<'c>, meter: &str) -> Result<Vec<String>> {
    let select = "SELECT DISTINCT user_id FROM usage_events WHERE meter = $1 AND state IN ('sent', 'counted')
                  ORDER BY user_id";
    let rows: Vec<(String,)> = on.read(select).bind(meter).all().await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// What was sent of a meter, and that with what is on its way; of one user or of all.
pub async fn sums<'c>(on: impl Reader<'c>, meter: &str, user: Option<&str>) -> Result<(i64, i64)> {
    let select = "SELECT CAST(COALESCE(SUM(CASE WHEN state <> 'recorded' THEN amount END), 0) AS BIGINT),
                         CAST(COALESCE(SUM(amount), 0) AS BIGINT)
                  FROM usage_events WHERE meter = $1 AND state IN ('recorded', 'sent', 'counted')
                    AND ($2 IS NULL OR user_id = $2)";
    on.read(select).bind(meter).bind(user).one().await
}

/// Around which instants uses are summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Around {
    /// From when on they count, billing time.
    pub from: Millis,
    /// So long before and after that they may count as the other; what was used a month before it is left out.
    pub margin: Millis,
    /// The same instant as `from`, wall time.
    pub from_wall: Millis,
    /// What was sent after it is not surely counted yet, wall time.
    pub lately: Millis,
}

/// Of what was used of a meter since an instant: what was sent, that with what is on its way, and what of it Polar may not
/// count; and what was used before the instant and Polar may count since then.
pub async fn sums_since<'c>(
    on: impl Reader<'c>,
    (user, meter): (&str, &str),
    around: Around,
) -> Result<(i64, i64, i64, i64)> {
    let select =
        "SELECT CAST(COALESCE(SUM(CASE WHEN counted_at >= $3 AND state <> 'recorded' THEN amount END), 0) AS BIGINT),
                         CAST(COALESCE(SUM(CASE WHEN counted_at >= $3 THEN amount END), 0) AS BIGINT),
                         CAST(COALESCE(SUM(CASE WHEN counted_at >= $3 AND state <> 'recorded'
                                                 AND (counted_at < $4 OR sent_at > $5) THEN amount END), 0) AS BIGINT),
                         CAST(COALESCE(SUM(CASE WHEN counted_at < $3
                                                 AND (counted_at >= $6 OR state = 'recorded' OR sent_at >= $7)
                                                THEN amount END), 0) AS BIGINT)
                  FROM usage_events WHERE user_id = $1 AND meter = $2 AND state IN ('recorded', 'sent', 'counted')
                    AND counted_at >= $8";
    let row = on.read(select).bind(user).bind(meter).bind(around.from).bind(around.from + around.margin);
    let row = row.bind(around.lately).bind(around.from - around.margin).bind(around.from_wall);
    row.bind(around.from - MONTH).one().await
}

/// Polar's count was found to be ours: everything that was sent until wall time `until` is in it; of one user or of all.
pub async fn counted(db: &Db, meter: &str, user: Option<&str>, until: Millis) -> Result<u64> {
    let update = "UPDATE usage_events SET state = 'counted'
                  WHERE meter = $1 AND state = 'sent' AND sent_at <= $2 AND ($3 IS NULL OR user_id = $3)";
    db.write(update).bind(meter).bind(until).bind(user).execute().await
}

/// Everything that a user used of a meter and that was sent is to be sent again: what Polar has it does not count again.
pub async fn send_again(db: &Db, user: &str, meter: &str, now: Millis) -> Result<u64> {
    let update = "UPDATE usage_events SET state = 'recorded', run_at = $3, attempts = 0
                  WHERE user_id = $1 AND meter = $2 AND state IN ('sent', 'counted')";
    db.write(update).bind(user).bind(meter).bind(now).execute().await
}

/// Forgets what somebody's uses were about; that there were so many stays, as their bills do.
pub async fn forget_properties(tx: &mut Tx, user: &str) -> Result<()> {
    let update = "UPDATE usage_events SET properties = '{}' WHERE user_id = $1";
    tx.sql(update).bind(user).execute().await.map(drop)
}

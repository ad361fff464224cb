//! Table `usage_holds`: what is set aside for work that is being done.

use super::{Reader, Result, Tx};
use crate::model::{instant::Millis, usage::Use};

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct HoldRow {
    /// Ours.
    pub id: String,
    /// Who does the work.
    pub user_id: String,
    /// Of which meter.
    pub meter: String,
    /// So much at the most.
    pub amount: i64,
    /// A JSON object.
    pub properties: String,
    /// The adopter's own key.
    pub key: String,
    /// `open`, `settled` or `released`.
    pub state: String,
    /// Counted here alone.
    pub kept: i64,
    /// Wall time.
    pub expires_at: Millis,
}

macro_rules! select_holds {
    ($rest:literal) => {
        concat!("SELECT id, user_id, meter, amount, properties, key, state, kept, expires_at FROM usage_holds ", $rest)
    };
}

/// Writes a hold down, under the user's lock.
pub async fn insert(
    tx: &mut Tx,
    (id, user): (&str, &str),
    used: &Use,
    kept: bool,
    (now, expires_at): (Millis, Millis),
) -> Result<()> {
    let insert =
        "INSERT INTO usage_holds (id, user_id, meter, amount, properties, key, state, kept, expires_at, created_at)
                  VALUES ($1, $2, $3, $4, $5, $6, 'open', $7, $8, $9)";
    let row = tx.sql(insert).bind(id).bind(user).bind(&used.meter).bind(used.amount);
    let row = row.bind(used.properties.to_string()).bind(&used.key).bind(i64::from(kept));
    row.bind(expires_at).bind(now).execute().await.map(drop)
}

/// The one of this key.
pub async fn by_key<'c>(on: impl Reader<'c>, user: &str, key: &str) -> Result<Option<HoldRow>> {
    on.read(select_holds!("WHERE user_id = $1 AND key = $2")).bind(user).bind(key).optional().await
}

/// One of them.
pub async fn by_id<'c>(on: impl Reader<'c>, id: &str) -> Result<Option<HoldRow>> {
    on.read(select_holds!("WHERE id = $1")).bind(id).optional().await
}

/// Ends an open hold; `false` if it was ended before.
pub async fn end(tx: &mut Tx, id: &str, state: &'static str) -> Result<bool> {
    let update = "UPDATE usage_holds SET state = $2, properties = '{}' WHERE id = $1 AND state = 'open'";
    Ok(tx.sql(update).bind(id).bind(state).execute().await? == 1)
}

/// What is set aside now; of that alone which Polar will count too, or of all.
pub async fn held<'c>(on: impl Reader<'c>, (user, meter): (&str, &str), now: Millis, with_kept: bool) -> Result<i64> {
    let sum = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM usage_holds
               WHERE user_id = $1 AND meter = $2 AND state = 'open' AND expires_at > $3 AND (kept = 0 OR $4 = 1)";
    on.read(sum).bind(user).bind(meter).bind(now).bind(i64::from(with_kept)).scalar().await
}

/// Forgets what somebody's holds were about.
pub async fn forget_properties(tx: &mut Tx, user: &str) -> Result<()> {
    tx.sql("UPDATE usage_holds SET properties = '{}' WHERE user_id = $1").bind(user).execute().await.map(drop)
}

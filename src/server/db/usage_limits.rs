//! Table `usage_limits`: how much somebody lets a meter cost beyond what is included, in each period.

use super::{Reader, Result, Tx};
use crate::model::money::Money;

/// What somebody allows; `None` where they allow nothing.
pub async fn of<'c>(on: impl Reader<'c>, user: &str, meter: &str) -> Result<Option<Money>> {
    let select = "SELECT amount, currency FROM usage_limits WHERE user_id = $1 AND meter = $2";
    let row = on.read(select).bind(user).bind(meter).optional::<(i64, String)>().await?;
    Ok(row.map(|(amount, currency)| Money::new(amount, &currency)))
}

/// Writes down what somebody allows.
pub async fn put(tx: &mut Tx, user: &str, meter: &str, limit: &Money) -> Result<()> {
    let insert = "INSERT INTO usage_limits (user_id, meter, amount, currency) VALUES ($1, $2, $3, $4)
                  ON CONFLICT (user_id, meter) DO UPDATE SET amount = excluded.amount, currency = excluded.currency";
    tx.sql(insert).bind(user).bind(meter).bind(limit.amount).bind(&limit.currency).execute().await.map(drop)
}

/// Forgets what somebody allowed.
pub async fn forget(tx: &mut Tx, user: &str) -> Result<()> {
    tx.sql("DELETE FROM usage_limits WHERE user_id = $1").bind(user).execute().await.map(drop)
}

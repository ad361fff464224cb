//! Table `usage_alerts`: at how many percent of a meter somebody wants to be told by mail, where they chose it.

use super::{Reader, Result, Tx};

/// What somebody chose; `None` where they chose nothing.
pub async fn of<'c>(on: impl Reader<'c>, user: &str, meter: &str) -> Result<Option<String>> {
    let select = "SELECT percents FROM usage_alerts WHERE user_id = $1 AND meter = $2";
    Ok(on.read(select).bind(user).bind(meter).optional::<(String,)>().await?.map(|(percents,)| percents))
}

/// Writes down what somebody chooses.
pub async fn choose(tx: &mut Tx, user: &str, meter: &str, percents: &str) -> Result<()> {
    let insert = "INSERT INTO usage_alerts (user_id, meter, percents) VALUES ($1, $2, $3)
                  ON CONFLICT (user_id, meter) DO UPDATE SET percents = excluded.percents";
    tx.sql(insert).bind(user).bind(meter).bind(percents).execute().await.map(drop)
}

/// Forgets what somebody chose.
pub async fn forget(tx: &mut Tx, user: &str) -> Result<()> {
    tx.sql("DELETE FROM usage_alerts WHERE user_id = $1").bind(user).execute().await.map(drop)
}

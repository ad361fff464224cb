//! What was bought of a plan of ours and belongs to nobody: the quarantine, and what staff decided about it.

use super::{Reader, Result, Tx};
use crate::model::instant::{Micros, Millis};

/// One subscription or one-time bill without an owner.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct StrayRow {
    /// `subscription` or `order`.
    pub kind: String,
    /// Polar's id.
    pub id: String,
    /// Polar's customer.
    pub customer_id: Option<String>,
    /// The plan of its product.
    pub plan: String,
    /// Polar's word.
    pub status: Option<String>,
    /// Minor units.
    pub amount: Option<i64>,
    /// Lower-case ISO code.
    pub currency: Option<String>,
    /// When it was seen like this.
    pub observed_us: Micros,
}

macro_rules! select_strays {
    ($rest:literal) => {
        concat!(
            "SELECT o.kind, o.id, o.customer_id, p.plan, o.status, o.amount, o.currency, o.observed_us
             FROM polar_objects o JOIN product_plans p ON p.product_id = o.product_id
             WHERE o.owner_id IS NULL AND (o.kind = 'subscription' OR (o.kind = 'order' AND o.subscription_id IS NULL))
               AND NOT EXISTS (SELECT 1 FROM dismissals d WHERE d.kind = o.kind AND d.id = o.id) ",
            $rest
        )
    };
}

/// Everything in quarantine, the newest first.
pub async fn all<'c>(on: impl Reader<'c>) -> Result<Vec<StrayRow>> {
    on.read(select_strays!("ORDER BY o.observed_us DESC, o.id LIMIT 200")).all().await
}

/// One of them.
pub async fn one<'c>(on: impl Reader<'c>, kind: &str, id: &str) -> Result<Option<StrayRow>> {
    on.read(select_strays!("AND o.kind = $1 AND o.id = $2")).bind(kind).bind(id).optional().await
}

/// How many there are.
pub async fn count<'c>(on: impl Reader<'c>) -> Result<i64> {
    Ok(i64::try_from(all(on).await?.len()).unwrap_or(i64::MAX))
}

/// Who decides, why, and when (wall time).
#[derive(Clone, Copy, Debug)]
pub struct Decision<'d> {
    /// Who.
    pub staff: &'d str,
    /// Why.
    pub reason: &'d str,
    /// When.
    pub at: Millis,
}

/// Gives an object to a user, instead of whomever it was given to before. The caller computes owners and access again in
/// the same transaction.
pub async fn attribute(tx: &mut Tx, (kind, id): (&str, &str), user: &str, by: Decision<'_>) -> Result<()> {
    let insert = "INSERT INTO attributions (kind, id, user_id, staff_id, reason, at) VALUES ($1, $2, $3, $4, $5, $6)
                  ON CONFLICT (kind, id) DO UPDATE SET user_id = excluded.user_id, staff_id = excluded.staff_id,
                    reason = excluded.reason, at = excluded.at";
    let row = tx.sql(insert).bind(kind).bind(id).bind(user).bind(by.staff).bind(by.reason).bind(by.at);
    row.execute().await.map(drop)
}

/// Takes an object off the list; `false` if it was taken off before.
pub async fn dismiss(tx: &mut Tx, (kind, id): (&str, &str), by: Decision<'_>) -> Result<bool> {
    let insert = "INSERT INTO dismissals (kind, id, staff_id, reason, at) VALUES ($1, $2, $3, $4, $5)
                  ON CONFLICT (kind, id) DO NOTHING";
    let row = tx.sql(insert).bind(kind).bind(id).bind(by.staff).bind(by.reason).bind(by.at);
    Ok(row.execute().await? == 1)
}

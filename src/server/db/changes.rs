//! Our orders that change a subscription: written before Polar is asked, settled after its answer. Of one subscription at
//! most one is open, and beside it one refund, and what was done for a purpose is never begun again.

use super::{Db, Reader, Result, Tx};
use crate::model::instant::Millis;

/// One change, about to be asked for.
#[derive(Clone, Copy, Debug)]
pub struct Change<'c> {
    /// Ours.
    pub id: &'c str,
    /// Whose subscription it is.
    pub user: &'c str,
    /// `cancel` or `refund`.
    pub kind: &'static str,
    /// Its plan.
    pub plan: &'c str,
    /// Its product.
    pub product: &'c str,
    /// Polar's id.
    pub subscription: &'c str,
    /// What it is for: done once, it is not begun again.
    pub purpose: &'c str,
    /// What was agreed to, as JSON.
    pub quote: &'c str,
    /// How many changes of the subscription were done when it was looked at, where it matters: with one more, what was
    /// agreed to is not what there is.
    pub after: Option<i64>,
}

/// One change that is not settled.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct OpenChange {
    /// Ours.
    pub id: String,
    /// What it is for.
    pub purpose: String,
    /// When Polar was last asked, wall time; `None` if what was sent was certainly not done.
    pub sent_at: Option<Millis>,
}

/// Writes it down as sent now; `false` while another change of the subscription is open, once its purpose is done, and where
/// another was done since the subscription was looked at.
pub async fn begin(tx: &mut Tx, change: Change<'_>, now: Millis) -> Result<bool> {
    let insert =
        "INSERT INTO orders (id, user_id, kind, recurring, plan, product_id, subscription_id, quote, quote_hash,
                                      state, attempts, sent_at, created_at)
                  SELECT $1, $2, $3, 1, $4, $5, $6, $7, $8, 'committing', 1, $9, $9
                  WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.subscription_id = $6 AND o.kind = $3
                                      AND o.quote_hash = $8 AND o.state = 'done')
                    AND ($10 IS NULL OR $10 = (SELECT COUNT(*) FROM orders o WHERE o.subscription_id = $6
                                                 AND o.kind <> 'buy' AND o.state = 'done'))
                  ON CONFLICT DO NOTHING";
    let row = tx.sql(insert).bind(change.id).bind(change.user).bind(change.kind).bind(change.plan);
    let row = row.bind(change.product).bind(change.subscription).bind(change.quote).bind(change.purpose);
    Ok(row.bind(now).bind(change.after).execute().await? == 1)
}

/// How many changes of a subscription are done.
pub async fn done<'c>(on: impl Reader<'c>, subscription: &str) -> Result<i64> {
    let select = "SELECT COUNT(*) FROM orders WHERE subscription_id = $1 AND kind <> 'buy' AND state = 'done'";
    on.read(select).bind(subscription).scalar().await
}

/// Whether a change of a subscription is not settled; a refund is none, it may be pending for days.
pub async fn is_busy<'c>(on: impl Reader<'c>, subscription: &str) -> Result<bool> {
    let select = "SELECT EXISTS (SELECT 1 FROM orders WHERE subscription_id = $1 AND kind NOT IN ('buy', 'refund')
                                   AND state IN ('committing', 'unsettled'))";
    on.read(select).bind(subscription).scalar().await
}

/// The one change of this kind that is not settled.
pub async fn open<'c>(on: impl Reader<'c>, subscription: &str, kind: &str) -> Result<Option<OpenChange>> {
    let select = "SELECT id, quote_hash AS purpose, sent_at FROM orders
                  WHERE subscription_id = $1 AND kind = $2 AND state IN ('committing', 'unsettled')";
    on.read(select).bind(subscription).bind(kind).optional().await
}

/// Whether a purpose is done.
pub async fn is_done<'c>(on: impl Reader<'c>, subscription: &str, kind: &str, purpose: &str) -> Result<bool> {
    let select = "SELECT EXISTS (SELECT 1 FROM orders WHERE subscription_id = $1 AND kind = $2 AND quote_hash = $3
                                   AND state = 'done')";
    on.read(select).bind(subscription).bind(kind).bind(purpose).scalar().await
}

/// Takes the right to ask again; `false` if somebody asked after `before`, or it is settled.
pub async fn ask_again(db: &Db, id: &str, now: Millis, before: Millis) -> Result<bool> {
    let update = "UPDATE orders SET state = 'committing', outcome = NULL, sent_at = $2, attempts = attempts + 1
                  WHERE id = $1 AND state IN ('committing', 'unsettled') AND (sent_at IS NULL OR sent_at <= $3)";
    Ok(db.write(update).bind(id).bind(now).bind(before).execute().await? == 1)
}

/// Notes that what was sent was certainly not done: it may be asked for again at once.
pub async fn not_done(db: &Db, id: &str, why: &str) -> Result<()> {
    let update = "UPDATE orders SET sent_at = NULL, outcome = $2 WHERE id = $1 AND state = 'committing'";
    db.write(update).bind(id).bind(why).execute().await.map(drop)
}

/// Notes how it ended: `done`, `refused` or, for now, `unsettled`; with the reason. Like [`begin`] under the user's lock, so
/// that one of two who look at the same moment sees the other.
pub async fn settle(tx: &mut Tx, id: &str, state: &'static str, outcome: Option<&str>, now: Millis) -> Result<()> {
    let update = "UPDATE orders SET state = $2, outcome = $3, done_at = CASE WHEN $2 = 'done' THEN $4 END
                  WHERE id = $1 AND state IN ('committing', 'unsettled')";
    tx.sql(update).bind(id).bind(state).bind(outcome).bind(now).execute().await.map(drop)
}

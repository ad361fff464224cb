//! Our orders that change a subscription: written before Polar is asked, settled after its answer. Of one subscription at
//! most one is open.

use super::{Db, Result, Tx};
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
}

/// Writes it down as sent now; `false` while another change of the subscription is open. One that was sent before `stale`
/// and never settled is given up: whoever comes next looks at Polar before they ask again.
pub async fn begin(tx: &mut Tx, change: Change<'_>, now: Millis, stale: Millis) -> Result<bool> {
    let give_up = "UPDATE orders SET state = 'refused', outcome = 'no answer; looked at again'
                   WHERE subscription_id = $1 AND kind <> 'buy' AND state IN ('committing', 'unsettled')
                     AND sent_at < $2";
    tx.sql(give_up).bind(change.subscription).bind(stale).execute().await?;
    let insert =
        "INSERT INTO orders (id, user_id, kind, recurring, plan, product_id, subscription_id, quote, quote_hash,
                                      state, attempts, sent_at, created_at)
                  VALUES ($1, $2, $3, 1, $4, $5, $6, '', '', 'committing', 1, $7, $7) ON CONFLICT DO NOTHING";
    let row = tx.sql(insert).bind(change.id).bind(change.user).bind(change.kind).bind(change.plan);
    Ok(row.bind(change.product).bind(change.subscription).bind(now).execute().await? == 1)
}

/// Notes how it ended: `done`, `refused` or `unsettled`, with the reason.
pub async fn settle(db: &Db, id: &str, state: &'static str, outcome: Option<&str>, now: Millis) -> Result<()> {
    let update = "UPDATE orders SET state = $2, outcome = $3, done_at = CASE WHEN $2 = 'done' THEN $4 END
                  WHERE id = $1 AND state = 'committing'";
    db.write(update).bind(id).bind(state).bind(outcome).bind(now).execute().await.map(drop)
}

/// Polar was seen to have done what the open changes of this kind asked for.
pub async fn seen_done(db: &Db, subscription: &str, kind: &'static str, now: Millis) -> Result<()> {
    let update = "UPDATE orders SET state = 'done', outcome = 'seen', done_at = $3
                  WHERE subscription_id = $1 AND kind = $2 AND state IN ('committing', 'unsettled')";
    db.write(update).bind(subscription).bind(kind).bind(now).execute().await.map(drop)
}

//! OUR orders: one wish to buy each. Partial unique indexes hold that at most one is open at a time.

use super::{Reader, Result, Tx};
use crate::model::{
    instant::Millis,
    order::{Progress, State},
    quote::Quote,
};

/// One order, as stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct OrderRow {
    /// Minted by the form.
    pub id: String,
    /// Whose wish it is.
    pub user_id: String,
    /// `buy`, `change`, `cancel`, `resume`, `pause`, `refund`.
    pub kind: String,
    /// 1 if what is bought renews.
    pub recurring: i64,
    /// The plan.
    pub plan: String,
    /// Polar's product.
    pub product_id: String,
    /// What the buyer saw, as JSON.
    pub quote: String,
    /// Its hash.
    pub quote_hash: String,
    /// See [`State`].
    pub state: String,
    /// Why it was refused.
    pub outcome: Option<String>,
    /// Who is committing it.
    pub lease_token: Option<String>,
    /// Until when, wall time.
    pub lease_until: Millis,
    /// Polar's checkout.
    pub checkout_id: Option<String>,
    /// Where the buyer pays; none once final.
    pub checkout_url: Option<String>,
    /// Polar's word for the checkout, as last read.
    pub checkout_status: Option<String>,
    /// When the checkout runs out, billing time.
    pub expires_at: Option<Millis>,
    /// When the checkout was last read, wall time.
    pub checked_at: Option<Millis>,
    /// When the payment was first seen.
    pub paid_at: Option<Millis>,
    /// When Polar's object first reached us.
    pub received_at: Option<Millis>,
    /// When access was there.
    pub done_at: Option<Millis>,
    /// When it was made.
    pub created_at: Millis,
}

impl OrderRow {
    /// Where it is.
    #[must_use]
    pub fn state(&self) -> State {
        State::of_stored(&self.state).unwrap_or(State::Refused)
    }

    /// What the stage is computed from.
    #[must_use]
    pub fn progress(&self) -> Progress<'_> {
        Progress {
            state: self.state(),
            checkout_status: self.checkout_status.as_deref(),
            received: self.received_at.is_some(),
        }
    }

    /// What the buyer saw; `None` only if a later version wrote it.
    #[must_use]
    pub fn quote(&self) -> Option<Quote> {
        Quote::of_stored(&self.quote)
    }
}

macro_rules! select_orders {
    ($rest:literal) => {
        concat!(
            "SELECT id, user_id, kind, recurring, plan, product_id, quote, quote_hash, state, outcome, lease_token, lease_until,
                    checkout_id, checkout_url, checkout_status, expires_at, checked_at, paid_at, received_at, done_at,
                    created_at FROM orders ",
            $rest
        )
    };
}

/// An order by its id, whoever's it is.
pub async fn by_id<'c>(on: impl Reader<'c>, id: &str) -> Result<Option<OrderRow>> {
    on.read(select_orders!("WHERE id = $1")).bind(id).optional().await
}

/// The order that a checkout belongs to.
pub async fn by_checkout<'c>(on: impl Reader<'c>, checkout: &str) -> Result<Option<OrderRow>> {
    on.read(select_orders!("WHERE checkout_id = $1")).bind(checkout).optional().await
}

/// A user's newest order.
pub async fn newest<'c>(on: impl Reader<'c>, user: &str) -> Result<Option<OrderRow>> {
    let select = select_orders!("WHERE user_id = $1 AND kind = 'buy' ORDER BY created_at DESC, id DESC LIMIT 1");
    on.read(select).bind(user).optional().await
}

/// All of a user's orders, newest first.
pub async fn of_user<'c>(on: impl Reader<'c>, user: &str) -> Result<Vec<OrderRow>> {
    on.read(select_orders!("WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT 100")).bind(user).all().await
}

/// A user's orders that are not done and whose checkout may still be, or may have been, paid.
pub async fn unsettled<'c>(on: impl Reader<'c>, user: &str) -> Result<Vec<OrderRow>> {
    on.read(select_orders!(
        "WHERE user_id = $1 AND kind = 'buy' AND state <> 'done' AND checkout_id IS NOT NULL
           AND checkout_status NOT IN ('expired', 'failed') ORDER BY created_at, id"
    ))
    .bind(user)
    .all()
    .await
}

/// A new order in state `committing`, leased to `token`; `false` if the id is taken.
pub async fn insert(tx: &mut Tx, order: &OrderRow) -> Result<bool> {
    let insert = "INSERT INTO orders (id, user_id, kind, recurring, plan, product_id, quote, quote_hash, state,
                                      lease_token, lease_until, attempts, created_at)
                  VALUES ($1, $2, 'buy', $3, $4, $5, $6, $7, 'committing', $8, $9, 1, $10) ON CONFLICT DO NOTHING";
    let row = tx.sql(insert).bind(&order.id).bind(&order.user_id).bind(order.recurring).bind(&order.plan);
    let row = row.bind(&order.product_id).bind(&order.quote).bind(&order.quote_hash);
    let row = row.bind(&order.lease_token).bind(order.lease_until).bind(order.created_at);
    Ok(row.execute().await? == 1)
}

/// Takes the place of the user's open orders: every recurring one for a recurring order, else those of the same product.
pub async fn supersede(tx: &mut Tx, order: &OrderRow) -> Result<u64> {
    let update = "UPDATE orders SET state = 'superseded', checkout_url = NULL, lease_token = NULL, lease_until = 0
                  WHERE user_id = $1 AND id <> $2 AND kind = 'buy' AND state IN ('committing', 'checkout_open')
                    AND recurring = $3 AND (recurring = 1 OR product_id = $4)";
    let row = tx.sql(update).bind(&order.user_id).bind(&order.id).bind(order.recurring).bind(&order.product_id);
    row.execute().await
}

/// Takes over an order whose commit was abandoned.
pub async fn lease_again(tx: &mut Tx, id: &str, token: &str, now: Millis, until: Millis) -> Result<bool> {
    let update = "UPDATE orders SET lease_token = $2, lease_until = $4, attempts = attempts + 1
                  WHERE id = $1 AND state = 'committing' AND lease_until <= $3";
    Ok(tx.sql(update).bind(id).bind(token).bind(now).bind(until).execute().await? == 1)
}

/// Notes when the request that makes the checkout leaves.
pub async fn sent(tx: &mut Tx, id: &str, token: &str, now: Millis) -> Result<bool> {
    let update = "UPDATE orders SET sent_at = $3 WHERE id = $1 AND lease_token = $2 AND state = 'committing'";
    Ok(tx.sql(update).bind(id).bind(token).bind(now).execute().await? == 1)
}

/// The checkout that an order leads to.
#[derive(Clone, Copy, Debug)]
pub struct Opened<'c> {
    /// Polar's id.
    pub id: &'c str,
    /// Where the buyer pays.
    pub url: &'c str,
    /// Polar's word.
    pub status: &'c str,
    /// When it runs out.
    pub expires_at: Option<Millis>,
}

/// Stores the checkout; `false` if the lease was lost, and then nothing is stored.
pub async fn open(tx: &mut Tx, id: &str, token: &str, checkout: Opened<'_>, now: Millis) -> Result<bool> {
    let update = "UPDATE orders SET state = 'checkout_open', checkout_id = $3, checkout_url = $4, checkout_status = $5,
                         expires_at = $6, checked_at = $7, lease_token = NULL, lease_until = 0
                  WHERE id = $1 AND lease_token = $2 AND state = 'committing'";
    let row = tx.sql(update).bind(id).bind(token).bind(checkout.id).bind(checkout.url).bind(checkout.status);
    Ok(row.bind(checkout.expires_at).bind(now).execute().await? == 1)
}

/// Ends a commit without a checkout, with its reason; `false` if the lease was lost.
pub async fn refuse(tx: &mut Tx, id: &str, token: &str, outcome: &str) -> Result<bool> {
    let update = "UPDATE orders SET state = 'refused', outcome = $3, lease_token = NULL, lease_until = 0
                  WHERE id = $1 AND lease_token = $2 AND state = 'committing'";
    Ok(tx.sql(update).bind(id).bind(token).bind(outcome).execute().await? == 1)
}

/// Notes what a read of the checkout said. A succeeded one makes the order `paid`, whatever it was, but `done`; an
/// expired one ends an open order.
pub async fn checked(tx: &mut Tx, id: &str, status: &str, now: Millis) -> Result<bool> {
    let update = "UPDATE orders SET checked_at = $3,
                    checkout_status = CASE WHEN checkout_status = 'succeeded' THEN checkout_status ELSE $2 END,
                    paid_at = CASE WHEN $2 = 'succeeded' THEN COALESCE(paid_at, $3) ELSE paid_at END,
                    checkout_url = CASE WHEN $2 IN ('open', 'confirmed') THEN checkout_url END,
                    state = CASE WHEN $2 = 'succeeded' AND state <> 'done' THEN 'paid'
                                 WHEN $2 IN ('expired', 'failed') AND state = 'checkout_open' THEN 'expired'
                                 ELSE state END
                  WHERE id = $1";
    Ok(tx.sql(update).bind(id).bind(status).bind(now).execute().await? == 1)
}

/// Ends an open order whose checkout must not be used any more.
pub async fn expire(tx: &mut Tx, id: &str) -> Result<bool> {
    let update = "UPDATE orders SET state = 'expired', checkout_url = NULL WHERE id = $1 AND state = 'checkout_open'";
    Ok(tx.sql(update).bind(id).execute().await? == 1)
}

/// Closes every open order of a user: a commit that is under way has lost its lease, and no page to pay on is known any more.
pub async fn close_all(tx: &mut Tx, user: &str) -> Result<u64> {
    let update = "UPDATE orders SET state = 'expired', checkout_url = NULL, lease_token = NULL, lease_until = 0
                  WHERE user_id = $1 AND kind = 'buy' AND state IN ('committing', 'checkout_open')";
    tx.sql(update).bind(user).execute().await
}

/// Completes a user's orders that an object of theirs, known by these ids, is what was bought of: by checkout, or by the
/// order id in the metadata that our checkouts carry. Their ids, and when each was made.
pub async fn complete(
    tx: &mut Tx,
    user: &str,
    (checkout, metadata_order): (Option<&str>, Option<&str>),
    (received_at, now): (Millis, Millis),
) -> Result<Vec<(String, Millis)>> {
    tx.sql(
        "UPDATE orders SET state = 'done', checkout_status = 'succeeded', checkout_url = NULL, done_at = $5,
                paid_at = COALESCE(paid_at, $4), received_at = COALESCE(received_at, $4)
         WHERE user_id = $1 AND kind = 'buy' AND state <> 'done' AND (checkout_id = $2 OR id = $3)
         RETURNING id, created_at",
    )
    .bind(user)
    .bind(checkout)
    .bind(metadata_order)
    .bind(received_at)
    .bind(now)
    .all()
    .await
}

/// Whether an order of the user was seen paid (or confirmed less than a day ago) and is not folded yet.
pub async fn awaiting<'c>(on: impl Reader<'c>, user: &str, a_day_ago: Millis) -> Result<bool> {
    on.read(
        "SELECT EXISTS (SELECT 1 FROM orders WHERE user_id = $1 AND state <> 'done' AND (
           state = 'paid' OR checkout_status = 'succeeded' OR (checkout_status = 'confirmed' AND checked_at > $2)))",
    )
    .bind(user)
    .bind(a_day_ago)
    .scalar()
    .await
}

/// Takes the right to look at an order's checkout now; `false` if somebody looked after `since`.
pub async fn may_look(db: &super::Db, id: &str, now: Millis, since: Millis) -> Result<bool> {
    let update = "UPDATE orders SET looked_at = $2 WHERE id = $1 AND (looked_at IS NULL OR looked_at <= $3)";
    Ok(db.write(update).bind(id).bind(now).bind(since).execute().await? == 1)
}

/// Gives the right back after a look that failed, unless somebody looked since.
pub async fn look_failed(db: &super::Db, id: &str, looked_at: Millis) -> Result<()> {
    let update = "UPDATE orders SET looked_at = NULL WHERE id = $1 AND looked_at = $2";
    db.write(update).bind(id).bind(looked_at).execute().await.map(drop)
}

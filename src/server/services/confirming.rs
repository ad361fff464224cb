//! Coming back from Polar. A redirect proves nothing: the order is found by its user and id, and only what Polar's API
//! says about its checkout counts. Access never waits for a webhook.

use super::{
    Error,
    access::{self, Access},
    new_id,
    syncing::{self, Unchanged, observe},
};
use crate::{
    model::{
        fold::plan_feature,
        instant::Millis,
        job::SYNC_CHECKOUT,
        order::{Stage, State as OrderState},
        projection::Kind,
        quote::Quote,
    },
    server::{
        db::{
            self, jobs, mirror,
            orders::{self, OrderRow},
        },
        polar,
        state::State,
    },
};

/// At most one look at Polar in so long an order, over all nodes.
const LOOK_EVERY: Millis = 2_000;

/// A job looks again so long after a read that said paid, or being paid.
const LOOK_AGAIN: Millis = 5_000;

/// An order as its buyer may see it.
#[derive(Clone, Debug)]
pub struct Confirmation {
    /// Our order.
    pub order_id: String,
    /// The plan's slug.
    pub plan: String,
    /// What was agreed to; `None` only if a later version wrote it.
    pub quote: Option<Quote>,
    /// How far it has come.
    pub stage: Stage,
    /// Where to pay, while that is possible.
    pub checkout_url: Option<String>,
    /// Why nothing was made.
    pub outcome: Option<String>,
    /// When the payment was first seen, wall time.
    pub paid_at: Option<Millis>,
    /// When Polar's record reached us.
    pub received_at: Option<Millis>,
    /// When access was there.
    pub done_at: Option<Millis>,
    /// When the order was made.
    pub created_at: Millis,
    /// The last look at Polar failed: what is shown may be outdated.
    pub polar_is_down: bool,
    /// It was opened once, and the user does not have the plan any more.
    pub is_over: bool,
}

/// The order of `user` with this id, after a look at Polar if it is not final; `None` if it is not theirs.
///
/// # Errors
/// When the database fails; Polar failing is told in the answer.
pub async fn of_order(state: &State, user: &str, order: &str) -> Result<Option<Confirmation>, Error> {
    if uuid::Uuid::parse_str(order).is_err() {
        return Ok(None);
    }
    let order = orders::by_id(&state.db, order).await?;
    look(state, user, order).await
}

/// The order of `user` that this checkout belongs to.
///
/// # Errors
/// As [`of_order`].
pub async fn of_checkout(state: &State, user: &str, checkout: &str) -> Result<Option<Confirmation>, Error> {
    if uuid::Uuid::parse_str(checkout).is_err() {
        return Ok(None);
    }
    let order = orders::by_checkout(&state.db, checkout).await?;
    look(state, user, order).await
}

/// The user's newest order.
///
/// # Errors
/// As [`of_order`].
pub async fn newest(state: &State, user: &str) -> Result<Option<Confirmation>, Error> {
    let order = orders::newest(&state.db, user).await?;
    look(state, user, order).await
}

async fn look(state: &State, user: &str, order: Option<OrderRow>) -> Result<Option<Confirmation>, Error> {
    let Some(order) = order.filter(|order| order.user_id == user && order.kind == "buy") else { return Ok(None) };
    let looked = if order.state() == OrderState::Done { Ok(true) } else { sync_checkout(state, &order).await };
    let polar_is_down = match looked {
        Ok(_) => false,
        Err(Error::Polar(error)) => {
            tracing::warn!(order_id = order.id, error = %error, "the checkout could not be read");
            true
        }
        Err(error) => return Err(error),
    };
    let order = orders::by_id(&state.db, &order.id).await?.unwrap_or(order);
    // After the order: what it opened was there when it was done.
    let is_over = order.state() == OrderState::Done
        && matches!(access::feature(state, user, &plan_feature(&order.plan)).await, Access::Denied { .. });
    Ok(Some(Confirmation { is_over, ..confirmation(order, polar_is_down, state.clock.wall()) }))
}

fn confirmation(order: OrderRow, polar_is_down: bool, now: Millis) -> Confirmation {
    let stage = order.progress().stage();
    // Nobody works on it any more: there is no checkout, and the buyer must not wait for one.
    let abandoned = stage == Stage::Preparing && order.lease_until <= now;
    Confirmation {
        stage: if abandoned { Stage::Expired } else { stage },
        quote: order.quote(),
        order_id: order.id,
        plan: order.plan,
        checkout_url: order.checkout_url,
        outcome: order.outcome,
        paid_at: order.paid_at,
        received_at: order.received_at,
        done_at: order.done_at,
        created_at: order.created_at,
        polar_is_down,
        is_over: false,
    }
}

/// Reads the order's checkout and, once it succeeded, what came of it; at most every two seconds. `false` if somebody
/// else looked just now.
///
/// # Errors
/// When Polar or the database fails.
pub async fn sync_checkout(state: &State, order: &OrderRow) -> Result<bool, Error> {
    let Some(checkout) = &order.checkout_id else { return Ok(true) };
    let now = state.clock.wall();
    if !orders::may_look(&state.db, &order.id, now, now - LOOK_EVERY).await? {
        return Ok(false);
    }
    match look_at_checkout(state, order, checkout).await {
        Err(Error::Polar(error)) => {
            orders::look_failed(&state.db, &order.id, now).await?;
            Err(error.into())
        }
        other => other.map(|_| true),
    }
}

/// Reads the checkout of an order and, once it succeeded, what came of it; Polar's word for it, or `None` where the order has
/// none.
///
/// # Errors
/// When Polar or the database fails.
pub async fn checkout_status(state: &State, order: &OrderRow) -> Result<Option<String>, Error> {
    match &order.checkout_id {
        Some(checkout) => look_at_checkout(state, order, checkout).await.map(Some),
        None => Ok(None),
    }
}

async fn look_at_checkout(state: &State, order: &OrderRow, checkout: &str) -> Result<String, Error> {
    let status = match state.polar.checkout(checkout).await {
        Ok(seen) => seen.value.status,
        Err(polar::Error::NotFound) => "expired".to_owned(),
        Err(error) => return Err(error.into()),
    };
    note_status(state, &order.id, &status).await?;
    if status == "succeeded" {
        read_bought(state, checkout).await?;
        syncing::after_confirmation(state, &order.user_id).await?;
    }
    Ok(status)
}

/// Stores what a read of an order's checkout said.
///
/// # Errors
/// When the database fails.
pub async fn note_status(state: &State, order: &str, status: &str) -> Result<(), Error> {
    let now = state.clock.wall();
    let noted: Result<(), db::Error> = (state.db)
        .transaction(async |tx| {
            // What was bought is read by a job as well: whoever asked for this read may be gone before the next one.
            if matches!(status, "confirmed" | "succeeded") {
                jobs::queue(tx, &new_id(), SYNC_CHECKOUT, order, now + LOOK_AGAIN).await?;
            }
            orders::checked(tx, order, status, now).await.map(drop)
        })
        .await;
    state.wake.live.notify_waiters();
    Ok(noted?)
}

/// The bills of a checkout and the subscription that they belong to.
async fn read_bought(state: &State, checkout: &str) -> Result<(), Error> {
    for bill in state.polar.objects(Kind::Order, &[("checkout_id", checkout)]).await? {
        if let Some(subscription) = bill.value["subscription_id"].as_str() {
            let seen = state.polar.object(Kind::Subscription, subscription).await?;
            observe_with_product(state, Kind::Subscription, &seen).await?;
        }
        observe_with_product(state, Kind::Order, &bill).await?;
    }
    Ok(())
}

/// Also reads the product where it is unknown: without its plan nothing could be granted.
async fn observe_with_product(state: &State, kind: Kind, seen: &polar::Seen<serde_json::Value>) -> Result<(), Error> {
    if let Some(product) = seen.value["product_id"].as_str()
        && mirror::object(&state.db, Kind::Product, product).await?.is_none()
    {
        let product = state.polar.object(Kind::Product, product).await?;
        observe(state, Kind::Product.stored(), &product, Unchanged::Skip).await?;
    }
    observe(state, kind.stored(), seen, Unchanged::Skip).await.map(drop)
}

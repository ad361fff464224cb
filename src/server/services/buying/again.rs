//! Committing an order again: the same checkout as long as it can be used, and never a second one.

use super::{super::Error, Committed};
use crate::{
    model::{
        order::{Stage, State as OrderState},
        quote::Quote,
    },
    server::{
        db::orders::{self, OrderRow},
        services::confirming,
        state::State,
    },
};
use std::time::Duration;

/// How often, and how long in all, a second request waits for the first one's checkout.
const WAIT: Duration = Duration::from_millis(100);
const WAITS: usize = 60;

/// What the buyer is told who commits `order` again.
pub async fn again(state: &State, order: Box<OrderRow>, quote: &Quote) -> Result<Committed, Error> {
    let order = settled(state, order).await?;
    match order.state() {
        OrderState::Committing | OrderState::Unsettled => Ok(Committed::Preparing(order.id)),
        OrderState::CheckoutOpen => open(state, *order, quote).await,
        OrderState::Paid | OrderState::Done => Ok(Committed::Confirmation(order.id)),
        OrderState::Superseded | OrderState::Expired | OrderState::Refused => {
            let paid = matches!(order.progress().stage(), Stage::Confirmed | Stage::Paid | Stage::Received);
            Ok(if paid { Committed::Confirmation(order.id) } else { Committed::NewQuote })
        }
    }
}

/// Waits while another request is making the checkout.
async fn settled(state: &State, mut order: Box<OrderRow>) -> Result<Box<OrderRow>, Error> {
    for _ in 0..WAITS {
        if order.state() != OrderState::Committing {
            break;
        }
        tokio::time::sleep(WAIT).await;
        if let Some(now) = orders::by_id(&state.db, &order.id).await? {
            *order = now;
        }
    }
    Ok(order)
}

/// The open checkout, if Polar still says so and it charges what the form showed.
async fn open(state: &State, order: OrderRow, quote: &Quote) -> Result<Committed, Error> {
    match confirming::sync_checkout(state, &order).await {
        // What is stored was made for this order and shown before: it stays right while Polar is silent.
        Ok(_) | Err(Error::Polar(_)) => {}
        Err(error) => return Err(error),
    }
    let Some(order) = orders::by_id(&state.db, &order.id).await? else { return Ok(Committed::NotFound) };
    let ran_out = order.expires_at.is_some_and(|at| at <= state.clock.billing());
    match (order.progress().stage(), &order.checkout_url) {
        (Stage::Open, Some(url)) if !ran_out && order.quote_hash == quote.hash() => {
            Ok(Committed::Checkout(url.clone()))
        }
        (Stage::Open, _) => {
            (state.db).transaction(async |tx| orders::expire(tx, &order.id).await).await?;
            Ok(Committed::NewQuote)
        }
        (Stage::Confirmed | Stage::Paid | Stage::Received | Stage::Granted, _) => Ok(Committed::Confirmation(order.id)),
        _ => Ok(Committed::NewQuote),
    }
}

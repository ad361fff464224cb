//! The second and third step: Polar is read, the checkout made, held against the quote, and stored under the lease.

use super::{
    super::{
        Error,
        customers::{self, Missing},
        new_id,
    },
    Buyer, Committed, Obstacle, Wish, again, checks, had_trial,
};
use crate::{
    model::{budget::Urgency, instant::Millis, job::SYNC_CHECKOUT, quote::Quote},
    server::{
        db::{
            self, jobs,
            orders::{self, Opened},
        },
        polar::{self, Checkout, CheckoutRequest},
        state::State,
    },
};
use std::collections::BTreeMap;

/// Polar takes metadata of 1–500 characters (C§1.3).
const LONGEST_METADATA: usize = 500;

/// A new checkout is looked at once by itself, after so long.
const LOOK_AFTER: Millis = 15 * 60 * 1000;

/// Makes the checkout of a leased order.
pub async fn make(state: &State, buyer: &Buyer, wish: &Wish, quote: &Quote, token: &str) -> Result<Committed, Error> {
    let order = wish.order_id.as_str();
    match attempt(state, buyer, wish, quote, token).await {
        Ok(Attempt::Made(checkout)) if quote.equals(&checkout.charge()) => {
            store(state, order, quote, token, &checkout).await
        }
        Ok(Attempt::Made(checkout)) => {
            tracing::warn!(order_id = order, checkout_id = checkout.id, "the checkout charges something else");
            refuse(state, order, token, "quote_changed", Committed::NewQuote).await
        }
        Ok(Attempt::Obstacle(Obstacle::AlreadyYours)) => {
            refuse(state, order, token, "already_yours", Committed::AlreadyYours).await
        }
        Ok(Attempt::Obstacle(_)) => refuse(state, order, token, "change_plan", Committed::ChangePlan).await,
        Ok(Attempt::PaidEarlier(earlier)) => {
            refuse(state, order, token, "paid_earlier", Committed::Confirmation(earlier)).await
        }
        Ok(Attempt::NewQuote) => refuse(state, order, token, "quote_changed", Committed::NewQuote).await,
        Ok(Attempt::LeaseLost) => settled_elsewhere(state, order, quote).await,
        // What is offered is no longer for sale like this: the catalog is read again and the new quote shown.
        Err(Error::Polar(error @ (polar::Error::Refused { .. } | polar::Error::NotFound))) => {
            tracing::warn!(order_id = order, error = %error, "Polar refused the checkout");
            refuse(state, order, token, "quote_changed", Committed::NewQuote).await
        }
        Err(Error::Polar(error)) => {
            tracing::warn!(order_id = order, user_id = buyer.user_id, error = %error, "no checkout could be made");
            refuse(state, order, token, "polar_down", Committed::PolarDown).await
        }
        Err(error) => Err(error),
    }
}

enum Attempt {
    Made(Box<Checkout>),
    Obstacle(Obstacle),
    PaidEarlier(String),
    /// The fresh reads brought an earlier trial to light.
    NewQuote,
    /// Another commit has the order now.
    LeaseLost,
}

async fn attempt(state: &State, buyer: &Buyer, wish: &Wish, quote: &Quote, token: &str) -> Result<Attempt, Error> {
    if let Some(obstacle) = checks::held_at_polar(state, &buyer.user_id, quote).await? {
        return Ok(Attempt::Obstacle(obstacle));
    }
    if let Some(earlier) = checks::paid_earlier(state, &buyer.user_id, &wish.order_id).await? {
        return Ok(Attempt::PaidEarlier(earlier));
    }
    if quote.trial.is_some() && had_trial(state, &buyer.user_id).await? {
        return Ok(Attempt::NewQuote);
    }
    if let Some(email) = &buyer.verified_email {
        // Whether or not that worked the purchase goes on: it carries our ids.
        let polar = state.polar.at(Urgency::Buying);
        customers::tie(state, &polar, &buyer.user_id, email, Missing::Create).await?;
    }
    let now = state.clock.wall();
    let sent: Result<bool, db::Error> =
        (state.db).transaction(async |tx| orders::sent(tx, &wish.order_id, token, now).await).await;
    if !sent? {
        return Ok(Attempt::LeaseLost);
    }
    let checkout = state.polar.at(Urgency::Buying).create_checkout(&request(state, buyer, wish, quote)).await?;
    Ok(Attempt::Made(Box::new(checkout)))
}

fn request(state: &State, buyer: &Buyer, wish: &Wish, quote: &Quote) -> CheckoutRequest {
    let origin = state.config.origin();
    CheckoutRequest {
        products: [quote.offer.product_id.clone()],
        currency: quote.offer.price.currency.clone(),
        external_customer_id: buyer.user_id.clone(),
        customer_email: buyer.verified_email.clone(),
        customer_ip_address: buyer.ip.map(|ip| ip.to_string()),
        allow_trial: quote.trial.is_some(),
        success_url: format!("{origin}/confirmation?checkout_id={{CHECKOUT_ID}}"),
        return_url: format!("{origin}/pricing"),
        metadata: metadata(buyer, wish),
    }
}

fn metadata(buyer: &Buyer, wish: &Wish) -> BTreeMap<&'static str, String> {
    let ours = [("user_id", &buyer.user_id), ("order_id", &wish.order_id), ("plan", &wish.plan)];
    let theirs = wish.attribution.iter().map(|(key, value)| (*key, value));
    let cut = |text: &String| text.chars().take(LONGEST_METADATA).collect::<String>();
    let all = theirs.chain(ours).map(|(key, value)| (key, cut(value)));
    all.filter(|(_, value)| !value.is_empty()).collect()
}

async fn refuse(state: &State, order: &str, token: &str, outcome: &str, answer: Committed) -> Result<Committed, Error> {
    (state.db).transaction(async |tx| orders::refuse(tx, order, token, outcome).await).await?;
    Ok(answer)
}

/// Stores the checkout; if the lease was lost meanwhile, ours was never shown and what is stored counts.
async fn store(
    state: &State,
    order: &str,
    quote: &Quote,
    token: &str,
    checkout: &Checkout,
) -> Result<Committed, Error> {
    let opened =
        Opened { id: &checkout.id, url: &checkout.url, status: &checkout.status, expires_at: checkout.expires_at() };
    let now = state.clock.wall();
    let stored: Result<bool, db::Error> = (state.db)
        .transaction(async |tx| {
            // Also a buyer who pays and never comes back gets access, whatever becomes of the webhooks.
            jobs::queue(tx, &new_id(), SYNC_CHECKOUT, order, now + LOOK_AFTER).await?;
            orders::open(tx, order, token, opened, now).await
        })
        .await;
    if stored? {
        let Quote { offer, .. } = quote;
        metrics::counter!("polar_checkouts_created_total", "plan" => offer.plan.clone()).increment(1);
        tracing::info!(
            order_id = order,
            checkout_id = checkout.id,
            product_id = offer.product_id,
            amount = offer.price.amount,
            "checkout made"
        );
        return Ok(Committed::Checkout(checkout.url.clone()));
    }
    settled_elsewhere(state, order, quote).await
}

/// What is stored counts: another commit made it.
async fn settled_elsewhere(state: &State, order: &str, quote: &Quote) -> Result<Committed, Error> {
    match orders::by_id(&state.db, order).await? {
        Some(order) => again::again(state, Box::new(order), quote).await,
        None => Ok(Committed::NotFound),
    }
}

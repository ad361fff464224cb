//! The payment went through: subscription, order and the succeeded checkout, with their events (C§4.2).

use serde_json::json;
use uuid::Uuid;

use crate::sandbox::api::checkout_view::view;
use crate::sandbox::api::checkouts::{Checkout, Status, put};
use crate::sandbox::api::products::Product;
use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::life::begin::{Start, begin};
use crate::sandbox::life::billing::{self, Bill, Line};
use crate::sandbox::life::jobs::What;
use crate::sandbox::life::{announce, offer, plan, usage};
use crate::sandbox::state::State;

/// Delivers what a confirmed checkout bought.
///
/// # Errors
/// When the checkout or what it names is gone (after a reset).
pub fn fulfil(state: &mut State, id: Uuid) -> Result<(), Refusal> {
    let mut checkout = state.checkout(id)?.clone();
    let customer_id = checkout.customer_id.ok_or(Refusal::NotFound)?;
    let product = state.product(checkout.product_id)?.clone();
    let subscription_id = match checkout.subscription_id {
        Some(id) => Some(upgrade(state, &checkout, id, &product)?),
        None => product.is_recurring.then(|| {
            let start = start(state, &checkout, customer_id, &product);
            begin(state, start)
        }),
    };
    bill(state, &checkout, customer_id, subscription_id, &product)?;
    checkout.status = Status::Succeeded;
    checkout.payment.insert("intent_status".to_owned(), json!("succeeded"));
    // The event still carries the instant of the confirmation (webhook 0030 against http/044).
    let shown = view(state, &checkout);
    state.emit("checkout.updated", shown);
    checkout.modified_at = Some(state.clock.now());
    put(state, checkout);
    state.later(What::StateChanged(customer_id));
    Ok(())
}

fn start(state: &State, checkout: &Checkout, customer_id: Uuid, product: &Product) -> Start {
    Start {
        customer_id,
        product: product.clone(),
        prices: offer::held(state, checkout),
        currency: checkout.currency.clone(),
        discount_id: checkout.discount_id,
        tax_inclusive: checkout.tax_inclusive,
        checkout_id: Some(checkout.id),
        trial_end: checkout.trial_end,
        metadata: checkout.metadata.clone(),
    }
}

/// A free subscription becomes the bought one: its period begins anew, and only `subscription.updated` tells (C§4.2).
fn upgrade(state: &mut State, checkout: &Checkout, id: Uuid, product: &Product) -> Result<Uuid, Refusal> {
    let now = state.clock.now();
    let before = state.subscription(id)?.clone();
    let mut one = before.clone();
    one.discount_id = checkout.discount_id;
    one.ledger.discounted_at = checkout.discount_id.map(|_| now);
    one.ledger.tax_inclusive = checkout.tax_inclusive;
    one.ledger.billed = state.usage.len();
    one.currency.clone_from(&checkout.currency);
    one.metadata.extend(checkout.metadata.clone());
    plan::take(state, &mut one, product, &offer::charged(state, checkout), now);
    one.price(state, offer::held(state, checkout), now);
    one.checkout_id = Some(checkout.id);
    one.begin(now);
    usage::settled(state, &mut one);
    one.modified_at = Some(now);
    *state.subscription_mut(id)? = one;
    announce::changed(state, &before);
    Ok(id)
}

fn bill(
    state: &mut State,
    checkout: &Checkout,
    customer_id: Uuid,
    subscription_id: Option<Uuid>,
    product: &Product,
) -> Result<(), Refusal> {
    let trial = checkout.trial_end.map(|end| (state.clock.peek(), end));
    let (lines, discount_id) = match trial {
        Some((start, end)) => {
            let label = format!("Trial period for {} ({} - {})", product.name, start.short(), end.short());
            (vec![Line { label, amount: 0, price_id: None, proration: false }], None)
        }
        None => (offer::lines(state, checkout, &product.name), checkout.discount_id),
    };
    let bill = Bill {
        customer_id,
        product_id: product.id,
        subscription_id,
        checkout_id: Some(checkout.id),
        reason: match checkout.subscription_id {
            Some(_) => "subscription_update",
            None if product.is_recurring => "subscription_create",
            None => "purchase",
        },
        description: product.name.clone(),
        lines,
        currency: checkout.currency.clone(),
        discount_id,
        tax_inclusive: checkout.tax_inclusive,
        metadata: checkout.metadata.clone(),
    };
    let order = billing::paid(state, bill)?;
    if !checkout.free {
        billing::invoice_later(state, order);
    }
    Ok(())
}

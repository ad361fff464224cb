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
use crate::sandbox::state::State;

/// Delivers what a confirmed checkout bought.
///
/// # Errors
/// When the checkout or what it names is gone (after a reset).
pub fn fulfil(state: &mut State, id: Uuid) -> Result<(), Refusal> {
    let mut checkout = state.checkout(id)?.clone();
    let customer_id = checkout.customer_id.ok_or(Refusal::NotFound)?;
    let product = state.product(checkout.product_id)?.clone();
    let subscription_id = product.is_recurring.then(|| begin(state, start(&checkout, customer_id, &product)));
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

fn start(checkout: &Checkout, customer_id: Uuid, product: &Product) -> Start {
    Start {
        customer_id,
        product: product.clone(),
        price_id: checkout.price_id,
        amount: checkout.amount,
        currency: checkout.currency.clone(),
        checkout_id: Some(checkout.id),
        trial_end: checkout.trial_end,
        metadata: checkout.metadata.clone(),
    }
}

fn bill(
    state: &mut State,
    checkout: &Checkout,
    customer_id: Uuid,
    subscription_id: Option<Uuid>,
    product: &Product,
) -> Result<(), Refusal> {
    let trial = checkout.trial_end.map(|end| (state.clock.peek(), end));
    let label = match trial {
        Some((start, end)) => format!("Trial period for {} ({} - {})", product.name, start.short(), end.short()),
        None => product.name.clone(),
    };
    let line = Line {
        label,
        amount: if trial.is_some() { 0 } else { checkout.amount },
        price_id: Some(checkout.price_id).filter(|_| trial.is_none()),
        proration: false,
    };
    let bill = Bill {
        customer_id,
        product_id: product.id,
        subscription_id,
        checkout_id: Some(checkout.id),
        reason: if product.is_recurring { "subscription_create" } else { "purchase" },
        description: product.name.clone(),
        lines: vec![line],
        currency: checkout.currency.clone(),
        metadata: checkout.metadata.clone(),
    };
    let order = billing::paid(state, bill)?;
    if !checkout.free {
        billing::invoice_later(state, order);
    }
    Ok(())
}

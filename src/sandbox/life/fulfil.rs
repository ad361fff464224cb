//! The payment went through: subscription, order and the succeeded checkout, with their events (C§4.2).

use serde_json::json;
use uuid::Uuid;

use crate::sandbox::api::checkout_view::view;
use crate::sandbox::api::checkouts::{Checkout, Status, put};
use crate::sandbox::api::products::Product;
use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::api::subscription_ledger::Ledger;
use crate::sandbox::api::subscriptions::Subscription;
use crate::sandbox::life::announce;
use crate::sandbox::life::billing::{self, Bill, Line};
use crate::sandbox::life::jobs::What;
use crate::sandbox::life::offer;
use crate::sandbox::secrets;
use crate::sandbox::state::State;

/// Delivers what a confirmed checkout bought.
///
/// # Errors
/// When the checkout or what it names is gone (after a reset).
pub fn fulfil(state: &mut State, id: Uuid) -> Result<(), Refusal> {
    let mut checkout = state.checkout(id)?.clone();
    let customer_id = checkout.customer_id.ok_or(Refusal::NotFound)?;
    let product = state.product(checkout.product_id)?.clone();
    let subscription_id =
        if product.is_recurring { Some(subscribe(state, &checkout, customer_id, &product)) } else { None };
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

fn subscribe(state: &mut State, checkout: &Checkout, customer_id: Uuid, product: &Product) -> Uuid {
    let started = state.clock.now();
    let interval = product.recurring_interval.clone().unwrap_or_default();
    let count = product.recurring_interval_count.unwrap_or(1);
    let mut subscription = Subscription {
        metadata: checkout.metadata.clone(),
        created_at: state.clock.now(),
        modified_at: None,
        id: secrets::id(),
        amount: 0,
        currency: checkout.currency.clone(),
        discount_id: checkout.discount_id,
        ledger: Ledger {
            anchor_day: started.day_of_month(),
            discounted_at: checkout.discount_id.filter(|_| checkout.trial_end.is_none()).map(|_| started),
            billed: state.usage.len(),
            tax_inclusive: checkout.tax_inclusive,
            ..Ledger::default()
        },
        status: if checkout.trial_end.is_some() { "trialing" } else { "active" }.to_owned(),
        current_period_start: started,
        current_period_end: checkout.trial_end.unwrap_or_else(|| started.plus_interval(&interval, count)),
        recurring_interval: interval,
        recurring_interval_count: count,
        trial_start: checkout.trial_end.map(|_| started),
        trial_end: checkout.trial_end,
        cancel_at_period_end: false,
        canceled_at: None,
        started_at: started,
        ends_at: None,
        ended_at: None,
        past_due_at: None,
        pause_at_period_end: false,
        paused_at: None,
        resumes_at: None,
        customer_id,
        product_id: product.id,
        checkout_id: Some(checkout.id),
        customer_cancellation_reason: None,
        customer_cancellation_comment: None,
        price_id: checkout.price_id,
        pending_update: None,
    };
    let id = subscription.id;
    subscription.price(state, offer::held(state, checkout), started);
    state.subscriptions.push(subscription);
    announce::tell(state, id, &["subscription.created", "subscription.active", "subscription.updated"]);
    id
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
        reason: if product.is_recurring { "subscription_create" } else { "purchase" },
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

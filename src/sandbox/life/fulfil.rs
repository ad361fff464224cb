//! The payment went through: subscription, order and the succeeded checkout, with their events (C§4.2).

use serde_json::json;
use uuid::Uuid;

use crate::sandbox::api::checkout_view::view;
use crate::sandbox::api::checkouts::{Checkout, Status, put};
use crate::sandbox::api::orders::{self, Item, Order};
use crate::sandbox::api::products::Product;
use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::api::subscriptions::Subscription;
use crate::sandbox::life::ending;
use crate::sandbox::life::jobs::What;
use crate::sandbox::secrets;
use crate::sandbox::state::{SLUG, State};

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
    let subscription = Subscription {
        metadata: checkout.metadata.clone(),
        created_at: state.clock.now(),
        modified_at: None,
        id: secrets::id(),
        amount: checkout.amount,
        currency: checkout.currency.clone(),
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
        customer_id,
        product_id: product.id,
        checkout_id: Some(checkout.id),
        customer_cancellation_reason: None,
        customer_cancellation_comment: None,
        price_id: checkout.price_id,
    };
    let id = subscription.id;
    state.subscriptions.push(subscription);
    ending::announce(state, id, &["subscription.created", "subscription.active", "subscription.updated"]);
    id
}

fn bill(
    state: &mut State,
    checkout: &Checkout,
    customer_id: Uuid,
    subscription_id: Option<Uuid>,
    product: &Product,
) -> Result<(), Refusal> {
    let number = count_bill(state, customer_id);
    let order = order(state, checkout, &number, (customer_id, subscription_id), product);
    let (id, total) = (order.id, order.total_amount);
    state.orders.push(order);
    tell(state, id, "order.created")?;
    tell(state, id, "order.updated")?;
    if total > 0 {
        let now = state.clock.now();
        let order = state.order_mut(id)?;
        order.receipt_number = Some(format!("RCPT-{number}"));
        order.modified_at = Some(now);
    }
    tell(state, id, "order.paid")?;
    if !checkout.free {
        state.later(What::Invoice(id));
    }
    Ok(())
}

/// Counts a bill of the customer: its row changes, and no event says so (http/046).
fn count_bill(state: &mut State, customer_id: Uuid) -> String {
    let now = state.clock.now();
    if let Some(customer) = state.customers.iter_mut().find(|customer| customer.id == customer_id) {
        customer.modified_at = Some(now);
    }
    let bills = state.orders.iter().filter(|order| order.customer_id == customer_id).count();
    let short: String = customer_id.simple().to_string().to_uppercase().chars().take(10).collect();
    format!("{short}-{:04}", bills + 1)
}

fn order(
    state: &mut State,
    checkout: &Checkout,
    number: &str,
    (customer_id, subscription_id): (Uuid, Option<Uuid>),
    product: &Product,
) -> Order {
    let total_amount = if checkout.trial.is_some() { 0 } else { checkout.amount };
    let billed =
        if checkout.trial.is_some() { format!("Trial period for {}", product.name) } else { product.name.clone() };
    let item = Item {
        created_at: state.clock.now(),
        modified_at: None,
        id: secrets::id(),
        label: billed.clone(),
        amount: total_amount,
        tax_amount: 0,
        proration: false,
        product_price_id: checkout.price_id,
    };
    let created_at = state.clock.now();
    Order {
        id: secrets::id(),
        created_at,
        modified_at: (total_amount > 0).then(|| state.clock.now()),
        status: "paid".to_owned(),
        total_amount,
        currency: checkout.currency.clone(),
        billing_reason: if product.is_recurring { "subscription_create" } else { "purchase" }.to_owned(),
        billing_name: checkout.customer_billing_name.clone().or_else(|| checkout.customer_name.clone()),
        billing_address: checkout.customer_billing_address.clone(),
        invoice_number: format!("{}-{number}", SLUG.to_uppercase()),
        is_invoice_generated: false,
        receipt_number: None,
        customer_id,
        product_id: product.id,
        product_price_id: checkout.price_id,
        subscription_id,
        checkout_id: Some(checkout.id),
        metadata: checkout.metadata.clone(),
        platform_fee_amount: 0,
        items: vec![item],
        description: billed,
    }
}

/// The invoice is ready some time after the payment.
///
/// # Errors
/// When the order is gone.
pub fn invoice(state: &mut State, id: Uuid) -> Result<(), Refusal> {
    let now = state.clock.now();
    let order = state.order_mut(id)?;
    order.is_invoice_generated = true;
    // Polar's 4 % and 40 minor units (http/075: 100 of 1000 with its international surcharge left out).
    order.platform_fee_amount = if order.total_amount > 0 { order.total_amount / 25 + 40 } else { 0 };
    order.modified_at = Some(now);
    tell(state, id, "order.updated")
}

fn tell(state: &mut State, id: Uuid, kind: &str) -> Result<(), Refusal> {
    let shown = orders::view(state, state.order(id)?);
    state.emit(kind, shown);
    Ok(())
}

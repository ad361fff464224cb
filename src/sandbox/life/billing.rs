//! Bills: made, paid from balance and card, voided, and their invoice a moment later (C§2.9, C§4.2).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::amounts::{self, Amounts};
use super::jobs::What;
use super::{balance, dunning};
use crate::sandbox::api::orders::{self, Item, Order};
use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::secrets;
use crate::sandbox::state::State;

/// One line of a bill to be; credits are negative.
#[derive(Clone, Serialize, Deserialize)]
pub struct Line {
    pub label: String,
    pub amount: i64,
    /// None for a trial, which bills nothing.
    pub price_id: Option<Uuid>,
    pub proration: bool,
}

/// What is billed to whom.
pub struct Bill {
    pub customer_id: Uuid,
    pub product_id: Uuid,
    pub subscription_id: Option<Uuid>,
    pub checkout_id: Option<Uuid>,
    pub reason: &'static str,
    /// The product's name.
    pub description: String,
    pub lines: Vec<Line>,
    pub currency: String,
    pub discount_id: Option<Uuid>,
    pub tax_inclusive: bool,
    pub metadata: Map<String, Value>,
}

/// Makes an order that is paid already, and without credit: how a checkout bills (webhooks 0063–0065).
///
/// # Errors
/// When the customer is gone.
pub fn paid(state: &mut State, bill: Bill) -> Result<Uuid, Refusal> {
    let sums = Amounts { applied: 0, ..amounts::of(state, &bill) };
    let id = open(state, bill, sums)?;
    let now = state.clock.now();
    let order = state.order_mut(id)?;
    "paid".clone_into(&mut order.status);
    order.modified_at = (order.due() > 0).then_some(now);
    tell(state, id, "order.created")?;
    tell(state, id, "order.updated")?;
    receipt(state, id)?;
    tell(state, id, "order.paid")?;
    Ok(id)
}

/// Makes a pending order, less what the customer has as credit; what is due nothing is paid at once, and a negative
/// one becomes credit (C§11 "Money").
///
/// # Errors
/// When the customer is gone.
pub fn owed(state: &mut State, bill: Bill) -> Result<Uuid, Refusal> {
    let sums = amounts::of(state, &bill);
    let (customer_id, currency) = (bill.customer_id, bill.currency.clone());
    let id = open(state, bill, sums)?;
    let total = sums.total();
    balance::add(state, customer_id, &currency, if total >= 0 { sums.applied } else { -total });
    tell(state, id, "order.created")?;
    if state.order(id)?.due() == 0 {
        settle(state, id)?;
    }
    Ok(id)
}

/// The money of a pending order came in: a subscription that was behind is active again first (C§4.2 "Recovery").
///
/// # Errors
/// When the order is gone.
pub fn settle(state: &mut State, id: Uuid) -> Result<(), Refusal> {
    let now = state.clock.now();
    let order = state.order_mut(id)?;
    "paid".clone_into(&mut order.status);
    order.next_payment_attempt_at = None;
    order.modified_at = Some(now);
    if let Some(subscription_id) = order.subscription_id {
        dunning::recovered(state, subscription_id)?;
    }
    tell(state, id, "order.updated")?;
    receipt(state, id)?;
    tell(state, id, "order.paid")?;
    // A free period has none (webhooks 0350–0352).
    if state.order(id)?.total_amount != 0 {
        invoice_later(state, id);
    }
    Ok(())
}

/// Voids the open orders of an ended subscription; credit that they used comes back.
///
/// # Errors
/// When an order is gone.
pub fn void(state: &mut State, subscription_id: Uuid) -> Result<(), Refusal> {
    let open = |one: &&Order| one.subscription_id == Some(subscription_id) && one.status == "pending";
    for id in state.orders.iter().filter(open).map(|one| one.id).collect::<Vec<_>>() {
        let now = state.clock.now();
        let order = state.order_mut(id)?;
        "void".clone_into(&mut order.status);
        order.next_payment_attempt_at = None;
        order.modified_at = Some(now);
        let (customer_id, currency, used) = (order.customer_id, order.currency.clone(), order.applied_balance_amount);
        balance::add(state, customer_id, &currency, -used.min(0));
        tell(state, id, "order.updated")?;
    }
    Ok(())
}

/// The invoice is ready some time after the payment.
///
/// # Errors
/// When the order is gone.
pub fn invoice(state: &mut State, id: Uuid) -> Result<(), Refusal> {
    let now = state.clock.now();
    let order = state.order_mut(id)?;
    order.is_invoice_generated = true;
    order.modified_at = Some(now);
    // The event does not know of the fee, although it was told before (webhooks 0070, 0074).
    let unaware = Order { platform_fee_amount: 0, ..order.clone() };
    let shown = orders::view(state, &unaware);
    state.emit("order.updated", shown);
    Ok(())
}

/// What the payment cost is known a little after it.
///
/// # Errors
/// When the order is gone.
pub fn fee(state: &mut State, id: Uuid) -> Result<(), Refusal> {
    let now = state.clock.now();
    let order = state.order_mut(id)?;
    // 5 % and 50 minor units (http/075, http/137).
    order.platform_fee_amount = order.due() / 20 + 50;
    order.modified_at = Some(now);
    tell(state, id, "order.updated")
}

/// Queues the fee and the invoice of an order.
pub fn invoice_later(state: &mut State, id: Uuid) {
    if state.order(id).is_ok_and(|order| order.due() > 0) {
        state.later(What::Fee(id));
    }
    state.later(What::Invoice(id));
}

/// Sends an event about an order.
///
/// # Errors
/// When the order is gone.
pub fn tell(state: &mut State, id: Uuid, kind: &str) -> Result<(), Refusal> {
    let shown = orders::view(state, state.order(id)?);
    state.emit(kind, shown);
    Ok(())
}

fn open(state: &mut State, bill: Bill, sums: Amounts) -> Result<Uuid, Refusal> {
    let number = count(state, bill.customer_id);
    let customer = state.customer(bill.customer_id)?;
    let (billing_name, billing_address) = (customer.billing_name.clone(), customer.billing_address.clone());
    let created_at = state.clock.now();
    let price_id = bill.lines.first().and_then(|line| line.price_id);
    let items = bill.lines.into_iter().map(|line| item(state, line)).collect();
    let id = secrets::id();
    state.orders.push(Order {
        id,
        created_at,
        modified_at: None,
        status: "pending".to_owned(),
        total_amount: sums.total(),
        discount_id: bill.discount_id,
        discount_amount: sums.discount,
        tax_amount: sums.tax,
        tax_inclusive: sums.inclusive,
        applied_balance_amount: sums.applied,
        refunded_amount: 0,
        refunded_tax_amount: 0,
        next_payment_attempt_at: None,
        currency: bill.currency,
        billing_reason: bill.reason.to_owned(),
        billing_name,
        billing_address,
        invoice_number: format!("{}-{number}", state.identity.slug.to_uppercase()),
        is_invoice_generated: false,
        receipt_number: None,
        customer_id: bill.customer_id,
        product_id: bill.product_id,
        product_price_id: price_id,
        subscription_id: bill.subscription_id,
        checkout_id: bill.checkout_id,
        metadata: bill.metadata,
        platform_fee_amount: 0,
        items,
        description: bill.description,
        failures: 0,
        receipt_ready: false,
    });
    Ok(id)
}

fn item(state: &mut State, line: Line) -> Item {
    Item {
        created_at: state.clock.now(),
        modified_at: None,
        id: secrets::id(),
        label: line.label,
        amount: line.amount,
        tax_amount: 0,
        proration: line.proration,
        product_price_id: line.price_id,
    }
}

/// Money that was taken has a receipt.
fn receipt(state: &mut State, id: Uuid) -> Result<(), Refusal> {
    let now = state.clock.now();
    let prefix = format!("{}-", state.identity.slug.to_uppercase());
    let order = state.order_mut(id)?;
    if order.due() > 0 {
        order.receipt_number = order.invoice_number.strip_prefix(&prefix).map(|number| format!("RCPT-{number}"));
        order.modified_at = Some(now);
    }
    Ok(())
}

/// Counts a bill of the customer: its row changes, and no event says so (http/046).
fn count(state: &mut State, customer_id: Uuid) -> String {
    let now = state.clock.now();
    if let Some(customer) = state.customers.iter_mut().find(|customer| customer.id == customer_id) {
        customer.modified_at = Some(now);
    }
    let bills = state.orders.iter().filter(|order| order.customer_id == customer_id).count();
    let short: String = customer_id.simple().to_string().to_uppercase().chars().take(10).collect();
    format!("{short}-{:04}", bills + 1)
}

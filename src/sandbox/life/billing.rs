//! Bills: made, paid, and their invoice a moment later (C§2.9, C§4.2).

use serde_json::{Map, Value};
use uuid::Uuid;

use super::jobs::What;
use crate::sandbox::api::orders::{self, Item, Order};
use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::secrets;
use crate::sandbox::state::{SLUG, State};

/// What is billed to whom.
pub struct Bill {
    pub customer_id: Uuid,
    pub product_id: Uuid,
    /// None for a trial, which bills nothing.
    pub price_id: Option<Uuid>,
    pub subscription_id: Option<Uuid>,
    pub checkout_id: Option<Uuid>,
    pub reason: &'static str,
    /// The product's name.
    pub description: String,
    /// The text of the only line.
    pub label: String,
    pub amount: i64,
    pub currency: String,
    pub metadata: Map<String, Value>,
}

/// Makes an order that is paid already: how a checkout bills (webhooks 0063–0065).
///
/// # Errors
/// When the customer is gone.
pub fn paid(state: &mut State, bill: Bill) -> Result<Uuid, Refusal> {
    let id = open(state, bill, "paid")?;
    tell(state, id, "order.created")?;
    tell(state, id, "order.updated")?;
    receipt(state, id)?;
    tell(state, id, "order.paid")?;
    Ok(id)
}

/// Makes a pending order and takes the money: how a renewal bills (webhooks 0387–0392).
///
/// # Errors
/// When the customer is gone.
pub fn collect(state: &mut State, bill: Bill) -> Result<Uuid, Refusal> {
    let id = open(state, bill, "pending")?;
    tell(state, id, "order.created")?;
    let now = state.clock.now();
    let order = state.order_mut(id)?;
    "paid".clone_into(&mut order.status);
    order.modified_at = Some(now);
    tell(state, id, "order.updated")?;
    receipt(state, id)?;
    tell(state, id, "order.paid")?;
    Ok(id)
}

/// The invoice is ready some time after the payment.
///
/// # Errors
/// When the order is gone.
pub fn invoice(state: &mut State, id: Uuid) -> Result<(), Refusal> {
    let now = state.clock.now();
    let order = state.order_mut(id)?;
    order.is_invoice_generated = true;
    // 5 % and 50 minor units (http/075, http/137).
    order.platform_fee_amount = if order.total_amount > 0 { order.total_amount / 20 + 50 } else { 0 };
    order.modified_at = Some(now);
    tell(state, id, "order.updated")
}

/// Queues the invoice of an order.
pub fn invoice_later(state: &mut State, id: Uuid) {
    state.later(What::Invoice(id));
}

fn open(state: &mut State, bill: Bill, status: &str) -> Result<Uuid, Refusal> {
    let number = count(state, bill.customer_id);
    let customer = state.customer(bill.customer_id)?;
    let (billing_name, billing_address) = (customer.billing_name.clone(), customer.billing_address.clone());
    let created_at = state.clock.now();
    let item = Item {
        created_at: state.clock.now(),
        modified_at: None,
        id: secrets::id(),
        label: bill.label,
        amount: bill.amount,
        tax_amount: 0,
        proration: false,
        product_price_id: bill.price_id,
    };
    let id = secrets::id();
    let modified_at = (bill.amount > 0).then(|| state.clock.now());
    state.orders.push(Order {
        id,
        created_at,
        modified_at,
        status: status.to_owned(),
        total_amount: bill.amount,
        currency: bill.currency,
        billing_reason: bill.reason.to_owned(),
        billing_name,
        billing_address,
        invoice_number: format!("{}-{number}", SLUG.to_uppercase()),
        is_invoice_generated: false,
        receipt_number: None,
        customer_id: bill.customer_id,
        product_id: bill.product_id,
        product_price_id: bill.price_id,
        subscription_id: bill.subscription_id,
        checkout_id: bill.checkout_id,
        metadata: bill.metadata,
        platform_fee_amount: 0,
        items: vec![item],
        description: bill.description,
    });
    Ok(id)
}

/// Money that was taken has a receipt.
fn receipt(state: &mut State, id: Uuid) -> Result<(), Refusal> {
    let now = state.clock.now();
    let order = state.order_mut(id)?;
    if order.total_amount > 0 {
        let prefix = format!("{}-", SLUG.to_uppercase());
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

fn tell(state: &mut State, id: Uuid, kind: &str) -> Result<(), Refusal> {
    let shown = orders::view(state, state.order(id)?);
    state.emit(kind, shown);
    Ok(())
}

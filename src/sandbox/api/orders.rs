//! Orders, Polar's bills (C§2.9): list and read.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::listing::Query;
use super::products::{Product, join, path_id, remove};
use super::subscription_ledger;
use super::subscriptions::Subscription;
use super::{Answer, Shared};
use crate::sandbox::clock::Stamp;
use crate::sandbox::state;

const IDS: [&str; 5] = ["product_id", "customer_id", "checkout_id", "subscription_id", "discount_id"];
const FILTERS: [&str; 7] =
    ["product_id", "customer_id", "external_customer_id", "checkout_id", "subscription_id", "discount_id", "status"];

/// One line of a bill.
#[derive(Clone, Serialize, Deserialize)]
pub struct Item {
    pub created_at: Stamp,
    pub modified_at: Option<Stamp>,
    pub id: Uuid,
    pub label: String,
    pub amount: i64,
    pub tax_amount: i64,
    pub proration: bool,
    pub product_price_id: Option<Uuid>,
}

/// One bill. Amounts are minor units.
#[derive(Clone, Serialize, Deserialize)]
pub struct Order {
    pub id: Uuid,
    pub created_at: Stamp,
    pub modified_at: Option<Stamp>,
    pub status: String,
    pub total_amount: i64,
    pub currency: String,
    pub billing_reason: String,
    pub billing_name: Option<String>,
    pub billing_address: Option<Value>,
    pub invoice_number: String,
    pub is_invoice_generated: bool,
    pub receipt_number: Option<String>,
    pub customer_id: Uuid,
    pub product_id: Uuid,
    pub product_price_id: Option<Uuid>,
    pub subscription_id: Option<Uuid>,
    pub checkout_id: Option<Uuid>,
    pub metadata: Map<String, Value>,
    pub platform_fee_amount: i64,
    pub items: Vec<Item>,
    pub description: String,
    #[serde(default)]
    pub discount_id: Option<Uuid>,
    #[serde(default)]
    pub discount_amount: i64,
    #[serde(default)]
    pub tax_amount: i64,
    /// The tax is part of the prices, not on top of them.
    #[serde(default)]
    pub tax_inclusive: bool,
    /// Negative where credit pays.
    #[serde(default)]
    pub applied_balance_amount: i64,
    #[serde(default)]
    pub refunded_amount: i64,
    #[serde(default)]
    pub refunded_tax_amount: i64,
    #[serde(default)]
    pub next_payment_attempt_at: Option<Stamp>,
    /// Charges that failed.
    #[serde(default)]
    pub failures: usize,
    /// The receipt can be fetched.
    #[serde(default)]
    pub receipt_ready: bool,
}

/// What is nobody's business.
const HIDDEN: [&str; 3] = ["failures", "receipt_ready", "tax_inclusive"];

impl Order {
    /// The cash of it: the total less the credit used.
    pub fn due(&self) -> i64 {
        (self.total_amount + self.applied_balance_amount).max(0)
    }

    /// The total before tax.
    pub fn net(&self) -> i64 {
        self.total_amount - self.tax_amount
    }

    /// What can still be given back, before tax.
    pub fn refundable(&self) -> i64 {
        (self.net() + self.applied_balance_amount - self.refunded_amount).max(0)
    }

    /// The tax that can still be given back.
    pub fn refundable_tax(&self) -> i64 {
        (self.tax_amount - self.refunded_tax_amount).max(0)
    }

    /// Paid, whether or not it was given back since.
    pub fn is_paid(&self) -> bool {
        ["paid", "refunded", "partially_refunded"].contains(&self.status.as_str())
    }

    fn money(&self) -> Value {
        let subtotal = self.net() + self.discount_amount + if self.tax_inclusive { self.tax_amount } else { 0 };
        json!({
            "paid": self.is_paid(), "subtotal_amount": subtotal, "net_amount": self.net(), "due_amount": self.due(),
            "amount": self.net(), "from_balance_amount": self.applied_balance_amount,
            "refundable_amount": self.refundable(), "refundable_tax_amount": self.refundable_tax(),
            "platform_fee_currency": (self.platform_fee_amount > 0).then_some(&self.currency),
        })
    }
}

/// The order as its own routes and events show it.
pub fn view(state: &state::State, one: &Order) -> Value {
    let mut shown = json!(one);
    remove(&mut shown, &HIDDEN);
    join(&mut shown, one.money());
    let customer = state.customer(one.customer_id);
    let product = state.product(one.product_id);
    let subscription = one.subscription_id.and_then(|id| state.subscription(id).ok());
    join(
        &mut shown,
        json!({
            "seats": null, "units": null, "custom_field_data": {},
            "customer": customer.as_ref().ok().map(|who| who.full()), "user_id": one.customer_id,
            "user": customer.ok().map(|who| who.as_user()),
            "product_price": product.as_ref().ok().and_then(|product| product.price(one.product_price_id?)),
            "product": product.ok().map(Product::bare),
            "discount": subscription_ledger::discount(state, one.discount_id),
            "subscription": subscription.map(Subscription::bare),
        }),
    );
    shown
}

/// `GET /v1/orders/`
pub async fn list(State(app): Shared, query: Query) -> Answer {
    query.ids(&IDS)?;
    let billing = query.one("product_billing_type");
    app.read(|state| {
        let recurs = |one: &Order| state.product(one.product_id).is_ok_and(|product| product.is_recurring);
        let billed = |one: &&Order| billing.is_none_or(|billing| (billing == "recurring") == recurs(one));
        let value = |one: &&Order, name: &str| value(state, one, name);
        let all = state.orders.iter().filter(billed);
        query.select_of(all, (&FILTERS, "-created_at"), value, |one| view(state, one))
    })
}

/// What lists are filtered and sorted by.
fn value(state: &state::State, one: &Order, name: &str) -> Option<Value> {
    Some(match name {
        "product_id" => json!(one.product_id),
        "customer_id" => json!(one.customer_id),
        "external_customer_id" => json!(state.customer(one.customer_id).ok()?.external_id),
        "checkout_id" => json!(one.checkout_id),
        "subscription_id" => json!(one.subscription_id),
        "status" => json!(one.status),
        "metadata" => json!(one.metadata),
        "created_at" => json!(one.created_at),
        _ => return None,
    })
}

/// `GET /v1/orders/{id}`
pub async fn read(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    Ok(Json(app.read(|state| state.order(id).map(|one| view(state, one)))?).into_response())
}

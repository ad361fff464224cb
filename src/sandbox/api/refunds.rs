//! Refunds (C§2.10): made and listed. The amount is net of tax; a subscription is never touched.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::body::{Body, Fields};
use super::listing::Query;
use super::products::{join, remove};
use super::refusal::{Detail, Refusal};
use super::{Answer, Shared};
use crate::sandbox::clock::Stamp;
use crate::sandbox::life::billing;
use crate::sandbox::life::currency::rounded;
use crate::sandbox::life::jobs::What;
use crate::sandbox::secrets;
use crate::sandbox::state;

const IDS: [&str; 4] = ["id", "order_id", "subscription_id", "customer_id"];
const FILTERS: [&str; 5] = ["id", "order_id", "subscription_id", "customer_id", "external_customer_id"];
const REASONS: [&str; 6] =
    ["duplicate", "fraudulent", "customer_request", "service_disruption", "satisfaction_guarantee", "other"];

/// One refund, as Polar shows it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Refund {
    pub created_at: Stamp,
    pub modified_at: Option<Stamp>,
    pub id: Uuid,
    pub metadata: Map<String, Value>,
    pub status: String,
    pub reason: String,
    pub amount: i64,
    pub tax_amount: i64,
    pub currency: String,
    pub organization_id: Uuid,
    pub order_id: Uuid,
    pub subscription_id: Option<Uuid>,
    pub customer_id: Uuid,
    pub revoke_benefits: bool,
    pub dispute: Option<Value>,
}

/// What is asked for.
struct Wish {
    order_id: Uuid,
    amount: i64,
    reason: String,
    revoke_benefits: bool,
    metadata: Map<String, Value>,
}

/// `GET /v1/refunds/`
pub async fn list(State(app): Shared, query: Query) -> Answer {
    query.ids(&IDS)?;
    let succeeded = query.flag("succeeded");
    let items: Vec<Value> = app.read(|state| state.refunds.iter().map(|one| with_customer(state, one)).collect());
    let found = items.into_iter().filter(|item| {
        query.matches(item, &FILTERS) && succeeded.is_none_or(|wanted| (item["status"] == "succeeded") == wanted)
    });
    let shown = found.map(|mut item| {
        remove(&mut item, &["customer"]);
        item
    });
    query.page(shown.collect(), "-created_at")
}

/// With what the list filters by.
fn with_customer(state: &state::State, one: &Refund) -> Value {
    let mut item = json!(one);
    let external_id = state.customer(one.customer_id).ok().and_then(|customer| customer.external_id.clone());
    join(&mut item, json!({"customer": {"external_id": external_id}}));
    item
}

/// `POST /v1/refunds/`
pub async fn create(State(app): Shared, Body(sent): Body) -> Answer {
    let wish = read(&sent)?;
    let refund = app.write(|state| {
        allowed(state, &wish)?;
        refund(state, wish)
    })?;
    Ok((StatusCode::CREATED, Json(refund)).into_response())
}

fn read(sent: &Map<String, Value>) -> Result<Wish, Refusal> {
    let mut fields = Fields::of(sent);
    ["order_id", "reason", "amount"].iter().for_each(|key| fields.require(key));
    let reason = fields.text("reason").unwrap_or_default();
    if fields.has("reason") && !REASONS.contains(&reason.as_str()) {
        let (last, rest) = REASONS.split_last().expect("there are reasons");
        let expected = rest.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ");
        let expected = format!("{expected} or '{last}'");
        let detail = Detail::body("enum", "reason", format!("Input should be {expected}"), json!(reason));
        fields.wrong.push(detail.with(json!({"expected": expected})));
    }
    let amount = fields.integer("amount").unwrap_or_default();
    if amount <= 0 && fields.raw("amount").is_some_and(Value::is_i64) {
        let detail = Detail::body("greater_than", "amount", "Input should be greater than 0", json!(amount));
        fields.wrong.push(detail.with(json!({"gt": 0})));
    }
    fields.text("comment");
    let wish = Wish {
        order_id: fields.uuid("order_id").unwrap_or_default(),
        amount,
        reason,
        revoke_benefits: fields.flag("revoke_benefits").unwrap_or(false),
        metadata: fields.metadata("metadata").unwrap_or_default(),
    };
    fields.done().map(|()| wish)
}

/// In the order in which Polar looks.
fn allowed(state: &state::State, wish: &Wish) -> Result<(), Refusal> {
    let missing = |_| Refusal::field("order_id", "Order not found", json!(wish.order_id));
    let order = state.order(wish.order_id).map_err(missing)?;
    if order.status == "refunded" {
        let detail = format!("Order is already fully refunded: {}", order.id);
        return Err(Refusal::domain(StatusCode::FORBIDDEN, "RefundedAlready", detail));
    }
    if wish.revoke_benefits && order.subscription_id.is_some() {
        let detail = "Subscription benefits can only be revoked upon cancellation";
        return Err(Refusal::domain(StatusCode::BAD_REQUEST, "RevokeSubscriptionBenefitsProhibited", detail));
    }
    if wish.amount > order.refundable() {
        return Err(Refusal::field("amount", "Refund amount exceeds refundable amount", json!(wish.amount)));
    }
    if !order.is_paid() {
        let detail = format!("Refund issued for unknown order: {}", order.id);
        return Err(Refusal::domain(StatusCode::NOT_FOUND, "RefundUnknownPayment", detail));
    }
    Ok(())
}

/// The event shows the refund before the order knows of it (webhooks 0140–0142).
fn refund(state: &mut state::State, wish: Wish) -> Result<Refund, Refusal> {
    let order = state.order(wish.order_id)?.clone();
    let tax_amount = if wish.amount == order.refundable() {
        order.refundable_tax()
    } else {
        rounded(Decimal::from(order.tax_amount) * Decimal::from(wish.amount) / Decimal::from(order.net()))
    };
    let mut refund = Refund {
        created_at: state.clock.now(),
        modified_at: None,
        id: secrets::id(),
        metadata: wish.metadata,
        status: if state.faults.refunds_pend { "pending" } else { "succeeded" }.to_owned(),
        reason: wish.reason,
        amount: wish.amount,
        tax_amount,
        currency: order.currency,
        organization_id: state.identity.organization_id,
        order_id: order.id,
        subscription_id: order.subscription_id,
        customer_id: order.customer_id,
        revoke_benefits: wish.revoke_benefits,
        dispute: None,
    };
    state.refunds.push(refund.clone());
    state.emit("refund.created", json!(refund));
    counted(state, &refund, 1)?;
    if refund.status == "succeeded" {
        billing::tell(state, refund.order_id, "order.refunded")?;
    }
    state.later(What::Refunded(refund.id));
    if refund.revoke_benefits {
        // Starting the revocation writes the row once more (http/139).
        refund.modified_at = Some(state.clock.now());
        state.refunds.iter_mut().filter(|one| one.id == refund.id).for_each(|one| one.clone_from(&refund));
    }
    Ok(refund)
}

/// The order's totals hold every refund that has not failed (C§2.10): one more, or one less.
fn counted(state: &mut state::State, refund: &Refund, times: i64) -> Result<(), Refusal> {
    let now = state.clock.now();
    let order = state.order_mut(refund.order_id)?;
    order.refunded_amount += times * refund.amount;
    order.refunded_tax_amount += times * refund.tax_amount;
    let status = match (order.refunded_amount, order.refundable()) {
        (0, _) => "paid",
        (_, 0) => "refunded",
        _ => "partially_refunded",
    };
    status.clone_into(&mut order.status);
    order.modified_at = Some(now);
    billing::tell(state, refund.order_id, "order.updated")
}

/// What the payment provider says of a pending refund.
fn settled(state: &mut state::State, id: Uuid) -> Result<(), Refusal> {
    let failed = state.faults.refunds_fail;
    let refund = state.refunds.iter_mut().find(|refund| refund.id == id).ok_or(Refusal::NotFound)?;
    if refund.status != "pending" {
        return Ok(());
    }
    refund.status = if failed { "failed" } else { "succeeded" }.to_owned();
    let refund = refund.clone();
    if failed { counted(state, &refund, -1) } else { billing::tell(state, refund.order_id, "order.refunded") }
}

/// The payment provider reports twice, and each report is an event (webhooks 0143–0144).
///
/// # Errors
/// When the refund is gone.
pub fn reported(state: &mut state::State, id: Uuid) -> Result<(), Refusal> {
    settled(state, id)?;
    for _ in 0..2 {
        let now = state.clock.now();
        let refund = state.refunds.iter_mut().find(|refund| refund.id == id).ok_or(Refusal::NotFound)?;
        let shown = json!(refund);
        refund.modified_at = Some(now);
        state.emit("refund.updated", shown);
    }
    Ok(())
}

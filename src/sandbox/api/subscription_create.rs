//! Subscriptions made by the merchant (C§2.8): free recurring products only, for customers who exist; no order.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::body::{Body, Fields};
use super::prices::Price;
use super::products::Product;
use super::refusal::{Detail, Refusal};
use super::subscription_ledger::Ledger;
use super::subscriptions::{Subscription, view};
use super::{Answer, Shared};
use crate::sandbox::life::announce;
use crate::sandbox::secrets;
use crate::sandbox::state;

const NOT_FREE: &str = "Product is not free. The customer should go through a checkout to create a paid subscription.";

/// `POST /v1/subscriptions/`
pub async fn create(State(app): Shared, Body(sent): Body) -> Answer {
    let shown = app.write(|state| {
        let one = new(state, &sent)?;
        let id = one.id;
        state.subscriptions.push(one);
        announce::tell(state, id, &["subscription.created", "subscription.active", "subscription.updated"]);
        state.subscription(id).map(|one| view(state, one))
    })?;
    Ok((StatusCode::CREATED, Json(shown)).into_response())
}

fn new(state: &mut state::State, sent: &Map<String, Value>) -> Result<Subscription, Refusal> {
    let mut fields = Fields::of(sent);
    fields.require("product_id");
    let product_id = fields.uuid("product_id").unwrap_or_default();
    let (id, external) = (fields.uuid("customer_id"), fields.text("external_customer_id"));
    let metadata = fields.metadata("metadata").unwrap_or_default();
    if id.is_none() && external.is_none() {
        fields.wrong.push(missing("SubscriptionCreateCustomer", "customer_id", sent));
        fields.wrong.push(missing("SubscriptionCreateExternalCustomer", "external_customer_id", sent));
    }
    fields.done()?;
    let (product, price) = free(state, product_id)?;
    let (interval, count) = (product.recurring_interval.clone(), product.recurring_interval_count.unwrap_or(1));
    let (interval, price_id, currency) = (interval.unwrap_or_default(), price.id, price.price_currency.clone());
    let customer_id = customer(state, id, external.as_deref())?;
    let started = state.clock.now();
    Ok(Subscription {
        metadata,
        created_at: state.clock.now(),
        modified_at: None,
        id: secrets::id(),
        amount: 0,
        discount_id: None,
        ledger: Ledger { anchor_day: started.day_of_month(), billed: state.usage.len(), ..Ledger::default() },
        currency,
        status: "active".to_owned(),
        current_period_start: started,
        current_period_end: started.plus_interval(&interval, count),
        recurring_interval: interval,
        recurring_interval_count: count,
        trial_start: None,
        trial_end: None,
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
        product_id,
        checkout_id: None,
        customer_cancellation_reason: None,
        customer_cancellation_comment: None,
        price_id,
        pending_update: None,
    })
}

fn missing(variant: &str, field: &str, sent: &Map<String, Value>) -> Detail {
    let mut detail = Detail::body("missing", field, "Field required", json!(sent));
    detail.loc.insert(1, json!(variant));
    detail
}

/// Its price in the organization's currency, or the first there is (http/149).
fn free(state: &state::State, id: Uuid) -> Result<(&Product, &Price), Refusal> {
    let wrong = |msg: &str| Refusal::field("product_id", msg, json!(id));
    let product = state.product(id).map_err(|_| wrong("Product does not exist."))?;
    if !product.is_recurring {
        return Err(wrong("Product is not a recurring product."));
    }
    let prices = product.prices();
    let price = prices.iter().find(|price| price.price_currency == "usd").or(prices.first());
    price.filter(|price| price.is_free()).map(|price| (product, *price)).ok_or_else(|| wrong(NOT_FREE))
}

fn customer(state: &state::State, id: Option<Uuid>, external: Option<&str>) -> Result<Uuid, Refusal> {
    let wrong = |field: &str, input: Value| Refusal::field(field, "Customer does not exist.", input);
    match id {
        Some(id) => state.customer(id).map(|found| found.id).map_err(|_| wrong("customer_id", json!(id))),
        None => external
            .and_then(|external| state.customer_by_external(external))
            .map(|found| found.id)
            .ok_or_else(|| wrong("external_customer_id", json!(external))),
    }
}

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
use super::subscription_ledger::Held;
use super::subscriptions::view;
use super::{Answer, Shared};
use crate::sandbox::life::begin::{Start, begin};
use crate::sandbox::state;

const NOT_FREE: &str = "Product is not free. The customer should go through a checkout to create a paid subscription.";

/// `POST /v1/subscriptions/`
pub async fn create(State(app): Shared, Body(sent): Body) -> Answer {
    let shown = app.write(|state| {
        let start = start(state, &sent)?;
        let id = begin(state, start);
        state.subscription(id).map(|one| view(state, one))
    })?;
    Ok((StatusCode::CREATED, Json(shown)).into_response())
}

fn start(state: &state::State, sent: &Map<String, Value>) -> Result<Start, Refusal> {
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
    Ok(Start {
        customer_id: customer(state, id, external.as_deref())?,
        product: product.clone(),
        prices: vec![Held::of(price, None)],
        discount_id: None,
        tax_inclusive: false,
        currency: price.price_currency.clone(),
        checkout_id: None,
        trial_end: None,
        metadata,
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

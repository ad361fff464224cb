//! The customer's orders, with their invoices and receipts.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use serde_json::Value;
use uuid::Uuid;

use super::guest::Guest;
use super::views;
use crate::sandbox::api::listing::Query;
use crate::sandbox::api::orders::Order;
use crate::sandbox::api::products::path_id;
use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::api::{Answer, Shared, invoices};
use crate::sandbox::state;

/// `GET /v1/customer-portal/orders/`
pub async fn list(State(app): Shared, Guest(customer_id): Guest, query: Query) -> Answer {
    query.ids(&["product_id", "subscription_id"])?;
    let mut items: Vec<Value> = app.read(|state| {
        let own = state.orders.iter().filter(|one| one.customer_id == customer_id);
        own.map(|one| views::order(state, one)).collect()
    });
    let billing = query.one("product_billing_type").map(|billing| billing == "recurring");
    items.retain(|item| {
        let product = &item["product"];
        query.finds(product["name"].as_str().unwrap_or_default())
            && billing.is_none_or(|recurring| (product["is_recurring"] == true) == recurring)
    });
    query.select(items, &["product_id", "subscription_id"], "-created_at")
}

/// `GET /v1/customer-portal/orders/{id}`
pub async fn read(State(app): Shared, Guest(customer_id): Guest, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    let shown = app.read(|state| own(state, customer_id, id).map(|one| views::order(state, one)))?;
    Ok(Json(shown).into_response())
}

/// `POST /v1/customer-portal/orders/{id}/invoice`
pub async fn request_invoice(State(app): Shared, Guest(customer_id): Guest, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    app.write(|state| {
        own(state, customer_id, id)?;
        invoices::ask(state, id)
    })
}

/// `GET /v1/customer-portal/orders/{id}/invoice`
pub async fn invoice(State(app): Shared, Guest(customer_id): Guest, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    app.read(|state| own(state, customer_id, id).and_then(|_| invoices::made(state, id)))
}

/// `GET /v1/customer-portal/orders/{id}/receipt`
pub async fn receipt(State(app): Shared, Guest(customer_id): Guest, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    app.write(|state| {
        own(state, customer_id, id)?;
        invoices::receipt_of(state, id)
    })
}

fn own(state: &state::State, customer_id: Uuid, id: Uuid) -> Result<&Order, Refusal> {
    state.order(id).ok().filter(|one| one.customer_id == customer_id).ok_or(Refusal::NotFound)
}

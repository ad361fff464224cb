//! The card that a customer left (http/178): one at most here.

use axum::extract::{Path, State};
use serde_json::{Value, json};
use uuid::Uuid;

use super::listing::Query;
use super::products::path_id;
use super::refusal::Refusal;
use super::{Answer, Shared};
use crate::sandbox::life::cards;
use crate::sandbox::state;

/// `GET /v1/customers/{id}/payment-methods`
pub async fn list(State(app): Shared, Path(id): Path<String>, query: Query) -> Answer {
    let id = path_id(&id)?;
    let items = app.read(|state| state.customer(id).map(|found| of(state, found.id)))?;
    query.page(items, "-created_at")
}

/// `GET /v1/customers/external/{external_id}/payment-methods`
pub async fn list_external(State(app): Shared, Path(id): Path<String>, query: Query) -> Answer {
    let found = app.read(|state| state.customer_by_external(&id).map(|found| of(state, found.id)));
    query.page(found.ok_or(Refusal::NotFound)?, "-created_at")
}

/// What a customer pays with.
pub fn of(state: &state::State, customer_id: Uuid) -> Vec<Value> {
    let one = cards::of(state, customer_id).map(|saved| {
        json!({
            "id": saved.id, "created_at": saved.created_at, "modified_at": null, "processor": "stripe",
            "customer_id": saved.customer_id, "type": "card", "is_default": false,
            "method_metadata": {"brand": "visa", "last4": saved.card.last4(), "exp_month": 12, "exp_year": 2034, "wallet": null},
        })
    });
    one.into_iter().collect()
}

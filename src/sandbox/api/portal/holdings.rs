//! The customer, what they pay with, what they used, and what they were given.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use serde_json::Value;

use super::guest::Guest;
use super::views;
use crate::sandbox::api::listing::Query;
use crate::sandbox::api::products::{path_id, remove};
use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::api::{Answer, Shared, payment_methods as saved};

/// `GET /v1/customer-portal/customers/me`
pub async fn me(State(app): Shared, Guest(customer_id): Guest) -> Answer {
    Ok(Json(app.read(|state| state.living(customer_id).map(views::customer))?).into_response())
}

/// `GET /v1/customer-portal/customers/me/payment-methods` (http/177)
pub async fn payment_methods(State(app): Shared, Guest(customer_id): Guest, query: Query) -> Answer {
    let mut items = app.read(|state| saved::of(state, customer_id));
    items.iter_mut().for_each(|item| remove(item, &["is_default"]));
    query.page(items, "-created_at")
}

/// `GET /v1/customer-portal/meters/`: those that were ever used or credited (http/094 against http/105).
pub async fn meters(State(app): Shared, Guest(customer_id): Guest, query: Query) -> Answer {
    query.ids(&["meter_id"])?;
    let mut items: Vec<Value> = app.read(|state| {
        let own = state.customer_meters.iter().filter(|one| one.customer_id == customer_id);
        let told = own.filter(|one| one.credited_units != 0 || one.consumed_units.abs() > f64::EPSILON);
        told.map(|one| views::meter(state, one)).collect()
    });
    items.retain(|item| query.finds(item["meter"]["name"].as_str().unwrap_or_default()));
    query.select(items, &["meter_id"], "-modified_at")
}

/// `GET /v1/customer-portal/meters/{id}`
pub async fn meter(State(app): Shared, Guest(customer_id): Guest, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    let shown = app.read(|state| {
        let own = state.customer_meters.iter().find(|one| one.id == id && one.customer_id == customer_id);
        own.map(|one| views::meter(state, one)).ok_or(Refusal::NotFound)
    })?;
    Ok(Json(shown).into_response())
}

/// `GET /v1/customer-portal/benefit-grants/`: those that were not taken back.
pub async fn grants(State(app): Shared, Guest(customer_id): Guest, query: Query) -> Answer {
    query.ids(&["benefit_id", "order_id", "subscription_id", "member_id"])?;
    let kinds = query.all("type");
    let mut items: Vec<Value> = app.read(|state| {
        let own = state.grants.iter().filter(|one| one.customer_id == customer_id && !one.is_revoked);
        own.map(|one| views::grant(state, one)).collect()
    });
    items.retain(|item| {
        let benefit = &item["benefit"];
        let kind = benefit["type"].as_str().unwrap_or_default();
        query.finds(benefit["description"].as_str().unwrap_or_default()) && (kinds.is_empty() || kinds.contains(&kind))
    });
    query.select(items, &["benefit_id", "order_id", "subscription_id", "member_id"], "-granted_at")
}

/// `GET /v1/customer-portal/benefit-grants/{id}`
pub async fn grant(State(app): Shared, Guest(customer_id): Guest, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    let shown = app.read(|state| {
        let own = state.grants.iter().find(|one| one.id == id && one.customer_id == customer_id && !one.is_revoked);
        own.map(|one| views::grant(state, one)).ok_or(Refusal::NotFound)
    })?;
    Ok(Json(shown).into_response())
}

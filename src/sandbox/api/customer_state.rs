//! A customer's state (C§2.6): active and trialing subscriptions only.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use uuid::Uuid;

use super::customer_meters;
use super::grants;
use super::products::{join, path_id};
use super::refusal::Refusal;
use super::subscriptions::Subscription;
use super::{Answer, Shared};
use crate::sandbox::state;

/// `GET /v1/customers/{id}/state`
pub async fn read(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    let found = app.read(|state| {
        state.living(id)?;
        view(state, id)
    });
    Ok(Json(found?).into_response())
}

/// `GET /v1/customers/external/{external_id}/state`
pub async fn read_external(State(app): Shared, Path(id): Path<String>) -> Answer {
    let found = app.read(|state| {
        let id = state.customer_by_external(&id).ok_or(Refusal::NotFound)?.id;
        view(state, id)
    })?;
    Ok(Json(found).into_response())
}

/// The state as the route and `customer.state_changed` show it.
pub fn view(state: &state::State, id: Uuid) -> Result<Value, Refusal> {
    let mut shown = state.customer(id)?.full();
    let live = state.subscriptions.iter().filter(|one| one.customer_id == id && one.is_active());
    let active: Vec<Value> = live.map(|one| entry(state, one)).collect();
    let (benefits, meters) = (grants::entries(state, id), customer_meters::entries(state, id));
    join(&mut shown, json!({"active_subscriptions": active, "granted_benefits": benefits, "active_meters": meters}));
    Ok(shown)
}

fn entry(state: &state::State, one: &Subscription) -> Value {
    json!({
        "id": one.id, "created_at": one.created_at, "modified_at": one.modified_at, "custom_field_data": {},
        "metadata": one.metadata, "status": one.status, "amount": one.amount, "currency": one.currency,
        "recurring_interval": one.recurring_interval, "current_period_start": one.current_period_start,
        "current_period_end": one.current_period_end, "trial_start": one.trial_start, "trial_end": one.trial_end,
        "cancel_at_period_end": one.cancel_at_period_end, "canceled_at": one.canceled_at, "started_at": one.started_at,
        "ends_at": one.ends_at, "product_id": one.product_id, "discount_id": one.discount_id, "price_id": one.price_id,
        "meters": one.meters(state, false),
    })
}

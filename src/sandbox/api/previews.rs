//! Previews of what a subscription will cost (C§2.8, "Preview routes"; http/115).

use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use serde_json::{Map, Value};

use super::body::{Body, Fields};
use super::products::path_id;
use super::refusal::Refusal;
use super::subscription_patch::proration;
use super::union::exactly;
use super::{Answer, Shared};
use crate::sandbox::life::change::not_based;
use crate::sandbox::life::plan::Target;
use crate::sandbox::life::preview;

/// `POST /v1/subscriptions/{id}/change-preview`: a product, or a number of seats or units.
pub async fn change(State(app): Shared, Path(id): Path<String>, Body(sent): Body) -> Answer {
    let id = path_id(&id)?;
    let shown = app.read(|state| {
        let one = state.subscription(id)?;
        match (sent.contains_key("seats"), sent.contains_key("units")) {
            (true, _) => Err(not_based(one, "NotASeatBasedSubscription", "seat")),
            (_, true) => Err(not_based(one, "NotAUnitBasedSubscription", "unit")),
            _ => preview::change(state, id, read(&sent)?),
        }
    })?;
    Ok(Json(shown).into_response())
}

/// `GET /v1/subscriptions/{id}/charge-preview`
pub async fn charge(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    Ok(Json(app.read(|state| preview::charge(state, id))?).into_response())
}

/// `GET /v1/subscriptions/{id}/cancel-preview`
pub async fn cancel(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    Ok(Json(app.read(|state| state.subscription(id).map(|one| preview::cancel(state, one)))?).into_response())
}

fn read(sent: &Map<String, Value>) -> Result<Target, Refusal> {
    let mut fields = Fields::of(sent);
    fields.require("product_id");
    let target = Target {
        product_id: fields.uuid("product_id").unwrap_or_default(),
        proration: proration(&mut fields),
        discount: None,
    };
    exactly(&mut fields, sent, &["product_id", "proration_behavior"]);
    fields.done().map(|()| target)
}

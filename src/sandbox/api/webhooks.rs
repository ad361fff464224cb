//! Webhook endpoints (C§2.13): there is one, the app's.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::listing::Query;
use super::products::path_id;
use super::refusal::Refusal;
use super::{Answer, Shared};
use crate::sandbox::hooks::events::KINDS;
use crate::sandbox::state;

/// `GET /v1/webhooks/endpoints`
pub async fn list(State(app): Shared, query: Query) -> Answer {
    query.page(vec![app.read(endpoint)], "created_at")
}

/// `GET /v1/webhooks/endpoints/{id}`
pub async fn read(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    app.read(|state| if state.identity.endpoint_id == id { Ok(endpoint(state)) } else { Err(Refusal::NotFound) })
        .map(|found| Json(found).into_response())
}

fn endpoint(state: &state::State) -> Value {
    json!({
        "created_at": state.identity.created_at, "modified_at": null, "id": state.identity.endpoint_id,
        "url": state.webhook_url, "name": "the app", "format": "raw", "secret": state.identity.webhook_secret,
        "organization_id": state.identity.organization_id, "events": KINDS, "enabled": true,
    })
}

//! The switches that no real Polar has: organizations, faults, the clock, deliveries. JSON, for this machine only.

pub mod clock;
pub mod faults;
mod organizations;

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::api::Shared;
use super::app::App;
use super::hooks::events::Event;
use super::{history, journal, state};
pub use faults::{Fault, Faults};

/// The routes under `/sandbox`.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/sandbox/organizations", get(organizations::list).post(organizations::add))
        .route("/sandbox/organizations/{key}", delete(organizations::remove))
        .route("/sandbox/faults", get(faults::read).put(faults::set).delete(faults::off))
        .route("/sandbox/clock", get(clock::read).post(clock::travel))
        .route("/sandbox/deliveries", get(deliveries))
        .route("/sandbox/idle", get(idle))
        .route("/sandbox/deliver", post(deliver))
        .route("/sandbox/events", post(event))
        .route("/sandbox/tokens", post(token))
        .route("/sandbox/reset", post(reset))
        .merge(journal::routes::router())
        .merge(history::router())
}

async fn deliveries(State(app): Shared) -> Json<Value> {
    Json(app.read(|state| json!({"items": state.events.iter().map(line).collect::<Vec<_>>()})))
}

/// Nothing is queued: no job, no event that waits for an attempt at an endpoint that is on.
async fn idle(State(app): Shared) -> Json<Value> {
    Json(app.read(|state| {
        let on = |event: &Event| state.endpoint(event.endpoint_id).is_some_and(|one| one.enabled);
        let waiting = state.events.iter().filter(|event| event.in_flight || (!event.finished && on(event))).count();
        json!({"idle": waiting == 0 && state.jobs.is_empty(), "events": waiting, "jobs": state.jobs.len()})
    }))
}

fn line(event: &Event) -> Value {
    json!({
        "webhook_id": event.id, "endpoint_id": event.endpoint_id, "type": event.kind, "object": event.object, "status": event.status,
        "delivered": event.delivered, "finished": event.finished, "attempts": event.attempts, "body": event.body,
    })
}

/// Which event.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Redelivery {
    webhook_id: Uuid,
}

async fn deliver(State(app): Shared, Json(sent): Json<Redelivery>) -> StatusCode {
    if app.write(|state| state.redeliver(sent.webhook_id)) { StatusCode::ACCEPTED } else { StatusCode::NOT_FOUND }
}

/// An event of any kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Custom {
    #[serde(rename = "type")]
    kind: String,
    data: Value,
}

async fn event(State(app): Shared, Json(sent): Json<Custom>) -> (StatusCode, Json<Value>) {
    let id = app.write(|state| state.emit(&sent.kind, sent.data));
    (StatusCode::ACCEPTED, Json(json!({"webhook_id": id})))
}

/// What a new token may do.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rights {
    scopes: Vec<String>,
}

async fn token(State(app): Shared, Json(sent): Json<Rights>) -> (StatusCode, Json<Value>) {
    let token = app.write(|state| state.issue(sent.scopes));
    (StatusCode::CREATED, Json(json!({"token": token})))
}

async fn reset(State(app): Shared) -> StatusCode {
    app.write(state::State::reset);
    StatusCode::NO_CONTENT
}

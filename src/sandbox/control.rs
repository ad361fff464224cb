//! The switches that no real Polar has: faults, the clock, deliveries. JSON, for this machine only.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::api::Shared;
use super::app::App;
use super::hooks::events::Event;
use super::{history, journal, secrets, state};

/// A hundred years.
const FURTHEST_MS: i64 = 100 * 366 * 86_400_000;

/// What goes wrong on purpose. A `PUT` may name only some of the switches; the others stay.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// False: events wait and nothing is sent.
    pub sender: bool,
    /// So many extra deliveries of each event.
    pub duplicate: u32,
    /// Deliveries come in a random order.
    pub shuffle: bool,
    /// Of that order: the same seed gives the same one.
    pub seed: u64,
    /// What the API answers instead.
    pub answer: Option<Fault>,
    /// Only requests whose line (`GET /v1/orders/?checkout_id=…`) holds this get that answer; all if not given.
    pub answer_to: Option<String>,
    /// How many requests get that answer; all if not given.
    pub answer_count: Option<u64>,
    /// The API waits so long before it answers.
    pub delay_ms: u64,
    /// Of the requests that would get it, so many in a hundred do, by the seed.
    pub answer_percent: u8,
    /// Waits between attempts are multiplied by this.
    pub retry_scale: f64,
    /// First attempts wait so much longer.
    pub hold_ms: u64,
    /// Of a hundred events so many are never sent, by the seed.
    pub drop_percent: u8,
    /// Of a hundred attempts so many carry a wrong signature, by the seed.
    pub corrupt_percent: u8,
    /// Generated webhook secrets are of the era since September 2026: their key is what they encode (C§3.2).
    pub standard_secrets: bool,
    /// Requests that the API answers in a minute before it says 429 (C§1.5); any number if not given.
    pub rate_limit: Option<u32>,
    /// Requests that `answer_percent` was asked about: the index into the series.
    pub asked: u64,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            sender: true,
            duplicate: 0,
            shuffle: false,
            seed: 0,
            answer: None,
            answer_to: None,
            answer_count: None,
            delay_ms: 0,
            answer_percent: 100,
            retry_scale: 1.0,
            hold_ms: 0,
            drop_percent: 0,
            corrupt_percent: 0,
            standard_secrets: false,
            rate_limit: None,
            asked: 0,
        }
    }
}

/// Answers that the API gives instead of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub enum Fault {
    /// 429, empty, with `retry-after`.
    TooMany,
    /// 500 in plain text.
    Broken,
    /// 500 in plain text, although the request was carried out.
    BrokenAfter,
    /// The connection is cut, although the request was carried out.
    Cut,
    /// None for a minute.
    Silent,
}

impl TryFrom<Value> for Fault {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        match (value.as_u64(), value.as_str()) {
            (Some(429), _) => Ok(Self::TooMany),
            (Some(500), _) => Ok(Self::Broken),
            (_, Some("500 after")) => Ok(Self::BrokenAfter),
            (_, Some("cut")) => Ok(Self::Cut),
            (_, Some("timeout")) => Ok(Self::Silent),
            _ => Err("answer is null, 429, 500, \"500 after\", \"cut\" or \"timeout\""),
        }
    }
}

impl From<Fault> for Value {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::TooMany => json!(429),
            Fault::Broken => json!(500),
            Fault::BrokenAfter => json!("500 after"),
            Fault::Cut => json!("cut"),
            Fault::Silent => json!("timeout"),
        }
    }
}

impl Faults {
    /// The answer for the request with this line; counts it, and switches off after the last.
    pub fn take(&mut self, line: &str) -> Option<Fault> {
        let fault = self.answer.filter(|_| self.answer_to.as_ref().is_none_or(|part| line.contains(part)))?;
        self.asked += 1;
        if !self.happens(self.answer_percent, self.asked) {
            return None;
        }
        if let Some(left) = self.answer_count {
            if left == 0 {
                (self.answer, self.answer_count) = (None, None);
                return None;
            }
            self.answer_count = Some(left - 1);
        }
        Some(fault)
    }

    /// Whether something that happens to `percent` in a hundred happens to this one of the seed's series.
    pub fn happens(&self, percent: u8, index: u64) -> bool {
        secrets::series(self.seed, index) % 100 < u64::from(percent)
    }
}

/// The routes under `/sandbox`.
pub fn router(app: &Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/sandbox/faults", get(faults).put(set_faults))
        .route("/sandbox/clock", get(clock).post(advance))
        .route("/sandbox/deliveries", get(deliveries))
        .route("/sandbox/idle", get(idle))
        .route("/sandbox/deliver", post(deliver))
        .route("/sandbox/events", post(event))
        .route("/sandbox/tokens", post(token))
        .route("/sandbox/reset", post(reset))
        .merge(journal::routes::router())
        .merge(history::router())
        .route_layer(from_fn_with_state(Arc::clone(app), own_pages_only))
}

/// A browser says where a request comes from: other sites have no business here.
async fn own_pages_only(State(app): Shared, request: Request, next: Next) -> Response {
    let from = request.headers().get(header::ORIGIN);
    if from.is_some_and(|origin| app.read(|state| origin.as_bytes() != state.origin.as_bytes())) {
        return (StatusCode::FORBIDDEN, "The switches answer this site only.").into_response();
    }
    next.run(request).await
}

async fn faults(State(app): Shared) -> Json<Faults> {
    Json(app.read(|state| state.faults.clone()))
}

async fn set_faults(State(app): Shared, Json(sent): Json<Value>) -> Response {
    app.write(|state| {
        let mut wished = json!(state.faults);
        super::api::products::join(&mut wished, sent);
        match serde_json::from_value::<Faults>(wished) {
            Ok(faults) => {
                state.faults = faults.clone();
                Json(faults).into_response()
            }
            Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, error.to_string()).into_response(),
        }
    })
}

/// How far to move.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_ms: u64,
}

async fn clock(State(app): Shared) -> Json<Value> {
    Json(app.read(reading))
}

async fn advance(State(app): Shared, Json(sent): Json<Advance>) -> Response {
    let Some(ms) = i64::try_from(sent.advance_ms).ok().filter(|ms| *ms <= FURTHEST_MS) else {
        return (StatusCode::UNPROCESSABLE_ENTITY, "The clock moves by at most 100 years.").into_response();
    };
    let now = app.write(|state| {
        state.travel(ms.min(FURTHEST_MS - state.clock.offset_ms));
        reading(state)
    });
    Json(now).into_response()
}

fn reading(state: &state::State) -> Value {
    json!({"now": state.clock.peek(), "offset_ms": state.clock.offset_ms})
}

async fn deliveries(State(app): Shared) -> Json<Value> {
    Json(app.read(|state| json!({"items": state.events.iter().map(line).collect::<Vec<_>>()})))
}

/// Nothing is queued: no job, no event that waits for an attempt.
async fn idle(State(app): Shared) -> Json<Value> {
    Json(app.read(|state| {
        let waiting = state.events.iter().filter(|event| !event.finished).count();
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

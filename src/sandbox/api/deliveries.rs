//! What was sent to webhook endpoints and what they answered, and asking for it again (C§2.13, http/172, http/173).
//! Times are the machine's own, as in the signatures.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::listing::Query;
use super::products::path_id;
use super::refusal::Refusal;
use super::{Answer, Shared};
use crate::sandbox::clock::Stamp;
use crate::sandbox::hooks::events::{Attempt, Event};

/// `GET /v1/webhooks/deliveries`
pub async fn list(State(app): Shared, query: Query) -> Answer {
    query.ids(&["endpoint_id"])?;
    let (from, until) = (query.moment("start_timestamp")?, query.moment("end_timestamp")?);
    let within = |at: Stamp| from.is_none_or(|from| at >= from) && until.is_none_or(|until| at <= until);
    let items = app.read(|state| {
        let tries = state.events.iter().flat_map(|event| event.attempts.iter().map(move |attempt| (event, attempt)));
        let found = tries.filter(|(event, attempt)| within(attempt.at) && wanted(&query, event, attempt));
        found.map(|(event, attempt)| view(event, attempt)).collect::<Vec<_>>()
    });
    query.page(items, "-created_at")
}

/// `POST /v1/webhooks/events/{id}/redeliver`: the same id and body, a new time and signature.
pub async fn redeliver(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    if app.write(|state| state.redeliver(id)) {
        return Ok((StatusCode::ACCEPTED, Json(Value::Null)).into_response());
    }
    Err(Refusal::NotFound)
}

fn wanted(query: &Query, event: &Event, attempt: &Attempt) -> bool {
    let any = |key: &str, value: &str| query.all(key).is_empty() || query.all(key).contains(&value);
    let class = attempt.http_code.map_or(String::new(), |code| format!("{}xx", code / 100));
    any("endpoint_id", &event.endpoint_id.to_string())
        && any("succeeded", &attempt.succeeded().to_string())
        && any("http_code_class", &class)
        && any("event_type", &event.kind)
        && query.one("query").is_none_or(|text| event.id.to_string().contains(text) || event.body.contains(text))
}

fn view(event: &Event, attempt: &Attempt) -> Value {
    let last = event.attempts.last();
    json!({
        "created_at": attempt.at, "modified_at": null, "id": attempt.id, "succeeded": attempt.succeeded(),
        "http_code": attempt.http_code, "response": attempt.response,
        "webhook_event": {
            "created_at": event.created_at, "modified_at": last.map(|last| last.at), "id": event.id,
            "last_http_code": last.and_then(|last| last.http_code), "succeeded": event.succeeded(),
            "skipped": event.skipped, "payload": event.body, "type": event.kind, "is_archived": false,
        },
    })
}

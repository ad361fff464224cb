//! Webhook endpoints (C§2.13): the app's own, and those that are made here.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};

use super::body::{Body, Fields};
use super::listing::Query;
use super::products::{join, path_id};
use super::refusal::{Detail, Refusal};
use super::{Answer, Shared};
use crate::sandbox::hooks::endpoint::{Endpoint, Secret};
use crate::sandbox::hooks::events::KINDS;
use crate::sandbox::secrets;
use crate::sandbox::state;

const FORMATS: [&str; 3] = ["raw", "slack", "discord"];
/// The shortest secret that a merchant may choose (http/200).
const SHORTEST: usize = 32;

/// `GET /v1/webhooks/endpoints`
pub async fn list(State(app): Shared, query: Query) -> Answer {
    query.page(app.read(|state| state.endpoints.iter().map(view).collect()), "created_at")
}

/// `GET /v1/webhooks/endpoints/{id}`
pub async fn read(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    let found = app.read(|state| state.endpoint(id).map(view));
    Ok(Json(found.ok_or(Refusal::NotFound)?).into_response())
}

/// `POST /v1/webhooks/endpoints`
pub async fn create(State(app): Shared, Body(sent): Body) -> Answer {
    let shown = app.write(|state| {
        let endpoint = new(state, &sent)?;
        let shown = view(&endpoint);
        state.endpoints.push(endpoint);
        Ok::<_, Refusal>(shown)
    })?;
    Ok((StatusCode::CREATED, Json(shown)).into_response())
}

/// `PATCH /v1/webhooks/endpoints/{id}`
pub async fn update(State(app): Shared, Path(id): Path<String>, Body(sent): Body) -> Answer {
    let id = path_id(&id)?;
    let shown = app.write(|state| {
        let mut endpoint = state.endpoint(id).cloned().ok_or(Refusal::NotFound)?;
        let mut fields = Fields::of(&sent);
        fill(&mut endpoint, &mut fields);
        if let Some(enabled) = fields.flag("enabled") {
            endpoint.enabled = enabled;
        }
        fields.done()?;
        replace(state, endpoint)
    })?;
    Ok(Json(shown).into_response())
}

/// `PATCH /v1/webhooks/endpoints/{id}/secret`: a new secret at once, the old one is gone.
pub async fn reset_secret(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    let shown = app.write(|state| {
        let mut endpoint = state.endpoint(id).cloned().ok_or(Refusal::NotFound)?;
        endpoint.secret = Secret::generated(state.faults.standard_secrets);
        replace(state, endpoint)
    })?;
    Ok(Json(shown).into_response())
}

/// `DELETE /v1/webhooks/endpoints/{id}`
pub async fn delete(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    app.write(|state| {
        state.endpoint(id).ok_or(Refusal::NotFound)?;
        state.endpoints.retain(|endpoint| endpoint.id != id);
        Ok::<_, Refusal>(())
    })?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn view(endpoint: &Endpoint) -> Value {
    let mut shown = json!(endpoint);
    join(&mut shown, json!({"secret": endpoint.secret.text}));
    shown
}

fn replace(state: &mut state::State, mut endpoint: Endpoint) -> Result<Value, Refusal> {
    endpoint.modified_at = Some(state.clock.now());
    let shown = view(&endpoint);
    let place = state.endpoint_mut(endpoint.id).ok_or(Refusal::NotFound)?;
    *place = endpoint;
    Ok(shown)
}

fn new(state: &mut state::State, sent: &Map<String, Value>) -> Result<Endpoint, Refusal> {
    let mut fields = Fields::of(sent);
    ["url", "format", "events"].iter().for_each(|key| fields.require(key));
    let chosen = fields.text("secret");
    if let Some(short) = chosen.as_ref().filter(|text| text.chars().count() < SHORTEST) {
        let msg = format!("String should have at least {SHORTEST} characters");
        let detail = Detail::body("string_too_short", "secret", msg, json!(short));
        fields.wrong.push(detail.with(json!({"min_length": SHORTEST})));
    }
    let mut endpoint = Endpoint {
        created_at: state.clock.now(),
        modified_at: None,
        id: secrets::id(),
        url: String::new(),
        name: None,
        format: String::new(),
        secret: chosen.map_or_else(|| Secret::generated(state.faults.standard_secrets), Secret::chosen),
        organization_id: state.identity.organization_id,
        events: Vec::new(),
        enabled: true,
    };
    fill(&mut endpoint, &mut fields);
    fields.no_organization()?;
    fields.done()?;
    Ok(endpoint)
}

/// The fields that creating and changing share; what is not sent stays. Unlike at Polar, addresses of this machine
/// and plain http are welcome.
fn fill(endpoint: &mut Endpoint, fields: &mut Fields<'_>) {
    if let Some(url) = fields.url("url") {
        endpoint.url = url;
    }
    if fields.has("name") {
        endpoint.name = fields.text("name");
    }
    if let Some(format) = fields.text("format") {
        fields.wrong.extend(unknown(&FORMATS, &format, vec![json!("body"), json!("format")]));
        endpoint.format = format;
    }
    if let Some(events) = fields.list("events") {
        let place = |index: usize| vec![json!("body"), json!("events"), json!(index)];
        let kinds = events.iter().map(|kind| kind.as_str().unwrap_or_default().to_owned());
        endpoint.events = kinds.collect();
        let wrong = endpoint.events.iter().enumerate().filter_map(|(index, kind)| unknown(KINDS, kind, place(index)));
        fields.wrong.extend(wrong);
    }
}

/// The entry for a value that is none of `known`.
fn unknown(known: &[&str], sent: &str, loc: Vec<Value>) -> Option<Detail> {
    if known.contains(&sent) {
        return None;
    }
    let quoted: Vec<String> = known.iter().map(|name| format!("'{name}'")).collect();
    let (last, others) = quoted.split_last()?;
    let expected = format!("{} or {last}", others.join(", "));
    let detail =
        Detail { kind: "enum", loc, msg: format!("Input should be {expected}"), input: json!(sent), ctx: None };
    Some(detail.with(json!({"expected": expected})))
}

//! Webhook endpoints (C§2.13): the app's own, and those that are made here.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use uuid::Uuid;

use super::body::Fields;
use super::listing::Query;
use super::products::{join, path_id};
use super::refusal::{Detail, Refusal};
use super::resource::{Kept, replace};
use super::{Answer, Shared};
use crate::sandbox::clock::Stamp;
use crate::sandbox::hooks::endpoint::{Endpoint, Secret};
use crate::sandbox::hooks::events::KINDS;
use crate::sandbox::secrets;
use crate::sandbox::state;

const FORMATS: [&str; 3] = ["raw", "slack", "discord"];
/// The shortest secret that a merchant may choose (http/200).
const SHORTEST: usize = 32;

/// `GET /v1/webhooks/endpoints`
pub async fn list(State(app): Shared, query: Query) -> Answer {
    query.page(app.read(|state| state.endpoints.iter().map(|one| one.view(state)).collect()), "created_at")
}

/// `PATCH /v1/webhooks/endpoints/{id}/secret`: a new secret at once, the old one is gone.
pub async fn reset_secret(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    let shown = app.write(|state| {
        let mut endpoint = Endpoint::find(state, id)?.clone();
        endpoint.secret = Secret::generated(state.faults.standard_secrets);
        replace(state, endpoint)
    })?;
    Ok(Json(shown).into_response())
}

impl Kept for Endpoint {
    const EVENTS: Option<&'static str> = None;

    fn find(state: &state::State, id: Uuid) -> Result<&Self, Refusal> {
        state.endpoint(id).ok_or(Refusal::NotFound)
    }

    fn view(&self, _: &state::State) -> Value {
        let mut shown = json!(self);
        join(&mut shown, json!({"secret": self.secret.text}));
        shown
    }

    fn id(&self) -> Uuid {
        self.id
    }

    fn modified_at(&mut self) -> &mut Option<Stamp> {
        &mut self.modified_at
    }

    fn all(state: &mut state::State) -> &mut Vec<Self> {
        &mut state.endpoints
    }

    fn new(state: &mut state::State, mut fields: Fields<'_>) -> Result<Self, Refusal> {
        ["url", "format", "events"].iter().for_each(|key| fields.require(key));
        let chosen = fields.text("secret");
        if let Some(short) = chosen.as_ref().filter(|text| text.chars().count() < SHORTEST) {
            let msg = format!("String should have at least {SHORTEST} characters");
            let detail = Detail::body("string_too_short", "secret", msg, json!(short));
            fields.wrong.push(detail.with(json!({"min_length": SHORTEST})));
        }
        let mut endpoint = Self {
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

    fn change(&mut self, _: &mut state::State, mut fields: Fields<'_>) -> Result<(), Refusal> {
        fill(self, &mut fields);
        if let Some(enabled) = fields.flag("enabled") {
            self.enabled = enabled;
        }
        fields.done()
    }
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

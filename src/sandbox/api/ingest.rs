//! `POST /v1/events/ingest` (C§2.11, http/096–104): all or nothing, and what was sent before is only counted.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::body::{Body, Fields};
use super::refusal::{Detail, Refusal};
use super::usage::Usage;
use super::{Answer, Shared, check};
use crate::sandbox::clock::Stamp;
use crate::sandbox::life::jobs::What;
use crate::sandbox::secrets;
use crate::sandbox::state;

/// The longest name.
const NAME_LIMIT: usize = 128;
/// Metadata that is not flat: costs and the use of language models.
const STRUCTURED: [&str; 2] = ["_cost", "_llm"];
/// The two shapes of an event: the variant, and the field that names the customer.
const SHAPES: [(&str, &str); 2] =
    [("EventCreateCustomer", "customer_id"), ("EventCreateExternalCustomer", "external_customer_id")];

/// `POST /v1/events/ingest`
pub async fn ingest(State(app): Shared, Body(sent): Body) -> Answer {
    let mut fields = Fields::of(&sent);
    fields.require("events");
    let events = fields.list("events").cloned().unwrap_or_default();
    fields.done()?;
    let counted = app.write(|state| {
        let now = state.clock.peek();
        let wrong: Vec<Detail> = events.iter().enumerate().flat_map(|(place, one)| refused(place, one, now)).collect();
        if !wrong.is_empty() {
            return Err(Refusal::Invalid(wrong));
        }
        let read: Vec<Usage> =
            events.iter().enumerate().map(|(place, one)| read(state, place, one)).collect::<Result<_, _>>()?;
        Ok(insert(state, read))
    })?;
    Ok(Json(counted).into_response())
}

fn insert(state: &mut state::State, events: Vec<Usage>) -> Value {
    let sent = events.len();
    let before = state.usage.len();
    for event in events {
        let known = event.external_id.is_some() && state.usage.iter().any(|one| one.external_id == event.external_id);
        if known {
            continue;
        }
        if let Some(customer_id) = event.customer(state).map(|who| who.id) {
            first_event(state, customer_id);
            state.later(What::Meters(customer_id));
        }
        state.usage.push(event);
    }
    let inserted = state.usage.len() - before;
    json!({"inserted": inserted, "duplicates": sent - inserted})
}

/// The customer keeps when its first usage was received; no event tells it (http/221, http/227).
fn first_event(state: &mut state::State, customer_id: Uuid) {
    let now = state.clock.now();
    if let Some(customer) = state.customers.iter_mut().find(|customer| customer.id == customer_id) {
        customer.first_user_event_at.get_or_insert(now);
    }
}

/// An event that fits neither shape is refused in the words of both.
fn refused(place: usize, sent: &Value, now: Stamp) -> Vec<Detail> {
    let Some(event) = sent.as_object() else {
        let loc = vec![json!("body"), json!("events"), json!(place)];
        let msg = "Input should be a valid dictionary or object to extract fields from".to_owned();
        return vec![Detail { kind: "model_attributes_type", loc, msg, input: sent.clone(), ctx: None }];
    };
    let wrong = SHAPES.map(|(variant, customer)| {
        let mut details = shape(event, customer, now);
        for detail in &mut details {
            detail.loc.splice(1..1, [json!("events"), json!(place), json!(variant)]);
        }
        details
    });
    if wrong.iter().any(Vec::is_empty) { Vec::new() } else { wrong.concat() }
}

fn shape(event: &Map<String, Value>, customer: &str, now: Stamp) -> Vec<Detail> {
    let mut fields = Fields::of(event);
    if let Some(text) = fields.text("timestamp") {
        fields.wrong.extend(untimely(&text, now));
    }
    fields.require("name");
    if let Some(name) = fields.text("name").filter(|name| name.chars().count() > NAME_LIMIT) {
        let msg = format!("String should have at most {NAME_LIMIT} characters");
        let detail = Detail::body("string_too_long", "name", msg, json!(name));
        fields.wrong.push(detail.with(json!({"max_length": NAME_LIMIT})));
    }
    ["external_id", "parent_id", "external_member_id"].iter().for_each(|key| drop(fields.text(key)));
    if let Some(metadata) = fields.object("metadata") {
        let flat = metadata.iter().filter(|(key, value)| !(STRUCTURED.contains(&key.as_str()) && value.is_object()));
        let flat: Map<String, Value> = flat.map(|(key, value)| (key.clone(), value.clone())).collect();
        fields.wrong.extend(check::metadata(&flat, "metadata"));
    }
    fields.require(customer);
    if customer == "customer_id" {
        fields.uuid(customer);
    } else {
        fields.text(customer);
    }
    fields.wrong
}

fn untimely(text: &str, now: Stamp) -> Option<Detail> {
    match Stamp::read(text) {
        Some(at) if at <= now => None,
        Some(_) => {
            let msg = "Value error, Timestamp must be in the past.";
            Some(Detail::body("value_error", "timestamp", msg, json!(text)).with(json!({"error": {}})))
        }
        None => {
            let msg = "Input should be a valid datetime or date";
            Some(Detail::body("datetime_from_date_parsing", "timestamp", msg, json!(text)))
        }
    }
}

fn read(state: &mut state::State, place: usize, sent: &Value) -> Result<Usage, Refusal> {
    let text = |key: &str| sent[key].as_str().map(str::to_owned);
    let business = |kind: &'static str, field: &str, msg: &str| {
        let loc = vec![json!("body"), json!("events"), json!(place), json!(field)];
        Refusal::Business(vec![Detail { kind, loc, msg: msg.to_owned(), input: sent[field].clone(), ctx: None }])
    };
    if !sent["organization_id"].is_null() {
        let msg = "Setting organization_id is disallowed when using an organization token.";
        return Err(business("organization_token", "organization_id", msg));
    }
    let customer_id: Option<Uuid> = text("customer_id").and_then(|id| id.parse().ok());
    if customer_id.is_some_and(|id| state.living(id).is_err()) {
        return Err(business("customer_id", "customer_id", "Customer not found."));
    }
    let parent = text("parent_id");
    let same = |one: &&Usage| Some(one.id.to_string()) == parent || one.external_id == parent;
    let parent_id = parent.as_ref().and_then(|_| state.usage.iter().find(same)).map(|one| one.id);
    let name = text("name").unwrap_or_default();
    Ok(Usage {
        id: secrets::id(),
        timestamp: text("timestamp").and_then(|at| Stamp::read(&at)).unwrap_or_else(|| state.clock.now()),
        customer_id,
        external_customer_id: text("external_customer_id").filter(|_| customer_id.is_none()),
        external_id: text("external_id"),
        parent_id,
        external_member_id: text("external_member_id"),
        label: name.clone(),
        name,
        source: "user".to_owned(),
        metadata: sent["metadata"].as_object().cloned().unwrap_or_default(),
    })
}

//! Events of usage and what Polar notes itself beside them: list and read (C§2.11, http/206–208).

use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::customers::Customer;
use super::listing::Query;
use super::meter_rules;
use super::products::path_id;
use super::refusal::Refusal;
use super::{Answer, Shared};
use crate::sandbox::clock::Stamp;
use crate::sandbox::secrets;
use crate::sandbox::state;

/// One event. It never changes.
#[derive(Clone, Serialize, Deserialize)]
pub struct Usage {
    pub id: Uuid,
    pub timestamp: Stamp,
    pub customer_id: Option<Uuid>,
    pub external_customer_id: Option<String>,
    /// The merchant's own id: the same twice is a duplicate.
    pub external_id: Option<String>,
    pub parent_id: Option<Uuid>,
    pub external_member_id: Option<String>,
    pub label: String,
    pub name: String,
    /// `user` if it was ingested, `system` if it is Polar's own.
    pub source: String,
    pub metadata: Map<String, Value>,
}

impl Usage {
    /// The customer whose usage it is, as soon as there is one.
    pub fn customer<'a>(&self, state: &'a state::State) -> Option<&'a Customer> {
        let external = || state.customer_by_external(self.external_customer_id.as_deref()?);
        self.customer_id.and_then(|id| state.customer(id).ok()).or_else(external)
    }

    /// True if the query names no customer or this event's.
    pub fn is_wanted(&self, state: &state::State, query: &Query) -> bool {
        let (ids, externals) = (query.all("customer_id"), query.all("external_customer_id"));
        let customer = self.customer(state);
        let id = customer.map(|who| who.id.to_string());
        let external = self.external_customer_id.as_deref().or_else(|| customer?.external_id.as_deref());
        (ids.is_empty() || id.is_some_and(|id| ids.contains(&id.as_str())))
            && (externals.is_empty() || external.is_some_and(|external| externals.contains(&external)))
    }

    /// The metadata as Polar answers it: the amount of a cost is a decimal, which is text in JSON.
    fn shown(&self) -> Map<String, Value> {
        let mut shown = self.metadata.clone();
        if let Some(amount) =
            shown.get_mut("_cost").and_then(|cost| cost.get_mut("amount")).filter(|one| one.is_number())
        {
            *amount = Value::from(amount.to_string());
        }
        shown
    }

    fn view(&self, state: &state::State) -> Value {
        let children = state.usage.iter().filter(|one| one.parent_id == Some(self.id)).count();
        json!({
            "id": self.id, "timestamp": self.timestamp, "organization_id": state.identity.organization_id,
            "customer_id": self.customer_id, "customer": self.customer(state).map(Customer::full),
            "external_customer_id": self.external_customer_id, "member_id": null,
            "external_member_id": self.external_member_id, "child_count": children, "parent_id": self.parent_id,
            "label": self.label, "name": self.name, "source": self.source,
            "metadata": self.shown(),
        })
    }
}

impl state::State {
    /// Notes something of Polar's own in the feed of events.
    pub fn note_event(&mut self, customer_id: Uuid, (name, label): (&str, &str), metadata: Value) {
        let event = Usage {
            id: secrets::id(),
            timestamp: self.clock.now(),
            customer_id: Some(customer_id),
            external_customer_id: None,
            external_id: None,
            parent_id: None,
            external_member_id: None,
            label: label.to_owned(),
            name: name.to_owned(),
            source: "system".to_owned(),
            metadata: metadata.as_object().cloned().unwrap_or_default(),
        };
        self.usage.push(event);
    }
}

/// `GET /v1/events/`
pub async fn list(State(app): Shared, query: Query) -> Answer {
    query.ids(&["customer_id", "meter_id", "parent_id"])?;
    let (from, until) = (query.moment("start_timestamp")?, query.moment("end_timestamp")?);
    let items = app.read(|state| {
        let meters = query.all("meter_id");
        let meter = state.meters.iter().find(|meter| meters.contains(&meter.id.to_string().as_str()));
        let wanted = |one: &&Usage| {
            from.is_none_or(|from| one.timestamp >= from)
                && until.is_none_or(|until| one.timestamp <= until)
                && (meters.is_empty() || meter.is_some_and(|meter| meter_rules::counts(meter, one)))
                && (query.finds(&one.name) || query.finds(&one.label))
                && one.is_wanted(state, &query)
        };
        state.usage.iter().filter(wanted).map(|one| one.view(state)).collect::<Vec<_>>()
    });
    query.select(items, &["name", "source", "parent_id"], "-timestamp")
}

/// `GET /v1/events/{id}`
pub async fn read(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    let found = app.read(|state| state.usage.iter().find(|one| one.id == id).map(|one| one.view(state)));
    Ok(Json(found.ok_or(Refusal::NotFound)?).into_response())
}

//! Benefit grants (C§2.12): who was given what, by which purchase.

use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::benefits::Benefit;
use super::listing::Query;
use super::products::{join, path_id};
use super::{Answer, Shared};
use crate::sandbox::clock::Stamp;
use crate::sandbox::state;

const IDS: [&str; 4] = ["customer_id", "member_id", "benefit_id", "organization_id"];
const FILTERS: [&str; 5] = ["customer_id", "external_customer_id", "member_id", "benefit_id", "is_granted"];

/// One grant.
#[derive(Clone, Serialize, Deserialize)]
pub struct Grant {
    pub created_at: Stamp,
    pub modified_at: Option<Stamp>,
    pub id: Uuid,
    pub granted_at: Option<Stamp>,
    pub is_granted: bool,
    pub revoked_at: Option<Stamp>,
    pub is_revoked: bool,
    pub subscription_id: Option<Uuid>,
    pub order_id: Option<Uuid>,
    pub customer_id: Uuid,
    pub member_id: Option<Uuid>,
    pub benefit_id: Uuid,
    pub properties: Map<String, Value>,
    /// The properties before the last change; only events tell them.
    pub previous: Map<String, Value>,
    /// The paid renewals of the subscription that the grant has followed.
    pub cycles: usize,
}

/// The grant as routes show it.
pub fn view(state: &state::State, one: &Grant) -> Value {
    let mut shown = json!(one);
    super::products::remove(&mut shown, &["previous", "cycles"]);
    let benefit = state.benefits.iter().find(|benefit| benefit.id == one.benefit_id);
    let member = state.members.iter().find(|member| Some(member.id) == one.member_id);
    join(
        &mut shown,
        json!({
            "error": null, "customer": state.customer(one.customer_id).ok().map(|who| who.full()), "member": member,
            "benefit": benefit.map(Benefit::full),
        }),
    );
    shown
}

/// The grant as events show it.
pub fn told(state: &state::State, one: &Grant) -> Value {
    let mut shown = view(state, one);
    join(&mut shown, json!({"previous_properties": one.previous, "user_id": one.customer_id}));
    shown
}

/// The entries of a customer's state, by the ids of their benefits as Polar has them (http/113). Credits show no properties there (webhook 0071).
pub fn entries(state: &state::State, customer_id: Uuid) -> Vec<Value> {
    let held = state.grants.iter().filter(|one| one.customer_id == customer_id && one.is_granted);
    let mut held: Vec<&Grant> = held.collect();
    held.sort_by_key(|one| one.benefit_id);
    let entries = held.into_iter().map(|one| {
        let benefit = state.benefits.iter().find(|benefit| benefit.id == one.benefit_id);
        let kind = benefit.map(|benefit| benefit.kind.as_str());
        let properties = if kind == Some("meter_credit") { json!({}) } else { json!(one.properties) };
        json!({
            "id": one.id, "created_at": one.created_at, "modified_at": one.modified_at, "granted_at": one.granted_at,
            "benefit_id": one.benefit_id, "benefit_type": kind, "properties": properties,
            "benefit_metadata": benefit.map(|benefit| &benefit.metadata),
        })
    });
    entries.collect()
}

/// `GET /v1/benefit-grants/`
pub async fn list(State(app): Shared, query: Query) -> Answer {
    query.ids(&IDS)?;
    query.select(app.read(|state| state.grants.iter().map(|one| view(state, one)).collect()), &FILTERS, "-created_at")
}

/// `GET /v1/benefits/{id}/grants`
pub async fn list_of(State(app): Shared, Path(id): Path<String>, query: Query) -> Answer {
    let id = path_id(&id)?;
    query.ids(&IDS)?;
    let items = app.read(|state| {
        state.benefit(id)?;
        Ok(state.grants.iter().filter(|one| one.benefit_id == id).map(|one| view(state, one)).collect())
    })?;
    query.select(items, &FILTERS, "-created_at")
}

//! Benefits (C§2.12): what a purchase gives. The kinds that need another company's account are not imitated.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::benefit_properties;
use super::body::Fields;
use super::listing::Query;
use super::products::{join, path_id, remove};
use super::refusal::{Detail, Refusal};
use super::resource::{Kept, replace};
use super::{Answer, Shared};
use crate::sandbox::clock::Stamp;
use crate::sandbox::secrets;
use crate::sandbox::state;

/// One benefit.
#[derive(Clone, Serialize, Deserialize)]
pub struct Benefit {
    pub id: Uuid,
    pub created_at: Stamp,
    pub modified_at: Option<Stamp>,
    #[serde(rename = "type")]
    pub kind: String,
    description: String,
    pub is_deleted: bool,
    organization_id: Uuid,
    pub metadata: Map<String, Value>,
    visibility: String,
    pub properties: Map<String, Value>,
}

impl Benefit {
    /// The benefit as its own routes, its events and products show it.
    pub fn full(&self) -> Value {
        let mut shown = json!(self);
        join(&mut shown, json!({"selectable": true, "deletable": true, "visibility_configurable": true}));
        if self.kind == "custom" {
            join(&mut shown, json!({"is_tax_applicable": true}));
        }
        shown
    }

    /// The benefit as buyers see it; a private one they do not see.
    pub fn for_buyers(&self) -> Option<Value> {
        let mut shown = self.full();
        let inner = ["metadata", "visibility", "properties", "visibility_configurable", "is_tax_applicable"];
        remove(&mut shown, &inner);
        (self.visibility == "public").then_some(shown)
    }
}

/// `GET /v1/benefits/`
pub async fn list(State(app): Shared, query: Query) -> Answer {
    query.ids(&["id", "exclude_id", "organization_id"])?;
    let excluded = query.all("exclude_id");
    let items = app.read(|state| {
        let there = state.benefits.iter().filter(|one| !one.is_deleted && query.finds(&one.description));
        let wanted = there.filter(|one| !excluded.contains(&one.id.to_string().as_str()));
        wanted.map(Benefit::full).collect()
    });
    query.select(items, &["id", "type", "organization_id"], "-created_at")
}

impl Kept for Benefit {
    const EVENTS: Option<&'static str> = Some("benefit");

    fn find(state: &state::State, id: Uuid) -> Result<&Self, Refusal> {
        state.benefit(id)
    }

    fn view(&self, _: &state::State) -> Value {
        self.full()
    }

    fn id(&self) -> Uuid {
        self.id
    }

    fn modified_at(&mut self) -> &mut Option<Stamp> {
        &mut self.modified_at
    }

    fn all(state: &mut state::State) -> &mut Vec<Self> {
        &mut state.benefits
    }

    fn new(state: &mut state::State, mut fields: Fields<'_>) -> Result<Self, Refusal> {
        ["type", "description"].iter().for_each(|key| fields.require(key));
        let kind = fields.text("type").unwrap_or_default();
        let properties = benefit_properties::read(state, &kind, &mut fields)?;
        let mut benefit = Self {
            id: secrets::id(),
            created_at: state.clock.now(),
            modified_at: None,
            visibility: if kind == "feature_flag" { "private" } else { "public" }.to_owned(),
            kind,
            description: String::new(),
            is_deleted: false,
            organization_id: state.identity.organization_id,
            metadata: Map::new(),
            properties,
        };
        fill(&mut benefit, &mut fields);
        fields.no_organization()?;
        fields.done()?;
        Ok(benefit)
    }

    fn change(&mut self, state: &mut state::State, mut fields: Fields<'_>) -> Result<(), Refusal> {
        fill(self, &mut fields);
        if fields.has("properties") {
            self.properties = benefit_properties::read(state, &self.kind, &mut fields)?;
        }
        fields.done()
    }

    /// Products carry copies.
    fn spread(&self, state: &mut state::State) {
        for product in &mut state.products {
            product.benefits.iter_mut().filter(|one| one.id == self.id).for_each(|one| *one = self.clone());
            product.benefits.retain(|one| !one.is_deleted);
        }
    }
}

/// `DELETE /v1/benefits/{id}`: products lose it, and everybody who was granted it.
pub async fn delete(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    app.write(|state| {
        let mut benefit = state.benefit(id)?.clone();
        benefit.is_deleted = true;
        replace(state, benefit)
    })?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The fields that creating and changing share; what is not sent stays.
fn fill(benefit: &mut Benefit, fields: &mut Fields<'_>) {
    if let Some(description) = fields.text("description") {
        let (kind, limit, msg) = match description.chars().count() {
            0..3 => ("string_too_short", json!({"min_length": 3}), "String should have at least 3 characters"),
            3..=42 => ("", Value::Null, ""),
            _ => ("string_too_long", json!({"max_length": 42}), "String should have at most 42 characters"),
        };
        if !kind.is_empty() {
            fields.wrong.push(Detail::body(kind, "description", msg, json!(description)).with(limit));
        }
        benefit.description = description;
    }
    if let Some(metadata) = fields.metadata("metadata") {
        benefit.metadata = metadata;
    }
    if let Some(visibility) = fields.text("visibility") {
        benefit.visibility = visibility;
    }
}

//! Meters (C§2.11): which events are counted, and how; and the quantities over time.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::body::Fields;
use super::listing::Query;
use super::meter_rules;
use super::products::path_id;
use super::refusal::{Detail, Refusal};
use super::resource::Kept;
use super::{Answer, Shared};
use crate::sandbox::clock::Stamp;
use crate::sandbox::secrets;
use crate::sandbox::state;

const INTERVALS: [&str; 5] = ["year", "month", "week", "day", "hour"];
const UNITS: [&str; 3] = ["scalar", "token", "custom"];
/// Steps in one answer; more are refused.
const MOST_STEPS: usize = 1_000;

/// One meter, as Polar shows it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Meter {
    metadata: Map<String, Value>,
    created_at: Stamp,
    modified_at: Option<Stamp>,
    pub id: Uuid,
    pub name: String,
    unit: String,
    custom_label: Option<String>,
    custom_multiplier: Option<i64>,
    pub filter: Value,
    pub aggregation: Value,
    organization_id: Uuid,
    pub archived_at: Option<Stamp>,
}

impl Meter {
    /// What a price shows of it (http/015).
    pub fn brief(&self) -> Value {
        json!({"id": self.id, "name": self.name, "unit": self.unit, "custom_label": self.custom_label,
            "custom_multiplier": self.custom_multiplier})
    }
}

/// `GET /v1/meters/`
pub async fn list(State(app): Shared, query: Query) -> Answer {
    let archived = query.flag("is_archived");
    let items = app.read(|state| {
        let wanted = |one: &&Meter| {
            archived.is_none_or(|archived| one.archived_at.is_some() == archived) && query.finds(&one.name)
        };
        state.meters.iter().filter(wanted).map(|one| json!(one)).collect()
    });
    query.select(items, &[], "name")
}

impl Kept for Meter {
    const EVENTS: Option<&'static str> = None;

    fn find(state: &state::State, id: Uuid) -> Result<&Self, Refusal> {
        state.meter(id)
    }

    fn view(&self, _: &state::State) -> Value {
        json!(self)
    }

    fn id(&self) -> Uuid {
        self.id
    }

    fn modified_at(&mut self) -> &mut Option<Stamp> {
        &mut self.modified_at
    }

    fn all(state: &mut state::State) -> &mut Vec<Self> {
        &mut state.meters
    }

    fn new(state: &mut state::State, mut fields: Fields<'_>) -> Result<Self, Refusal> {
        ["name", "filter", "aggregation"].iter().for_each(|key| fields.require(key));
        let mut meter = Self {
            metadata: Map::new(),
            created_at: state.clock.now(),
            modified_at: None,
            id: secrets::id(),
            name: String::new(),
            unit: UNITS[0].to_owned(),
            custom_label: None,
            custom_multiplier: None,
            filter: Value::Null,
            aggregation: Value::Null,
            organization_id: state.identity.organization_id,
            archived_at: None,
        };
        fill(&mut meter, &mut fields);
        fields.no_organization()?;
        fields.done()?;
        meter.modified_at = Some(state.clock.now());
        Ok(meter)
    }

    fn change(&mut self, state: &mut state::State, mut fields: Fields<'_>) -> Result<(), Refusal> {
        fill(self, &mut fields);
        if let Some(archived) = fields.flag("is_archived") {
            self.archived_at = archived.then(|| state.clock.now());
        }
        fields.done()
    }
}

/// The fields that creating and changing share; what is not sent stays.
fn fill(meter: &mut Meter, fields: &mut Fields<'_>) {
    meter.name = fields.text("name").unwrap_or_else(|| std::mem::take(&mut meter.name));
    if meter.name.chars().count() < 3 {
        let msg = "String should have at least 3 characters";
        let detail = Detail::body("string_too_short", "name", msg, json!(meter.name));
        fields.wrong.push(detail.with(json!({"min_length": 3})));
    }
    if let Some(unit) = fields.text("unit") {
        if !UNITS.contains(&unit.as_str()) {
            let msg = "Input should be 'scalar', 'token' or 'custom'";
            fields.wrong.push(Detail::body("enum", "unit", msg, json!(unit)));
        }
        meter.unit = unit;
    }
    meter.custom_label = fields.text("custom_label").or_else(|| meter.custom_label.take());
    meter.custom_multiplier = fields.integer("custom_multiplier").or(meter.custom_multiplier);
    if let Some(filter) = fields.object("filter") {
        meter.filter = json!(filter);
        fields.wrong.extend(meter_rules::wrong_filter(filter));
    }
    if let Some(aggregation) = fields.object("aggregation") {
        meter.aggregation = json!(aggregation);
        fields.wrong.extend(meter_rules::wrong_aggregation(aggregation));
    }
    if let Some(metadata) = fields.metadata("metadata") {
        meter.metadata = metadata;
    }
}

/// `GET /v1/meters/{id}/quantities`: one entry for each interval that the time touches, and the total (http/108).
pub async fn quantities(State(app): Shared, Path(id): Path<String>, query: Query) -> Answer {
    let id = path_id(&id)?;
    query.ids(&["customer_id"])?;
    let missing = |key: &str| {
        let loc = vec![json!("query"), json!(key)];
        let msg = "Field required".to_owned();
        Refusal::Invalid(vec![Detail { kind: "missing", loc, msg, input: Value::Null, ctx: None }])
    };
    let from = query.moment("start_timestamp")?.ok_or_else(|| missing("start_timestamp"))?;
    let until = query.moment("end_timestamp")?.ok_or_else(|| missing("end_timestamp"))?;
    let interval = query.one("interval").ok_or_else(|| missing("interval"))?;
    if !INTERVALS.contains(&interval) {
        let loc = vec![json!("query"), json!("interval")];
        let msg = "Input should be 'year', 'month', 'week', 'day' or 'hour'".to_owned();
        return Err(Refusal::Invalid(vec![Detail { kind: "enum", loc, msg, input: json!(interval), ctx: None }]));
    }
    let shown = app.read(|state| measure(state, id, &query, (from, until), interval))?;
    Ok(Json(shown).into_response())
}

fn measure(
    state: &state::State,
    id: Uuid,
    query: &Query,
    (from, until): (Stamp, Stamp),
    interval: &str,
) -> Result<Value, Refusal> {
    let meter = state.meter(id)?;
    let counted: Vec<_> = state
        .usage
        .iter()
        .filter(|one| one.timestamp >= from && one.timestamp <= until && one.is_wanted(state, query))
        .filter(|one| meter_rules::counts(meter, one))
        .collect();
    let mut steps = Vec::new();
    let mut at = from;
    while at <= until && steps.len() < MOST_STEPS {
        let within = counted.iter().copied().filter(|one| one.timestamp.period(interval) == at.period(interval));
        let quantity = meter_rules::aggregate(meter, within).to_f64();
        steps.push(json!({"timestamp": at.to_string().replace(".000000Z", "Z"), "quantity": quantity}));
        at = at.plus_interval(interval, 1);
    }
    Ok(json!({"quantities": steps, "total": meter_rules::aggregate(meter, counted.into_iter()).to_f64()}))
}

//! Discounts: made, changed, deleted (http/035, http/150). What they take off is in `life/discounting.rs`.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::body::Fields;
use super::discount_rules;
use super::listing::Query;
use super::products::{Product, join, remove};
use super::refusal::{Detail, Refusal};
use super::resource::Kept;
use super::{Answer, Shared};
use crate::sandbox::clock::Stamp;
use crate::sandbox::secrets;
use crate::sandbox::state;

const DURATIONS: [&str; 3] = ["once", "forever", "repeating"];

/// How much is taken off.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Worth {
    /// In hundredths of a percent.
    Percentage { basis_points: i64 },
    /// In minor units, by currency; the first two fields are the older form.
    Fixed { amount: i64, currency: String, amounts: Map<String, Value> },
}

impl Worth {
    /// Fixed sums by currency; the organization's own stands in the older fields.
    fn in_currencies(amounts: Map<String, Value>) -> Self {
        let first = amounts.keys().find(|currency| *currency == "usd").or_else(|| amounts.keys().next());
        let currency = first.cloned().unwrap_or_default();
        let amount = amounts.get(&currency).and_then(Value::as_i64).unwrap_or(0);
        Self::Fixed { amount, currency, amounts }
    }
}

/// One discount.
#[derive(Clone, Serialize, Deserialize)]
pub struct Discount {
    pub duration: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_in_months: Option<i64>,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(flatten)]
    pub worth: Worth,
    pub created_at: Stamp,
    pub modified_at: Option<Stamp>,
    pub id: Uuid,
    pub metadata: Map<String, Value>,
    pub name: String,
    pub code: Option<String>,
    pub starts_at: Option<Stamp>,
    pub ends_at: Option<Stamp>,
    pub max_redemptions: Option<i64>,
    pub max_redemptions_per_customer: Option<i64>,
    pub redemptions_count: i64,
    pub organization_id: Uuid,
    /// Only these; all if there are none.
    pub products: Vec<Uuid>,
    /// Nobody can have it any more; who has it keeps it.
    #[serde(default)]
    pub is_deleted: bool,
}

/// `GET /v1/discounts/`
pub async fn list(State(app): Shared, query: Query) -> Answer {
    let items = app.read(|state| {
        let named = state.discounts.iter().filter(|one| !one.is_deleted && query.finds(&one.name));
        named.map(|one| one.view(state)).collect()
    });
    query.page(items, "-created_at")
}

impl Kept for Discount {
    const EVENTS: Option<&'static str> = Some("discount");

    fn find(state: &state::State, id: Uuid) -> Result<&Self, Refusal> {
        state.discounts.iter().find(|one| one.id == id && !one.is_deleted).ok_or(Refusal::NotFound)
    }

    fn view(&self, state: &state::State) -> Value {
        let mut shown = json!(self);
        let products: Vec<Value> =
            self.products.iter().filter_map(|id| state.product(*id).ok()).map(Product::bare).collect();
        join(&mut shown, json!({"products": products}));
        remove(&mut shown, &["is_deleted"]);
        shown
    }

    fn id(&self) -> Uuid {
        self.id
    }

    fn modified_at(&mut self) -> &mut Option<Stamp> {
        &mut self.modified_at
    }

    fn all(state: &mut state::State) -> &mut Vec<Self> {
        &mut state.discounts
    }

    fn new(state: &mut state::State, mut fields: Fields<'_>) -> Result<Self, Refusal> {
        ["name", "type", "duration"].iter().for_each(|key| fields.require(key));
        let kind = fields.text("type").unwrap_or_default();
        let mut discount = Self {
            duration: String::new(),
            duration_in_months: None,
            worth: worth(&kind, &mut fields),
            kind,
            created_at: state.clock.now(),
            modified_at: None,
            id: secrets::id(),
            metadata: Map::new(),
            name: String::new(),
            code: None,
            starts_at: None,
            ends_at: None,
            max_redemptions: None,
            max_redemptions_per_customer: None,
            redemptions_count: 0,
            organization_id: state.identity.organization_id,
            products: Vec::new(),
            is_deleted: false,
        };
        fill(&mut discount, &mut fields);
        fields.no_organization()?;
        fields.done()?;
        fitting(state, &discount)?;
        Ok(discount)
    }

    fn change(&mut self, state: &mut state::State, mut fields: Fields<'_>) -> Result<(), Refusal> {
        let before = self.clone();
        fill(self, &mut fields);
        if ["basis_points", "amount", "amounts"].iter().any(|key| fields.has(key)) {
            self.worth = worth(&self.kind, &mut fields);
        }
        discount_rules::check(&before, self, &mut fields)?;
        fields.done()?;
        fitting(state, self)
    }

    fn take_away(state: &mut state::State, id: Uuid) {
        state.discounts.iter_mut().filter(|one| one.id == id).for_each(|one| one.is_deleted = true);
    }
}

fn worth(kind: &str, fields: &mut Fields<'_>) -> Worth {
    if kind == "fixed" {
        if let Some(amounts) = fields.object("amounts").filter(|amounts| !amounts.is_empty()) {
            return Worth::in_currencies(amounts.clone());
        }
        fields.require("amount");
        let amount = at_least(fields, "amount", 0).unwrap_or(0);
        let currency = fields.text("currency").unwrap_or_else(|| "usd".to_owned());
        let amounts = Map::from_iter([(currency.clone(), json!(amount))]);
        return Worth::Fixed { amount, currency, amounts };
    }
    if kind != "percentage" {
        let msg = "Input should be 'fixed' or 'percentage'";
        fields.wrong.push(Detail::body("enum", "type", msg, json!(kind)));
    }
    fields.require("basis_points");
    let basis_points = at_least(fields, "basis_points", 1).unwrap_or(0);
    if basis_points > 10_000 {
        let msg = "Input should be less than or equal to 10000";
        let detail = Detail::body("less_than_equal", "basis_points", msg, json!(basis_points));
        fields.wrong.push(detail.with(json!({"le": 10_000})));
    }
    Worth::Percentage { basis_points }
}

fn at_least(fields: &mut Fields<'_>, key: &str, least: i64) -> Option<i64> {
    let number = fields.integer(key)?;
    if number < least {
        let msg = format!("Input should be greater than or equal to {least}");
        fields.wrong.push(Detail::body("greater_than_equal", key, msg, json!(number)).with(json!({"ge": least})));
    }
    Some(number)
}

/// The fields that creating and changing share; what is not sent stays.
fn fill(discount: &mut Discount, fields: &mut Fields<'_>) {
    discount.name = fields.text("name").unwrap_or_else(|| std::mem::take(&mut discount.name));
    if discount.name.is_empty() {
        let msg = "String should have at least 1 character";
        fields.wrong.push(Detail::body("string_too_short", "name", msg, json!("")).with(json!({"min_length": 1})));
    }
    if let Some(duration) = fields.text("duration") {
        if !DURATIONS.contains(&duration.as_str()) {
            let msg = "Input should be 'once', 'forever' or 'repeating'";
            fields.wrong.push(Detail::body("enum", "duration", msg, json!(duration)));
        }
        discount.duration_in_months = None;
        if duration == "repeating" {
            fields.require("duration_in_months");
            discount.duration_in_months = at_least(fields, "duration_in_months", 1);
        }
        discount.duration = duration;
    }
    if fields.has("code") {
        discount.code = fields.text("code");
    }
    if let Some(metadata) = fields.metadata("metadata") {
        discount.metadata = metadata;
    }
    for (key, place) in [("starts_at", &mut discount.starts_at), ("ends_at", &mut discount.ends_at)] {
        if fields.has(key) {
            *place = fields.text(key).and_then(|text| Stamp::read(&text));
        }
    }
    let limits = [
        ("max_redemptions", &mut discount.max_redemptions),
        ("max_redemptions_per_customer", &mut discount.max_redemptions_per_customer),
    ];
    for (key, place) in limits {
        if fields.has(key) {
            *place = at_least(fields, key, 1);
        }
    }
    if let Some(products) = fields.list("products") {
        discount.products = products.iter().filter_map(|id| id.as_str()?.parse().ok()).collect();
    }
}

/// Codes are unique, whatever their case, and products exist.
fn fitting(state: &state::State, discount: &Discount) -> Result<(), Refusal> {
    let code = discount.code.as_ref().map(|code| code.to_lowercase());
    let taken = |one: &&Discount| {
        !one.is_deleted && one.id != discount.id && one.code.as_ref().map(|code| code.to_lowercase()) == code
    };
    if code.is_some() && state.discounts.iter().any(|one| taken(&one)) {
        return Err(Refusal::field("code", "Discount with this code already exists.", json!(discount.code)));
    }
    match discount.products.iter().find(|id| state.product(**id).is_err()) {
        Some(id) => Err(Refusal::field("products", "Product does not exist.", json!(id))),
        None => Ok(()),
    }
}

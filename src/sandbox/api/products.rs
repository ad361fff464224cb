//! Products (C§2.2): list, read, create, rename, tag, archive, new prices.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::benefits::Benefit;
use super::body::Fields;
use super::listing::Query;
use super::price_rules;
use super::prices::{self, Home, Price};
use super::refusal::{Detail, Refusal};
use super::resource::Kept;
use super::{Answer, Shared, check};
use crate::sandbox::clock::Stamp;
use crate::sandbox::secrets;
use crate::sandbox::state;

const INTERVALS: [&str; 4] = ["day", "week", "month", "year"];
const FILTERS: [&str; 6] = ["id", "organization_id", "is_archived", "is_recurring", "visibility", "name"];

/// One product; everything but the prices is as Polar shows it inside an order.
#[derive(Clone, Serialize, Deserialize)]
pub struct Product {
    pub id: Uuid,
    pub created_at: Stamp,
    pub modified_at: Option<Stamp>,
    pub trial_interval: Option<String>,
    pub trial_interval_count: Option<i64>,
    pub name: String,
    pub description: Option<String>,
    visibility: String,
    pub recurring_interval: Option<String>,
    pub recurring_interval_count: Option<i64>,
    meter_interval: Option<String>,
    meter_interval_count: Option<i64>,
    pub is_recurring: bool,
    pub is_archived: bool,
    organization_id: Uuid,
    pub metadata: Map<String, Value>,
    /// Replaced prices stay, archived: subscriptions go on with them.
    prices: Vec<Price>,
    /// Copies, kept in step with the benefits themselves.
    #[serde(default)]
    pub benefits: Vec<Benefit>,
}

impl Product {
    /// The prices on sale.
    pub fn prices(&self) -> Vec<&Price> {
        self.prices.iter().filter(|price| !price.is_archived && price.source == "catalog").collect()
    }

    /// Customers may find and choose it.
    pub fn is_public(&self) -> bool {
        self.visibility == "public"
    }

    /// A price by its id, archived or not.
    pub fn price(&self, id: Uuid) -> Option<&Price> {
        self.prices.iter().find(|price| price.id == id)
    }

    /// Adds a price that only one checkout has.
    pub fn add_price(&mut self, price: Price) {
        self.prices.push(price);
    }

    /// The product as its own routes and events show it.
    pub fn full(&self) -> Value {
        let mut shown = json!(self);
        let benefits: Vec<Value> = self.benefits.iter().map(Benefit::full).collect();
        let more = json!({"prices": self.prices(), "benefits": benefits, "medias": [], "attached_custom_fields": []});
        join(&mut shown, more);
        shown
    }

    /// The product as a checkout shows it: without what only the merchant sees.
    pub fn for_buyers(&self) -> Value {
        let mut shown = self.full();
        join(&mut shown, json!({"benefits": self.benefits.iter().filter_map(Benefit::for_buyers).collect::<Vec<_>>()}));
        remove(&mut shown, &["metadata", "attached_custom_fields"]);
        shown
    }

    /// The product inside an order: without prices and benefits.
    pub fn bare(&self) -> Value {
        let mut shown = json!(self);
        remove(&mut shown, &["prices", "benefits"]);
        shown
    }
}

/// Adds the fields of `more` to `object`.
pub fn join(object: &mut Value, more: Value) {
    if let (Some(into), Value::Object(more)) = (object.as_object_mut(), more) {
        into.extend(more);
    }
}

/// Takes fields away.
pub fn remove(object: &mut Value, keys: &[&str]) {
    if let Some(object) = object.as_object_mut() {
        object.retain(|key, _| !keys.contains(&key.as_str()));
    }
}

/// The id in a path, or Polar's 422.
pub fn path_id(text: &str) -> Result<Uuid, Refusal> {
    check::uuid(text, &["path", "id"]).map_err(|detail| Refusal::Invalid(vec![detail]))
}

/// `GET /v1/products/`
pub async fn list(State(app): Shared, query: Query) -> Answer {
    query.ids(&["id", "organization_id", "benefit_id"])?;
    let items = app.read(|state| {
        let named = state.products.iter().filter(|one| query.finds(&one.name));
        named.map(Product::full).collect()
    });
    query.select(items, &FILTERS, "-created_at")
}

impl Kept for Product {
    const EVENTS: Option<&'static str> = Some("product");

    fn find(state: &state::State, id: Uuid) -> Result<&Self, Refusal> {
        state.product(id)
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
        &mut state.products
    }

    fn new(state: &mut state::State, mut fields: Fields<'_>) -> Result<Self, Refusal> {
        fields.require("name");
        fields.require("prices");
        let interval = interval(&mut fields, "recurring_interval");
        let mut product = Self {
            id: secrets::id(),
            created_at: state.clock.now(),
            modified_at: None,
            trial_interval: None,
            trial_interval_count: None,
            name: String::new(),
            description: None,
            visibility: "public".to_owned(),
            is_recurring: interval.is_some(),
            recurring_interval_count: interval
                .as_ref()
                .map(|_| fields.integer("recurring_interval_count").unwrap_or(1)),
            recurring_interval: interval,
            meter_interval: None,
            meter_interval_count: None,
            is_archived: false,
            organization_id: state.identity.organization_id,
            metadata: Map::new(),
            prices: Vec::new(),
            benefits: Vec::new(),
        };
        fill(&mut product, &mut fields);
        let entries = fields.list("prices").cloned().unwrap_or_default();
        fields.no_organization()?;
        fields.done()?;
        replace_prices(state, &mut product, &entries)?;
        Ok(product)
    }

    fn change(&mut self, state: &mut state::State, mut fields: Fields<'_>) -> Result<(), Refusal> {
        fill(self, &mut fields);
        if let Some(archived) = fields.flag("is_archived") {
            self.is_archived = archived;
        }
        let entries = fields.list("prices").cloned();
        fields.done()?;
        entries.map_or(Ok(()), |entries| replace_prices(state, self, &entries))
    }

    fn stored(mut self) -> Self {
        self.prices.iter_mut().for_each(Price::stored);
        self
    }
}

/// The fields that creating and changing share; what is not sent stays.
fn fill(product: &mut Product, fields: &mut Fields<'_>) {
    if let Some(name) = fields.text("name") {
        let (kind, msg) = match name.trim().chars().count() {
            0..3 => ("string_too_short", "String should have at least 3 characters"),
            3..=64 => ("", ""),
            _ => ("string_too_long", "String should have at most 64 characters"),
        };
        if !kind.is_empty() {
            fields.wrong.push(Detail::body(kind, "name", msg, json!(name)));
        }
        name.trim().clone_into(&mut product.name);
    }
    if fields.has("description") {
        product.description = fields.text("description");
    }
    if let Some(visibility) = fields.text("visibility") {
        product.visibility = visibility;
    }
    if let Some(metadata) = fields.metadata("metadata") {
        product.metadata = metadata;
    }
    if fields.has("trial_interval") {
        product.trial_interval = interval(fields, "trial_interval");
        product.trial_interval_count = fields.integer("trial_interval_count");
    }
}

fn interval(fields: &mut Fields<'_>, key: &str) -> Option<String> {
    let text = fields.text(key)?;
    if !INTERVALS.contains(&text.as_str()) {
        let msg = "Input should be 'day', 'week', 'month' or 'year'";
        fields.wrong.push(Detail::body("enum", key, msg, json!(text)));
    }
    Some(text)
}

/// Entries with an `id` keep that price, others are new, and whatever is not named is archived.
fn replace_prices(state: &mut state::State, product: &mut Product, entries: &[Value]) -> Result<(), Refusal> {
    if entries.is_empty() {
        let ctx = json!({"field_type": "List", "min_length": 1, "actual_length": 0});
        let msg = "List should have at least 1 item after validation, not 0";
        return Err(Refusal::Invalid(vec![Detail::body("too_short", "prices", msg, json!([])).with(ctx)]));
    }
    let interval = product.recurring_interval.clone();
    let home = Home { product_id: product.id, interval: interval.as_deref(), source: "catalog", meters: &state.meters };
    let (mut kept, mut added) = (Vec::new(), Vec::new());
    for (place, entry) in entries.iter().enumerate() {
        match entry.get("id").and_then(Value::as_str) {
            Some(id) if product.prices.iter().any(|price| price.id.to_string() == id) => kept.push(id.to_owned()),
            Some(id) => return Err(Refusal::field("prices", "Price does not exist.", json!(id))),
            None => added
                .push(prices::create(entry, &home, &mut state.clock).map_err(|wrong| wrong.within("prices", place))?),
        }
    }
    let gone =
        |price: &&mut Price| !price.is_archived && price.source == "catalog" && !kept.contains(&price.id.to_string());
    for price in product.prices.iter_mut().filter(gone) {
        price.is_archived = true;
        price.modified_at = Some(state.clock.now());
    }
    product.prices.extend(added);
    price_rules::check(&product.prices(), entries)
}

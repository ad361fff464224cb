//! Subscriptions (C§2.8): list, read, change in one shape a call, revoke.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::body::Body;
use super::listing::Query;
use super::prices::Price;
use super::products::{join, path_id, remove};
use super::subscription_ledger::{self, Ledger};
use super::subscription_patch::{self, Reason, Shape};
use super::{Answer, Shared};
use crate::sandbox::clock::Stamp;
use crate::sandbox::life::change;
use crate::sandbox::state;

const IDS: [&str; 3] = ["product_id", "customer_id", "discount_id"];
const FILTERS: [&str; 7] = [
    "product_id",
    "customer_id",
    "external_customer_id",
    "discount_id",
    "status",
    "cancel_at_period_end",
    "customer_cancellation_reason",
];
/// What only its own routes show, not the orders around it; and what is nobody's business.
const OWN: [&str; 2] = ["pending_update", "ledger"];

/// A change of product that waits for the end of the period.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    pub created_at: Stamp,
    pub modified_at: Option<Stamp>,
    pub id: Uuid,
    pub applies_at: Stamp,
    pub product_id: Uuid,
    pub seats: Option<i64>,
    pub units: Option<i64>,
}

/// One subscription: the columns that Polar also shows inside an order.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    pub metadata: Map<String, Value>,
    pub created_at: Stamp,
    pub modified_at: Option<Stamp>,
    pub id: Uuid,
    pub amount: i64,
    pub currency: String,
    pub recurring_interval: String,
    pub recurring_interval_count: i64,
    pub status: String,
    pub current_period_start: Stamp,
    pub current_period_end: Stamp,
    pub trial_start: Option<Stamp>,
    pub trial_end: Option<Stamp>,
    pub cancel_at_period_end: bool,
    pub canceled_at: Option<Stamp>,
    pub started_at: Stamp,
    pub ends_at: Option<Stamp>,
    pub ended_at: Option<Stamp>,
    pub past_due_at: Option<Stamp>,
    #[serde(default)]
    pub pause_at_period_end: bool,
    #[serde(default)]
    pub paused_at: Option<Stamp>,
    #[serde(default)]
    pub resumes_at: Option<Stamp>,
    pub customer_id: Uuid,
    pub product_id: Uuid,
    pub checkout_id: Option<Uuid>,
    pub customer_cancellation_reason: Option<String>,
    pub customer_cancellation_comment: Option<String>,
    pub price_id: Uuid,
    #[serde(default)]
    pub pending_update: Option<Pending>,
    #[serde(default)]
    pub discount_id: Option<Uuid>,
    #[serde(default)]
    pub ledger: Ledger,
}

impl Subscription {
    /// `active` or `trialing`: what a customer's state lists.
    pub fn is_active(&self) -> bool {
        ["active", "trialing"].contains(&self.status.as_str())
    }

    /// Active, or owing: what forbids a second subscription (C§2.3), and what can be cancelled.
    pub fn is_live(&self) -> bool {
        self.is_active() || self.status == "past_due"
    }

    /// The subscription inside an order.
    pub fn bare(&self) -> Value {
        let mut shown = json!(self);
        join(
            &mut shown,
            json!({
                "current_meter_period_start": null, "current_meter_period_end": null, "seats": null,
                "units": null, "user_id": self.customer_id,
            }),
        );
        remove(&mut shown, &OWN);
        shown
    }
}

/// The subscription as its own routes and events show it.
pub fn view(state: &state::State, one: &Subscription) -> Value {
    let mut shown = one.bare();
    let customer = state.customer(one.customer_id);
    let product = state.product(one.product_id);
    let prices: Vec<&Price> = product
        .as_ref()
        .map(|product| one.held().iter().filter_map(|held| product.price(held.id)).collect())
        .unwrap_or_default();
    join(
        &mut shown,
        json!({
            "custom_field_data": {}, "customer": customer.as_ref().ok().map(|who| who.full()),
            "user": customer.ok().map(|who| who.as_user()), "product": product.as_ref().ok().map(|product| product.full()),
            "discount": subscription_ledger::discount(state, one.discount_id),
            "price": prices.iter().find(|price| price.id == one.price_id), "prices": prices,
            "meters": one.meters(state, true), "pending_update": one.pending_update,
        }),
    );
    shown
}

/// `GET /v1/subscriptions/`
pub async fn list(State(app): Shared, query: Query) -> Answer {
    query.ids(&IDS)?;
    let active = query.flag("active");
    app.read(|state| {
        let wanted = |one: &&Subscription| active.is_none_or(|active| one.is_active() == active);
        let value = |one: &&Subscription, name: &str| value(state, one, name);
        let all = state.subscriptions.iter().filter(wanted);
        query.select_of(all, (&FILTERS, "-started_at"), value, |one| view(state, one))
    })
}

/// What lists are filtered and sorted by.
fn value(state: &state::State, one: &Subscription, name: &str) -> Option<Value> {
    Some(match name {
        "product_id" => json!(one.product_id),
        "customer_id" => json!(one.customer_id),
        "external_customer_id" => json!(state.customer(one.customer_id).ok()?.external_id),
        "status" => json!(one.status),
        "metadata" => json!(one.metadata),
        "started_at" => json!(one.started_at),
        "ended_at" => json!(one.ended_at),
        "current_period_end" => json!(one.current_period_end),
        _ => return None,
    })
}

/// `GET /v1/subscriptions/{id}`
pub async fn read(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    Ok(Json(app.read(|state| state.subscription(id).map(|one| view(state, one)))?).into_response())
}

/// `PATCH /v1/subscriptions/{id}`: one shape a call.
pub async fn update(State(app): Shared, Path(id): Path<String>, Body(sent): Body) -> Answer {
    let id = path_id(&id)?;
    let shown = app.write(|state| {
        state.subscription(id)?;
        let shape = subscription_patch::read(&sent, state.clock.peek())?;
        change::apply(state, id, shape)?;
        state.subscription(id).map(|one| view(state, one))
    })?;
    Ok(Json(shown).into_response())
}

/// `DELETE /v1/subscriptions/{id}`: ends it now.
pub async fn revoke(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    let shown = app.write(|state| {
        change::apply(state, id, Shape::Revoke(Reason::default()))?;
        state.subscription(id).map(|one| view(state, one))
    })?;
    Ok(Json(shown).into_response())
}

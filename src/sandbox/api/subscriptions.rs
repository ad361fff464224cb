//! Subscriptions (C§2.8): list, read, cancel at the end of the period and back, revoke.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::body::{Body, Fields};
use super::listing::Query;
use super::products::{Product, join, path_id};
use super::refusal::{Detail, Refusal};
use super::{Answer, Shared};
use crate::sandbox::clock::Stamp;
use crate::sandbox::life::ending;
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
/// Shapes of a PATCH that this sandbox does not imitate.
const ELSEWHERE: [&str; 8] = [
    "product_id",
    "discount_id",
    "trial_end",
    "seats",
    "current_billing_period_end",
    "pause_at_period_end",
    "resume",
    "pending_update",
];

/// One subscription: the columns that Polar also shows inside an order.
#[derive(Clone, Serialize, Deserialize)]
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
    pub customer_id: Uuid,
    pub product_id: Uuid,
    pub checkout_id: Option<Uuid>,
    pub customer_cancellation_reason: Option<String>,
    pub customer_cancellation_comment: Option<String>,
    pub price_id: Uuid,
}

impl Subscription {
    /// `active` or `trialing`: what a customer's state lists.
    pub fn is_active(&self) -> bool {
        ["active", "trialing"].contains(&self.status.as_str())
    }

    /// What forbids a second subscription: active, or owing (C§2.3).
    pub fn is_live(&self) -> bool {
        self.is_active() || self.status == "past_due"
    }

    /// The subscription inside an order.
    pub fn bare(&self) -> Value {
        let mut shown = json!(self);
        join(
            &mut shown,
            json!({
                "current_meter_period_start": null, "current_meter_period_end": null, "pause_at_period_end": false,
                "paused_at": null, "resumes_at": null, "discount_id": null, "seats": null, "units": null,
                "user_id": self.customer_id,
            }),
        );
        shown
    }
}

/// The subscription as its own routes and events show it.
pub fn view(state: &state::State, one: &Subscription) -> Value {
    let mut shown = one.bare();
    let customer = state.customer(one.customer_id);
    let product = state.product(one.product_id);
    let price = product.as_ref().ok().and_then(|product| product.price(one.price_id));
    join(
        &mut shown,
        json!({
            "custom_field_data": {}, "customer": customer.as_ref().ok().map(|who| who.full()),
            "user": customer.ok().map(|who| who.as_user()), "product": product.ok().map(Product::full), "discount": null,
            "price": price, "prices": Vec::from_iter(price), "meters": [], "pending_update": null,
        }),
    );
    shown
}

/// `GET /v1/subscriptions/`
pub async fn list(State(app): Shared, query: Query) -> Answer {
    query.ids(&IDS)?;
    let active = query.one("active").map(|text| text == "true");
    let items = app.read(|state| {
        let wanted = |one: &&Subscription| active.is_none_or(|active| one.is_active() == active);
        state.subscriptions.iter().filter(wanted).map(|one| view(state, one)).collect::<Vec<_>>()
    });
    query.page(items.into_iter().filter(|item| query.matches(item, &FILTERS)).collect(), "-started_at")
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
        patch(state, id, &sent)?;
        state.subscription(id).map(|one| view(state, one))
    })?;
    Ok(Json(shown).into_response())
}

/// `DELETE /v1/subscriptions/{id}`: ends it now.
pub async fn revoke(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    let shown = app.write(|state| {
        ending::revoke(state, id)?;
        state.subscription(id).map(|one| view(state, one))
    })?;
    Ok(Json(shown).into_response())
}

fn patch(state: &mut state::State, id: Uuid, sent: &Map<String, Value>) -> Result<(), Refusal> {
    if let Some(key) = ELSEWHERE.iter().find(|key| sent.contains_key(**key)) {
        let detail = format!("The sandbox does not imitate changing {key} of a subscription.");
        return Err(Refusal::domain(StatusCode::NOT_IMPLEMENTED, "NotImitated", detail));
    }
    let mut fields = Fields::of(sent);
    let why = ending::Reason {
        reason: fields.text("customer_cancellation_reason"),
        comment: fields.text("customer_cancellation_comment"),
    };
    let reasons = ["customer_cancellation_reason", "customer_cancellation_comment"];
    if let Some(cancel) = fields.flag("cancel_at_period_end") {
        only(sent, "SubscriptionCancel", &["cancel_at_period_end", reasons[0], reasons[1]])?;
        fields.done()?;
        return if cancel { ending::schedule(state, id, why) } else { ending::withdraw(state, id) };
    }
    if fields.flag("revoke") == Some(true) {
        only(sent, "SubscriptionRevoke", &["revoke", reasons[0], reasons[1]])?;
        fields.done()?;
        return ending::revoke(state, id);
    }
    let metadata = fields.metadata("metadata");
    only(sent, "SubscriptionUpdateMetadata", &["metadata"])?;
    fields.done()?;
    let now = state.clock.now();
    let one = state.subscription_mut(id)?;
    one.metadata = metadata.unwrap_or_else(|| one.metadata.clone());
    one.modified_at = Some(now);
    ending::announce(state, id, &["subscription.updated"]);
    Ok(())
}

/// Extra keys are refused: shapes never mix (C§2.8).
fn only(sent: &Map<String, Value>, variant: &str, allowed: &[&str]) -> Result<(), Refusal> {
    let extra = sent.iter().filter(|(key, _)| !allowed.contains(&key.as_str()));
    let wrong: Vec<Detail> = extra
        .map(|(key, value)| Detail {
            kind: "extra_forbidden",
            loc: vec![json!("body"), json!(variant), json!(key)],
            msg: "Extra inputs are not permitted".to_owned(),
            input: value.clone(),
            ctx: None,
        })
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(Refusal::Invalid(wrong)) }
}

//! Checkout sessions (C§2.3): what one is; list and read them.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::checkout_view::{for_client, view};
use super::listing::Query;
use super::products::path_id;
use super::refusal::Refusal;
use super::{Answer, Shared};
use crate::sandbox::clock::Stamp;
use crate::sandbox::state;

const FILTERS: [&str; 4] = ["product_id", "customer_id", "external_customer_id", "status"];

const QUARTER_S: i64 = 900;

/// `open` → `confirmed` → `succeeded`, or `expired` after 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Open,
    Confirmed,
    Succeeded,
    Expired,
}

impl Status {
    /// As on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Confirmed => "confirmed",
            Self::Succeeded => "succeeded",
            Self::Expired => "expired",
        }
    }
}

/// One session.
#[derive(Clone, Serialize, Deserialize)]
pub struct Checkout {
    pub id: Uuid,
    pub created_at: Stamp,
    pub modified_at: Option<Stamp>,
    pub status: Status,
    pub client_secret: String,
    pub expires_at: Stamp,
    /// As sent, with the id in place of `{CHECKOUT_ID}`.
    pub success_url: Option<String>,
    pub return_url: Option<String>,
    pub embed_origin: Option<String>,
    pub products: Vec<Uuid>,
    pub product_id: Uuid,
    pub price_id: Uuid,
    pub amount: i64,
    pub currency: String,
    pub allow_trial: bool,
    pub trial_interval: Option<String>,
    pub trial_interval_count: Option<i64>,
    /// The trial that this buyer would get.
    pub trial: Option<(String, i64)>,
    pub trial_end: Option<Stamp>,
    pub free: bool,
    pub recurring: bool,
    pub allow_discount_codes: bool,
    pub require_billing_address: bool,
    /// The free subscription that this purchase upgrades, not the one it makes (C§2.3).
    #[serde(default)]
    pub subscription_id: Option<Uuid>,
    pub customer_id: Option<Uuid>,
    /// The customer was known when the session was made: its e-mail stays.
    pub linked: bool,
    pub external_customer_id: Option<String>,
    pub customer_name: Option<String>,
    pub customer_email: Option<String>,
    pub customer_ip_address: Option<String>,
    pub customer_billing_name: Option<String>,
    pub customer_billing_address: Option<Value>,
    pub metadata: Map<String, Value>,
    pub customer_metadata: Map<String, Value>,
    /// What the payment provider said, once a card was used.
    pub payment: Map<String, Value>,
    /// Prices that only this session has, by product.
    #[serde(default)]
    pub ad_hoc: BTreeMap<Uuid, Vec<Uuid>>,
    #[serde(default)]
    pub discount_id: Option<Uuid>,
    #[serde(default)]
    pub discount_amount: i64,
    /// Unknown until the country is.
    #[serde(default)]
    pub tax_amount: Option<i64>,
    #[serde(default)]
    pub tax_inclusive: bool,
    /// Usage will be charged.
    #[serde(default)]
    pub metered: bool,
    /// The discount takes off everything for ever: not even a card is needed.
    #[serde(default)]
    pub spared: bool,
    /// Lets the buyer into the portal on the way back; absent after a match by e-mail alone.
    pub session_token: Option<String>,
}

impl Checkout {
    /// After the discount, before tax.
    pub fn net(&self) -> i64 {
        self.amount - self.discount_amount - if self.tax_inclusive { self.tax_amount.unwrap_or(0) } else { 0 }
    }

    /// What the buyer pays, if it is paid now.
    pub fn total(&self) -> i64 {
        self.net() + self.tax_amount.unwrap_or(0)
    }

    /// Money is taken now.
    pub fn payment_required(&self) -> bool {
        !self.free && self.trial.is_none() && self.total() > 0
    }

    /// A card is kept for later. A discount of 100 % does not change that, unless it is for ever (C§11).
    pub fn setup_required(&self) -> bool {
        self.recurring && !self.free && !self.spared && (self.amount > 0 || self.metered)
    }

    /// The buyer must fill in card and country.
    pub fn form_required(&self) -> bool {
        self.payment_required() || self.setup_required()
    }

    /// The buyer went through with it: the payment provider knows them since.
    pub fn is_confirmed(&self) -> bool {
        matches!(self.status, Status::Confirmed | Status::Succeeded)
    }

    /// When an open session becomes `expired`: every quarter of an hour Polar looks for those whose time is over (C§2.3).
    pub fn swept_at(&self) -> Option<Stamp> {
        let quarters = self.expires_at.seconds().div_euclid(QUARTER_S) + 1;
        (self.status == Status::Open).then_some(Stamp(quarters * QUARTER_S * 1_000_000))
    }

    /// Gone for buyers, whether or not the status says so yet.
    pub fn is_expired(&self, now: Stamp) -> bool {
        self.status == Status::Expired || (self.status == Status::Open && self.expires_at <= now)
    }
}

/// The session with this client secret.
pub fn by_secret<'a>(state: &'a state::State, secret: &str) -> Result<&'a Checkout, Refusal> {
    state.checkouts.iter().find(|checkout| checkout.client_secret == secret).ok_or(Refusal::NotFound)
}

/// 410 of the client routes.
pub fn expired() -> Refusal {
    Refusal::domain(StatusCode::GONE, "ExpiredCheckoutError", "This checkout session has expired.")
}

/// 403 of whatever needs an open session.
pub fn not_open(checkout: &Checkout) -> Refusal {
    let detail = format!("Checkout {} is not open: {}", checkout.id, checkout.status.word());
    Refusal::domain(StatusCode::FORBIDDEN, "NotOpenCheckout", detail)
}

/// `GET /v1/checkouts/`
pub async fn list(State(app): Shared, query: Query) -> Answer {
    query.ids(&["product_id", "customer_id"])?;
    let wanted = query.one("external_customer_id").map(str::to_owned);
    let items = app.read(|state| {
        let found = state.checkouts.iter().filter(|one| wanted.is_none() || one.external_customer_id == wanted);
        found.map(|one| view(state, one)).collect::<Vec<_>>()
    });
    let own: Vec<&str> = FILTERS.into_iter().filter(|field| *field != "external_customer_id").collect();
    query.select(items, &own, "-created_at")
}

/// `GET /v1/checkouts/{id}`
pub async fn read(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    Ok(Json(app.read(|state| state.checkout(id).map(|one| view(state, one)))?).into_response())
}

/// Replaces the stored session by this one.
pub fn put(state: &mut state::State, checkout: Checkout) {
    if let Some(place) = state.checkouts.iter_mut().find(|place| place.id == checkout.id) {
        *place = checkout;
    }
}

/// `GET /v1/checkouts/client/{client_secret}`
pub async fn client_read(State(app): Shared, Path(secret): Path<String>) -> Answer {
    let shown = app.read(|state| {
        let checkout = by_secret(state, &secret)?;
        if checkout.is_expired(state.clock.peek()) { Err(expired()) } else { Ok(for_client(state, checkout)) }
    })?;
    Ok(Json(shown).into_response())
}

//! What customers used and have left (C§2.11, http/053, http/106).

use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::listing::Query;
use super::products::{join, path_id};
use super::refusal::Refusal;
use super::{Answer, Shared};
use crate::sandbox::clock::Stamp;
use crate::sandbox::state;

/// One meter of one customer, as of its last recomputation.
#[derive(Clone, Serialize, Deserialize)]
pub struct CustomerMeter {
    pub id: Uuid,
    pub created_at: Stamp,
    pub modified_at: Option<Stamp>,
    pub customer_id: Uuid,
    pub meter_id: Uuid,
    /// Since the last reset.
    pub consumed_units: f64,
    pub credited_units: i64,
    /// Credits that rolled over at the last reset.
    pub carried: i64,
    /// How many events there were at the last reset: billing goes by the time of receipt.
    pub since: usize,
    /// Started anew since it was last credited: the benefit's renewal does not do it again.
    #[serde(default)]
    pub restarted: bool,
}

impl CustomerMeter {
    /// Credits less consumption; may be negative.
    #[expect(clippy::cast_precision_loss, reason = "credits are far below 2^52")]
    pub fn balance(&self) -> f64 {
        self.credited_units as f64 - self.consumed_units
    }

    /// The entry of a customer's state.
    fn entry(&self) -> Value {
        json!({
            "id": self.id, "created_at": self.created_at, "modified_at": self.modified_at, "meter_id": self.meter_id,
            "consumed_units": self.consumed_units, "credited_units": self.credited_units, "balance": self.balance(),
        })
    }
}

/// The entries of a customer's state.
pub fn entries(state: &state::State, customer_id: Uuid) -> Vec<Value> {
    state.customer_meters.iter().filter(|one| one.customer_id == customer_id).map(CustomerMeter::entry).collect()
}

/// `GET /v1/customer-meters/`
pub async fn list(State(app): Shared, query: Query) -> Answer {
    query.ids(&["customer_id", "meter_id"])?;
    let items = app.read(|state| state.customer_meters.iter().map(|one| view(state, one)).collect::<Vec<_>>());
    query.select(items, &["customer_id", "external_customer_id", "meter_id"], "-modified_at")
}

/// `GET /v1/customer-meters/{id}`
pub async fn read(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    let found = app.read(|state| state.customer_meters.iter().find(|one| one.id == id).map(|one| view(state, one)));
    Ok(Json(found.ok_or(Refusal::NotFound)?).into_response())
}

/// The meter as its own routes show it.
pub fn view(state: &state::State, one: &CustomerMeter) -> Value {
    let mut shown = one.entry();
    let customer = state.customer(one.customer_id).ok().map(|who| who.full());
    join(
        &mut shown,
        json!({"customer_id": one.customer_id, "customer": customer, "meter": state.meter(one.meter_id).ok()}),
    );
    shown
}

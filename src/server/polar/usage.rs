//! Usage: telling Polar what was used, and what Polar counted (C§2.11).

use super::{Client, Error};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One use, as Polar takes it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UsageEvent {
    /// What meters filter by.
    pub name: String,
    /// Our user id; Polar's customer may come later.
    pub external_customer_id: String,
    /// Our id of the event: Polar counts it once for ever.
    pub external_id: String,
    /// When; left out, Polar takes the moment of receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// A flat object.
    pub metadata: Value,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Ingested {
    /// So many were new.
    pub inserted: u64,
    /// So many were known.
    pub duplicates: u64,
}

#[derive(Deserialize)]
struct Quantities {
    total: f64,
}

impl Client {
    /// Tells Polar what was used: all of it, or nothing.
    ///
    /// # Errors
    /// As every call; sending the same again counts nothing twice. A 422 is about one event at least.
    pub async fn ingest(&self, events: &[UsageEvent]) -> Result<Ingested, Error> {
        self.send(Method::POST, "/v1/events/ingest", &json!({ "events": events })).await.map(|seen| seen.value)
    }

    /// What a meter counted from one instant until another, of everybody or of the customer with this external id.
    ///
    /// # Errors
    /// As every call.
    pub async fn quantity(&self, meter: &str, external_id: Option<&str>, span: (&str, &str)) -> Result<f64, Error> {
        let mut query = vec![("start_timestamp", span.0), ("end_timestamp", span.1), ("interval", "year")];
        query.extend(external_id.map(|id| ("external_customer_id", id)));
        let seen = self.get::<Quantities>(&format!("/v1/meters/{meter}/quantities"), &query).await?;
        Ok(seen.value.total)
    }
}

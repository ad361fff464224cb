//! Meters and the benefits that give units of them, as they are set up: made and changed (C§2.11, C§2.12).

use super::{Client, Error};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a meter-credit benefit is to be.
#[derive(Clone, Copy, Debug)]
pub struct Credit<'c> {
    /// 3–42 characters.
    pub description: &'c str,
    /// More than none.
    pub units: i64,
    /// Polar's meter.
    pub meter: &'c str,
    /// Whether what is left over goes along to the next period.
    pub rollover: bool,
}

impl Credit<'_> {
    /// Polar asks for the kind in changes as well.
    fn body(&self) -> Value {
        json!({
            "type": "meter_credit", "description": self.description,
            "properties": {"meter_id": self.meter, "units": self.units, "rollover": self.rollover},
        })
    }
}

impl Client {
    /// Every meter of the organization, raw; those that count no more as well, since prices of them may stand.
    ///
    /// # Errors
    /// As every call.
    pub async fn meters(&self) -> Result<Vec<Value>, Error> {
        let all = self.all("meter", &[]).await?;
        Ok(all.into_iter().map(|seen| seen.value).collect())
    }

    /// Makes a meter, tagged with its key.
    ///
    /// # Errors
    /// As every call.
    pub async fn create_meter(&self, key: &str, name: &str, filter: Value, aggregation: Value) -> Result<(), Error> {
        let body = json!({"name": name, "filter": filter, "aggregation": aggregation, "metadata": {"meter": key}});
        self.send::<Value>(Method::POST, "/v1/meters/", &body).await.map(drop)
    }

    /// Calls a meter otherwise.
    ///
    /// # Errors
    /// As every call.
    pub async fn rename_meter(&self, id: &str, name: &str) -> Result<(), Error> {
        self.send::<Value>(Method::PATCH, &format!("/v1/meters/{id}"), &json!({ "name": name })).await.map(drop)
    }

    /// Makes a benefit that gives units of a meter.
    ///
    /// # Errors
    /// As every call.
    pub async fn create_credit(&self, credit: Credit<'_>, tags: &BTreeMap<&str, String>) -> Result<(), Error> {
        let mut body = credit.body();
        body["metadata"] = json!(tags);
        self.send::<Value>(Method::POST, "/v1/benefits/", &body).await.map(drop)
    }

    /// Changes what such a benefit gives, from the next renewal on. Its tags stay.
    ///
    /// # Errors
    /// As every call.
    pub async fn change_credit(&self, id: &str, credit: Credit<'_>) -> Result<(), Error> {
        self.send::<Value>(Method::PATCH, &format!("/v1/benefits/{id}"), &credit.body()).await.map(drop)
    }
}

//! Meters and the benefits that give units of them, as they are set up: made and changed (C§2.11, C§2.12). And what each
//! customer has of a meter.

use super::{Client, Error};
use crate::model::reckoning::Theirs;
use reqwest::Method;
use serde::Deserialize;
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

/// What Polar holds of one customer's meter, all their subscriptions together.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerMeter {
    /// Our user id, or whatever another shop of the organization calls its customers.
    pub external_id: Option<String>,
    /// Its numbers.
    pub held: Theirs,
}

/// As Polar writes it.
#[derive(Deserialize)]
struct Written {
    customer: Customer,
    credited_units: i64,
    consumed_units: f64,
}

#[derive(Deserialize)]
struct Customer {
    external_id: Option<String>,
}

impl From<Written> for CustomerMeter {
    fn from(written: Written) -> Self {
        let held = Theirs { credited: written.credited_units, consumed: written.consumed_units };
        Self { external_id: written.customer.external_id, held }
    }
}

impl Client {
    /// One page of what customers have of a meter, those first who had it first; and whether there are no more. Pages count
    /// from 1. In this order nobody is missed who uses it meanwhile.
    ///
    /// # Errors
    /// As every call.
    pub async fn customer_meters(&self, meter: &str, number: u32) -> Result<(Vec<CustomerMeter>, bool), Error> {
        let query = [("meter_id", meter), ("sorting", "created_at"), ("sorting", "customer_id")];
        let page = self.page("customer_meter", &query, number).await?;
        let read =
            |value| serde_json::from_value::<Written>(value).map_err(|error| Error::Unreadable(error.to_string()));
        let balances: Result<Vec<Written>, Error> = page.items.into_iter().map(|seen| read(seen.value)).collect();
        Ok((balances?.into_iter().map(CustomerMeter::from).collect(), page.is_last))
    }

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

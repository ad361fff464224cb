//! Products and benefits as they are set up: made, changed, archived (C§2.2, C§2.12).

use super::{Client, Error, Seen};
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A product to be made.
#[derive(Clone, Debug, Serialize)]
pub struct NewProduct {
    /// 3–64 characters.
    pub name: String,
    /// One sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `day`, `week`, `month`, `year`; none for one-time products.
    pub recurring_interval: Option<String>,
    /// Before the first payment.
    #[serde(flatten)]
    pub trial: Option<NewTrial>,
    /// Its prices.
    pub prices: Vec<Price>,
    /// Our tags.
    pub metadata: BTreeMap<&'static str, String>,
}

/// The trial of a product; without either, none.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewTrial {
    /// `day`, `week`, `month`, `year`.
    pub trial_interval: Option<String>,
    /// How many of them.
    pub trial_interval_count: Option<i64>,
}

/// A price of a product.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Price {
    /// One that it has already.
    Kept {
        /// Polar's id.
        id: String,
    },
    /// A fixed one to be made.
    New {
        /// Always `fixed`.
        amount_type: &'static str,
        /// Minor units; 0 is free.
        price_amount: i64,
        /// Lower-case ISO code.
        price_currency: String,
        /// `inclusive`, `exclusive`, `location`; none: as the organization says.
        #[serde(skip_serializing_if = "Option::is_none")]
        tax_behavior: Option<String>,
    },
    /// One for each unit of a meter, to be made.
    Unit {
        /// Always `metered_unit`.
        amount_type: &'static str,
        /// Polar's meter: it refuses a price without one.
        meter_id: Option<String>,
        /// Minor units as a decimal number.
        unit_amount: String,
        /// Lower-case ISO code.
        price_currency: String,
        /// The most that one bill charges, in minor units.
        #[serde(skip_serializing_if = "Option::is_none")]
        cap_amount: Option<i64>,
        /// As of a fixed one.
        #[serde(skip_serializing_if = "Option::is_none")]
        tax_behavior: Option<String>,
    },
}

/// What changes about a product; what is none stays.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ProductChange {
    /// 3–64 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// One sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Before the first payment.
    #[serde(flatten)]
    pub trial: Option<NewTrial>,
    /// All its prices: one that is left out is archived, and subscriptions go on with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prices: Option<Vec<Price>>,
    /// All its metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, Value>>,
    /// Whether it can be bought no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_archived: Option<bool>,
}

impl Client {
    /// Every benefit of the organization, raw.
    ///
    /// # Errors
    /// As every call.
    pub async fn benefits(&self) -> Result<Vec<Value>, Error> {
        let all = self.all("benefit", &[]).await?;
        Ok(all.into_iter().map(|seen| seen.value).collect())
    }

    /// Makes a feature-flag benefit.
    ///
    /// # Errors
    /// As every call.
    pub async fn create_flag(&self, description: &str, metadata: &Value) -> Result<(), Error> {
        let body = json!({
            "type": "feature_flag", "description": description, "metadata": metadata, "properties": {},
        });
        self.send::<Value>(Method::POST, "/v1/benefits/", &body).await.map(drop)
    }

    /// Makes a product.
    ///
    /// # Errors
    /// As every call.
    pub async fn create_product(&self, product: &NewProduct) -> Result<Seen<Value>, Error> {
        self.send(Method::POST, "/v1/products/", product).await
    }

    /// Changes a product; the product as it is then.
    ///
    /// # Errors
    /// As every call.
    pub async fn change_product(&self, id: &str, change: &ProductChange) -> Result<Seen<Value>, Error> {
        self.send(Method::PATCH, &format!("/v1/products/{id}"), change).await
    }

    /// Lets a product give these benefits and no others; who bought it already follows. The product as it is then.
    ///
    /// # Errors
    /// As every call.
    pub async fn give_benefits(&self, id: &str, benefits: &[String]) -> Result<Seen<Value>, Error> {
        let body = json!({ "benefits": benefits });
        self.send(Method::POST, &format!("/v1/products/{id}/benefits"), &body).await
    }
}

//! Receipts and invoices: each is an address that lives for minutes, asked for on a click, never stored or logged (C§2.9).

use super::{Client, Error};
use reqwest::Method;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::json;

/// A paper that Polar makes of a bill.
#[derive(Clone, PartialEq, Eq)]
pub enum Paper {
    /// It can be fetched at this address for a while.
    Ready(String),
    /// Polar is making it.
    BeingMade,
    /// There is none.
    Missing,
}

#[derive(Deserialize)]
struct Link {
    url: String,
}

impl Client {
    /// The receipt of a bill; the first question has Polar make it.
    ///
    /// # Errors
    /// As every call.
    pub async fn receipt(&self, bill: &str) -> Result<Paper, Error> {
        // 202 has no body: there will be one.
        let seen = self.find::<Option<Link>>(&format!("/v1/orders/{bill}/receipt"), &[]).await?;
        Ok(seen.value.map_or(Paper::Missing, |link| link.map_or(Paper::BeingMade, |link| Paper::Ready(link.url))))
    }

    /// The invoice of a bill, if it was made.
    ///
    /// # Errors
    /// As every call.
    pub async fn invoice(&self, bill: &str) -> Result<Paper, Error> {
        let seen = self.find::<Link>(&format!("/v1/orders/{bill}/invoice"), &[]).await?;
        Ok(seen.value.map_or(Paper::Missing, |link| Paper::Ready(link.url)))
    }

    /// Has Polar make the invoice of a bill.
    ///
    /// # Errors
    /// As every call; 422 while Polar does not know who pays, 409 for a bill that is none yet.
    pub async fn make_invoice(&self, bill: &str) -> Result<(), Error> {
        let path = format!("/v1/orders/{bill}/invoice");
        self.send::<Option<IgnoredAny>>(Method::POST, &path, &json!({})).await.map(drop)
    }
}

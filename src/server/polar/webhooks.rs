//! Polar's side of webhooks: endpoints, what was sent to them, and asking for it again (C§2.13). The signing secret that
//! every read of an endpoint carries is left unread.

use super::{Client, Error, Listed, Seen};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

/// As many as Polar gives at once.
const PAGE: &str = "100";

/// An endpoint, as far as we read it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Endpoint {
    /// Polar's id.
    pub id: String,
    /// Where it delivers to.
    pub url: String,
    /// `raw` for us.
    pub format: String,
    /// The kinds that it is told about.
    pub events: Vec<String>,
    /// Whether anything is delivered at all.
    pub enabled: bool,
}

/// One attempt to deliver an event.
#[derive(Clone, Debug, Deserialize)]
pub struct Attempt {
    /// Whether it was answered 2xx.
    pub succeeded: bool,
    /// What was to be delivered.
    pub webhook_event: Event,
}

/// An event for one endpoint.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    /// Its `webhook-id`.
    pub id: String,
    /// Whether it arrived in the end; `None` while that is open.
    pub succeeded: Option<bool>,
}

impl Client {
    /// Every endpoint of the organization.
    ///
    /// # Errors
    /// As every call.
    pub async fn endpoints(&self) -> Result<Vec<Endpoint>, Error> {
        let seen: Seen<Listed<Endpoint>> = self.get("/v1/webhooks/endpoints", &[("limit", PAGE)]).await?;
        Ok(seen.value.items)
    }

    /// Makes an endpoint in the raw format, told about these kinds. Polar thinks up its secret.
    ///
    /// # Errors
    /// As every call; a 422 where no address of the internet is meant.
    pub async fn add_endpoint(&self, url: &str, events: &[String]) -> Result<Endpoint, Error> {
        let body = json!({ "url": url, "name": "Boreal", "format": "raw", "events": events });
        self.send(Method::POST, "/v1/webhooks/endpoints", &body).await.map(|seen| seen.value)
    }

    /// Switches an endpoint on, in the raw format, for these kinds.
    ///
    /// # Errors
    /// As every call.
    pub async fn enable_endpoint(&self, id: &str, events: &[String]) -> Result<Endpoint, Error> {
        let body = json!({ "enabled": true, "format": "raw", "events": events });
        self.send(Method::PATCH, &format!("/v1/webhooks/endpoints/{id}"), &body).await.map(|seen| seen.value)
    }

    /// One page of attempts, the newest first, and whether it is the last; `filter` as Polar names it.
    ///
    /// # Errors
    /// As every call.
    pub async fn attempts(&self, filter: &[(&str, &str)], number: u32) -> Result<(Vec<Attempt>, bool), Error> {
        let text = number.to_string();
        let query = [filter, &[("page", text.as_str()), ("limit", PAGE)]].concat();
        let seen: Seen<Listed<Attempt>> = self.get("/v1/webhooks/deliveries", &query).await?;
        Ok((seen.value.items, number >= seen.value.pagination.max_page))
    }

    /// Asks for an event again: the same id and body. Does nothing while the endpoint is off.
    ///
    /// # Errors
    /// As every call.
    pub async fn redeliver(&self, event: &str) -> Result<(), Error> {
        let path = format!("/v1/webhooks/events/{event}/redeliver");
        self.send::<Value>(Method::POST, &path, &json!({})).await.map(drop)
    }
}

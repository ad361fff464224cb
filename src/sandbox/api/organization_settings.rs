//! What customers may do by themselves in the portal (C§2.1, C§11 "Portal switches").

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::refusal::{Detail, Refusal};

const KEY: &str = "customer_portal_settings";

/// `customer_portal_settings` of the organization.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct PortalSettings {
    pub usage: Usage,
    pub subscription: Subscription,
    #[serde(default)]
    pub customer: Customer,
}

/// Of the meters.
#[derive(Clone, Serialize, Deserialize)]
pub struct Usage {
    pub show: bool,
}

/// Of the subscriptions.
#[derive(Clone, Serialize, Deserialize)]
pub struct Subscription {
    pub update_seats: bool,
    pub update_plan: bool,
    /// To pause and to resume; not shown until it was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<bool>,
}

/// Of the customer's own data.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Customer {
    #[serde(default)]
    pub allow_email_change: bool,
}

impl Default for Usage {
    fn default() -> Self {
        Self { show: true }
    }
}

impl Default for Subscription {
    fn default() -> Self {
        Self { update_seats: true, update_plan: true, pause: None }
    }
}

/// The settings in a PATCH of the organization, if it has them.
///
/// # Errors
/// 422 for settings of another form, 501 for what does not change here.
pub fn read(sent: &Map<String, Value>) -> Result<Option<PortalSettings>, Refusal> {
    if let Some(other) = sent.keys().find(|key| *key != KEY) {
        let detail = format!("The sandbox does not change {other} of its organization.");
        return Err(Refusal::domain(StatusCode::NOT_IMPLEMENTED, "NotImitated", detail));
    }
    let Some(settings) = sent.get(KEY).filter(|value| !value.is_null()) else { return Ok(None) };
    serde_json::from_value(settings.clone())
        .map(Some)
        .map_err(|error| Refusal::Invalid(vec![Detail::body("typed_dict", KEY, error.to_string(), json!(settings))]))
}

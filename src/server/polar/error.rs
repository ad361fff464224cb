//! What Polar's API can answer instead of what was asked for.

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// Why a call failed. No variant holds a token, an address or anything that a person typed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No answer: unreachable, or slower than the time-out. What was asked may have happened.
    #[error("Polar did not answer")]
    NoAnswer,
    /// 429: too many requests of this organization.
    #[error("Polar asks for fewer requests")]
    Limited {
        /// How long it asked us to wait.
        retry_after: Duration,
    },
    /// 5xx: what was asked may have happened.
    #[error("Polar failed with {0}")]
    Failed(u16),
    /// 401: the token is wrong, expired or of the other environment.
    #[error("Polar does not accept the access token")]
    Unauthorized,
    /// 403 for want of a scope.
    #[error("the access token lacks a scope")]
    MissingScope,
    /// 404 about an object: there is none, or not for this organization.
    #[error("Polar knows no such object")]
    NotFound,
    /// 404 about the address or the version itself, which says nothing about any object.
    #[error("Polar knows no such address: it may no longer answer this version of its API")]
    NoRoute,
    /// Another 4xx.
    #[error("Polar refused with {status} {class} at {places:?}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Polar's name for it, such as `RequestValidationError`.
        class: String,
        /// Which fields it names, without what was in them.
        places: Vec<String>,
    },
    /// The answer is not what the schema says.
    #[error("Polar's answer cannot be read: {0}")]
    Unreadable(String),
}

/// The conflicts that are refusals: nothing else is at work.
const NEVER_FITS: [&str; 5] = [
    "CannotPauseSubscription",
    "NoScheduledPause",
    "NotPausedSubscription",
    "OrderNotEligibleForInvoice",
    "CheckoutCustomerDeleted",
];

impl Error {
    /// Whether the same call may succeed later without any change.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::NoAnswer | Self::Limited { .. } | Self::Failed(_))
    }

    /// Whether what was asked may have happened, or may be happening, although no answer says so.
    #[must_use]
    pub fn may_be_done(&self) -> bool {
        match self {
            Self::NoAnswer | Self::Failed(_) | Self::Unreadable(_) => true,
            // Some conflicts say that another request is at work, the others that it does not fit (C§1.4).
            Self::Refused { status: 409, class, .. } => !NEVER_FITS.contains(&class.as_str()),
            _ => false,
        }
    }

    /// Whether it has certainly not happened and may be asked again: Polar, or our own budget, only wants fewer requests.
    #[must_use]
    pub fn was_not_done(&self) -> bool {
        matches!(self, Self::Limited { .. })
    }

    /// Whether Polar refused it as invalid (422).
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        matches!(self, Self::Refused { status: 422, .. })
    }

    /// Whether Polar refuses what was sent, as it was sent: invalid (422), unreadable (400) or too long (413).
    #[must_use]
    pub fn is_about_the_body(&self) -> bool {
        matches!(self, Self::Refused { status: 400 | 413 | 422, .. })
    }

    /// Reads an answer that is not a success.
    pub(super) fn of(status: StatusCode, retry_after: Option<Duration>, body: &[u8]) -> Self {
        let told: Told = serde_json::from_slice(body).unwrap_or_default();
        match status.as_u16() {
            401 => Self::Unauthorized,
            403 if told.error.as_deref() == Some("insufficient_scope") => Self::MissingScope,
            404 if told.error.is_some() => Self::NotFound,
            404 => Self::NoRoute,
            429 => Self::Limited { retry_after: retry_after.unwrap_or(Duration::from_secs(3)) },
            code @ 500.. => Self::Failed(code),
            status => Self::Refused { status, class: told.error.unwrap_or_default(), places: places(&told.detail) },
        }
    }
}

/// C§1.4: `error` may be missing, `detail` may be text, a list or missing.
#[derive(Default, Deserialize)]
struct Told {
    error: Option<String>,
    #[serde(default)]
    detail: Value,
}

fn places(detail: &Value) -> Vec<String> {
    let each = detail.as_array().into_iter().flatten();
    each.filter_map(|entry| entry["loc"].as_array()?.last()?.as_str().map(str::to_owned)).take(8).collect()
}

impl From<reqwest::Error> for Error {
    fn from(error: reqwest::Error) -> Self {
        if error.is_decode() { Self::Unreadable("no JSON".to_owned()) } else { Self::NoAnswer }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> Error {
        Error::of(StatusCode::from_u16(status).unwrap(), None, body.as_bytes())
    }

    #[test]
    fn every_shape_of_error_is_understood() {
        assert!(matches!(of(401, r#"{"error":"invalid_token"}"#), Error::Unauthorized));
        assert!(matches!(of(403, r#"{"error":"insufficient_scope"}"#), Error::MissingScope));
        assert!(matches!(of(429, ""), Error::Limited { .. }));
        assert!(matches!(of(500, "Internal Server Error"), Error::Failed(500)));
        let refused = of(422, r#"{"error":"RequestValidationError","detail":[{"loc":["body","customer_email"]}]}"#);
        assert!(matches!(&refused, Error::Refused { places, .. } if places == &["customer_email"]));
        assert!(matches!(of(403, r#"{"error":"NotPermitted","detail":"no"}"#), Error::Refused { status: 403, .. }));
        assert!(of(409, r#"{"error":"SubscriptionLocked","detail":"no"}"#).may_be_done());
        assert!(!of(409, r#"{"error":"CannotPauseSubscription","detail":"no"}"#).may_be_done());
        assert!(matches!(of(404, r#"{"error":"ResourceNotFound","detail":"Not found"}"#), Error::NotFound));
        assert!(matches!(of(404, r#"{"detail":"Not Found"}"#), Error::NoRoute), "no evidence about an object");
    }
}

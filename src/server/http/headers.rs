//! The headers that keep a page safe. A route may set its own value of any of them.

use super::csp;
use crate::server::config::Config;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use std::sync::Arc;

/// The headers of every answer, made once at start.
#[derive(Clone)]
pub struct Safe(Arc<HeaderMap>);

impl Safe {
    /// `policy` is the value of `Content-Security-Policy`; see [`csp`].
    #[must_use]
    pub fn new(config: &Config, policy: HeaderValue) -> Self {
        let fixed: [(HeaderName, &'static str); 8] = [
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (header::REFERRER_POLICY, "same-origin"),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
            (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=()"),
            (HeaderName::from_static("speculation-rules"), "\"/speculation.json\""),
            (header::CACHE_CONTROL, "private, no-cache"),
        ];
        let mut headers: HeaderMap =
            fixed.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect();
        headers.insert(csp::HEADER, policy);
        if config.is_https() && !config.is_loopback() {
            let two_years = HeaderValue::from_static("max-age=63072000; includeSubDomains");
            headers.insert(header::STRICT_TRANSPORT_SECURITY, two_years);
        }
        Self(Arc::new(headers))
    }
}

/// Adds what the route has not set itself.
pub async fn add(State(safe): State<Safe>, request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    for (name, value) in safe.0.iter() {
        answer.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        config: Config,
    }

    fn transport(origin: &str) -> bool {
        let config = Line::parse_from(["boreal", "--origin", origin]).config;
        Safe::new(&config, HeaderValue::from_static("x")).0.contains_key(header::STRICT_TRANSPORT_SECURITY)
    }

    #[test]
    fn transport_security_is_promised_only_where_it_can_be_kept() {
        assert!(transport("https://shop.example.org"));
        assert!(!transport("https://localhost:3443"));
        assert!(!transport("http://127.0.0.1:3000"));
    }
}

//! Where a visitor first came from, kept until they buy: a few named parameters of the first address that had any.

use super::reply;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
    middleware::Next,
    response::Response,
};
use leptos::prelude::use_context;
use std::collections::BTreeMap;
use url::form_urlencoded;

/// The parameters that are kept, and what they are called at Polar.
const KEPT: [(&str, &str); 6] = [
    ("source", "source"),
    ("utm_source", "source"),
    ("campaign", "campaign"),
    ("utm_campaign", "campaign"),
    ("ref", "referrer"),
    ("referrer", "referrer"),
];

/// Longer values are cut: a cookie has no room for more.
const LONGEST: usize = 200;

const COOKIE: &str = "arrival";

/// Keeps what the first address says, for 90 days.
pub async fn remember(State(secure): State<bool>, request: Request, next: Next) -> Response {
    let first = *request.method() == Method::GET && !reply::cookies(request.headers()).any(|(name, _)| name == COOKIE);
    let said = request.uri().query().filter(|_| first).map(said).unwrap_or_default();
    let mut answer = next.run(request).await;
    if !said.is_empty() {
        let value: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(&said).finish();
        let secure = if secure { "; Secure" } else { "" };
        let cookie = format!("{COOKIE}={value}; Path=/; Max-Age=7776000; SameSite=Lax; HttpOnly{secure}");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    answer
}

/// What was kept for the visitor of this request: any of `source`, `campaign`, `referrer`.
#[must_use]
pub fn arrival() -> BTreeMap<&'static str, String> {
    use_context::<Parts>().map(|parts| kept(&parts.headers)).unwrap_or_default()
}

fn kept(headers: &HeaderMap) -> BTreeMap<&'static str, String> {
    reply::cookies(headers).find(|(name, _)| *name == COOKIE).map(|(_, value)| said(value)).unwrap_or_default()
}

fn said(query: &str) -> BTreeMap<&'static str, String> {
    let mut found = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let Some((_, name)) = KEPT.into_iter().find(|(parameter, _)| *parameter == name) else { continue };
        let value: String = value.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        if !value.is_empty() {
            found.entry(name).or_insert(value);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_named_parameters_are_kept() {
        let found = said("utm_source=news&x=1&campaign=spring%20sale&ref=&email=a%40b.c");
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            [("campaign", "spring sale".into()), ("source", "news".into())]
        );
    }

    #[test]
    fn long_values_are_cut_and_controls_dropped() {
        let found = said(&format!("ref={}%0A", "x".repeat(500)));
        assert_eq!(found["referrer"].len(), LONGEST);
    }

    #[test]
    fn what_was_kept_is_read_back() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("theme=dark; arrival=source=news&campaign=a%3Bb"));
        assert_eq!(kept(&headers)["campaign"], "a;b");
    }
}

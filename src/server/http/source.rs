//! Where a visitor first came from, for the shop's own reckoning: three allow-listed words, kept since the first visit
//! and handed to Polar with an order. No one is followed by it: it names a campaign, not a person.

use super::{forms::wants_page, reply};
use axum::{
    extract::Request,
    http::{HeaderValue, Method, Uri, header},
    middleware::Next,
    response::Response,
};
use std::collections::BTreeMap;
use url::form_urlencoded;

/// The cookie's name.
pub const COOKIE: &str = "came";
const LONGEST: usize = 200;
const KEYS: [(&str, &str); 6] = [
    ("source", "source"),
    ("utm_source", "source"),
    ("campaign", "campaign"),
    ("utm_campaign", "campaign"),
    ("referrer", "referrer"),
    ("ref", "referrer"),
];

/// Keeps the words of the first address that holds any; a later one changes nothing.
pub async fn remember(request: Request, next: Next) -> Response {
    let is_page = *request.method() == Method::GET && wants_page(request.headers());
    let known = reply::cookies(request.headers()).any(|(name, _)| name == COOKIE);
    let cookie = (is_page && !known).then(|| words_of(request.uri())).and_then(|words| cookie_of(&words));
    let mut answer = next.run(request).await;
    if let Some(cookie) = cookie {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    answer
}

/// The words that were kept, for an order.
#[must_use]
pub fn attribution() -> BTreeMap<&'static str, String> {
    reply::cookie(COOKIE).map(|value| chosen(&value)).unwrap_or_default()
}

fn words_of(uri: &Uri) -> BTreeMap<&'static str, String> {
    chosen(uri.query().unwrap_or_default())
}

fn chosen(query: &str) -> BTreeMap<&'static str, String> {
    let mut words = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let key = KEYS.iter().find(|(from, _)| *from == name).map(|(_, key)| *key);
        let value: String = value.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect();
        if let Some(key) = key.filter(|_| !value.is_empty()) {
            words.entry(key).or_insert(value);
        }
    }
    words
}

fn cookie_of(words: &BTreeMap<&'static str, String>) -> Option<HeaderValue> {
    if words.is_empty() {
        return None;
    }
    let value = form_urlencoded::Serializer::new(String::new()).extend_pairs(words).finish();
    HeaderValue::from_str(&format!("{COOKIE}={value}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_words_are_kept_and_come_back_as_they_were() {
        let words = words_of(&"/?utm_source=news+letter&campaign=aut%26umn&email=ann&x=1".parse().unwrap());
        assert_eq!(words, BTreeMap::from([("campaign", "aut&umn".to_owned()), ("source", "news letter".to_owned())]));
        let cookie = cookie_of(&words).unwrap();
        let value = cookie.to_str().unwrap().strip_prefix("came=").unwrap().split(';').next().unwrap();
        assert_eq!(chosen(value), words);
        assert!(cookie_of(&words_of(&"/pricing?interval=year".parse().unwrap())).is_none());
    }

    #[test]
    fn nothing_long_or_odd_gets_in() {
        let words = chosen(&format!("source=a%0d%0ab&ref={}", "x".repeat(900)));
        assert_eq!((words["source"].as_str(), words["referrer"].len()), ("ab", LONGEST));
    }
}

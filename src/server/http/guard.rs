//! Who may post here, and from where a request comes.

use super::{errors, reply};
use crate::server::{config::Config, state::State};
use axum::{
    body::{Body, to_bytes},
    extract::{self, ConnectInfo, Request},
    http::{Extensions, HeaderMap, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::Response,
};
use ipnet::IpNet;
use leptos::prelude::use_context;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The largest form that is read, in bytes.
pub const LARGEST_FORM: usize = 64 * 1024;
/// Signed by its sender instead of coming from a page of ours.
const SIGNED: &str = "/webhooks/polar";

/// Refuses whatever changes something and was not sent by a page of ours.
pub async fn same_origin(extract::State(state): extract::State<State>, request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
    if safe || request.uri().path() == SIGNED || is_ours(request.headers(), state.config.origin()) {
        return next.run(request).await;
    }
    tracing::warn!("refused a request that another site sent");
    errors::bare(StatusCode::FORBIDDEN)
}

/// Refuses an address or a form with the character U+0000: no keyboard types it, and not every database can keep it.
pub async fn plain(request: Request, next: Next) -> Response {
    // Leptos decodes addresses twice: `%2500` ends as that character too.
    let address = request.uri().to_string().replace("%25", "%");
    if names_nul(address.as_bytes()) {
        return errors::bare(StatusCode::BAD_REQUEST);
    }
    if request.method() != Method::POST || request.uri().path() == SIGNED {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    match to_bytes(body, LARGEST_FORM).await {
        Ok(body) if names_nul(&body) => errors::bare(StatusCode::BAD_REQUEST),
        Ok(body) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Err(_) => errors::bare(StatusCode::PAYLOAD_TOO_LARGE),
    }
}

/// Whether U+0000 is in it, as it is or as addresses and forms encode it.
fn names_nul(text: &[u8]) -> bool {
    text.contains(&0) || text.windows(3).any(|three| three == b"%00")
}

/// Whether the browser says that a page of this site sent the request.
fn is_ours(headers: &HeaderMap, origin: &str) -> bool {
    let says = |name: &str, wanted: &[&str]| {
        headers.get(name).and_then(|value| value.to_str().ok()).map(|value| wanted.contains(&value))
    };
    let by_fetch = says("sec-fetch-site", &["same-origin", "none"]);
    by_fetch == Some(true) || says(header::ORIGIN.as_str(), &[origin]) == Some(true)
}

/// The address of the visitor, for a page or server function.
#[must_use]
pub fn client_ip() -> IpAddr {
    let (parts, state) = (use_context::<Parts>(), use_context::<State>());
    parts.zip(state).map_or(NOBODY, |(parts, state)| client_ip_of(&parts.headers, &parts.extensions, &state.config))
}

const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The address of the visitor, for a route that is no page.
#[must_use]
pub fn client_ip_of(headers: &HeaderMap, extensions: &Extensions, config: &Config) -> IpAddr {
    let socket = extensions.get::<ConnectInfo<SocketAddr>>().map_or(NOBODY, |ConnectInfo(socket)| socket.ip());
    behind(socket.to_canonical(), headers, &config.trusted_proxies)
}

/// Reads `X-Forwarded-For` from its end for as long as each sender is a proxy of ours: what a stranger wrote before
/// that is not believed.
fn behind(socket: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_proxy = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let lines = headers.get_all("x-forwarded-for").into_iter().rev().filter_map(|line| line.to_str().ok());
    let mut client = socket;
    for hop in lines.flat_map(|line| line.split(',').rev()) {
        if !is_proxy(client) {
            break;
        }
        let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
        client = address.to_canonical();
    }
    client
}

/// The id of this request, as its log lines carry it.
#[must_use]
pub fn request_id() -> Option<String> {
    reply::part::<super::trace::RequestId>().map(|id| id.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_our_own_pages_may_post() {
        let ours = |lines: &[(&'static str, &'static str)]| is_ours(&headers(lines), "https://shop.example.org");
        assert!(ours(&[("sec-fetch-site", "same-origin")]));
        assert!(ours(&[("sec-fetch-site", "none")]));
        assert!(ours(&[("origin", "https://shop.example.org")]));
        assert!(!ours(&[]));
        assert!(!ours(&[("origin", "null")]));
        assert!(!ours(&[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")]));
        assert!(!ours(&[("sec-fetch-site", "same-site")]));
        assert!(!ours(&[("origin", "https://shop.example.org.evil.example")]));
        assert!(!ours(&[("origin", "http://shop.example.org")]));
    }

    fn client(socket: &str, lines: &[(&'static str, &'static str)]) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        behind(socket.parse().unwrap(), &headers(lines), &trusted).to_string()
    }

    #[test]
    fn a_forwarded_address_is_believed_from_our_proxies_only() {
        let forwarded = "x-forwarded-for";
        assert_eq!(client("192.0.2.9", &[(forwarded, "198.51.100.1")]), "192.0.2.9", "a stranger's word");
        assert_eq!(client("10.0.0.1", &[(forwarded, "198.51.100.1")]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &[(forwarded, "203.0.113.7, 198.51.100.1")]), "198.51.100.1", "forged before");
        assert_eq!(client("10.0.0.1", &[(forwarded, "198.51.100.1, 10.0.0.2")]), "198.51.100.1", "two proxies");
        assert_eq!(client("10.0.0.1", &[(forwarded, "203.0.113.7"), (forwarded, "198.51.100.1")]), "198.51.100.1");
        assert_eq!(client("2001:db8::1", &[(forwarded, "::ffff:198.51.100.1")]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &[(forwarded, "unknown")]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }
}

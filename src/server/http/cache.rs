//! Pages that are the same for every visitor who is not signed in, kept as bytes: one copy a theme and encoding.

use super::{
    reply, session, source,
    theme::{Theme, theme_of},
};
use crate::server::state as server;
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

const CACHED: [&str; 4] = ["/", "/pricing", "/login", "/register"];
const FRESH: Duration = Duration::from_secs(60);
const LARGEST: usize = 1 << 20;

#[derive(PartialEq, Eq, Hash)]
struct Key {
    path: &'static str,
    theme: Theme,
    encoding: &'static str,
}

#[derive(Clone)]
struct Kept {
    since: Instant,
    version: u64,
    headers: HeaderMap,
    body: Bytes,
}

/// The kept pages, each good until the catalog changes. Clones share them.
#[derive(Clone)]
pub struct Pages {
    kept: Arc<RwLock<HashMap<Key, Kept>>>,
    state: server::State,
}

impl Pages {
    /// No pages yet.
    #[must_use]
    pub fn new(state: server::State) -> Self {
        Self { kept: Arc::default(), state }
    }

    fn find(&self, key: &Key, version: u64) -> Option<Kept> {
        let pages = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        pages.get(key).filter(|kept| kept.since.elapsed() < FRESH && kept.version == version).cloned()
    }

    fn keep(&self, key: Key, kept: Kept) {
        self.kept.write().unwrap_or_else(PoisonError::into_inner).insert(key, kept);
    }
}

/// Answers from memory where the page depends on nothing but theme and encoding; everything else goes on.
pub async fn anonymous(State(pages): State<Pages>, mut request: Request, next: Next) -> Response {
    let Some(key) = key_of(&request) else { return next.run(request).await };
    // Taken before the page is made: what changes meanwhile makes it outdated.
    let version = pages.state.catalog.version();
    if let Some(kept) = pages.find(&key, version) {
        return (kept.headers, kept.body).into_response();
    }
    request.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static(key.encoding));
    let (parts, body) = next.run(request).await.into_parts();
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return super::errors::bare(StatusCode::INTERNAL_SERVER_ERROR);
    };
    if parts.status == StatusCode::OK && may_keep(&parts.headers) {
        let (since, headers) = (Instant::now(), parts.headers.clone());
        pages.keep(key, Kept { since, version, headers, body: body.clone() });
    }
    Response::from_parts(parts, Body::from(body))
}

fn key_of(request: &Request) -> Option<Key> {
    let path = CACHED.into_iter().find(|path| *path == request.uri().path())?;
    let only_theme =
        reply::cookies(request.headers()).all(|(name, _)| matches!(name, "theme" | source::COOKIE | session::DEVICE));
    let plain = *request.method() == Method::GET && request.uri().query().is_none() && only_theme;
    plain.then(|| Key { path, theme: theme_of(request.headers()), encoding: encoding_of(request.headers()) })
}

fn encoding_of(headers: &HeaderMap) -> &'static str {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let accepts = |wanted: &str| {
        accepted.split(',').any(|one| {
            let mut parts = one.split(';').map(str::trim);
            parts.next() == Some(wanted) && !parts.any(|part| part == "q=0")
        })
    };
    ["br", "gzip"].into_iter().find(|wanted| accepts(wanted)).unwrap_or("identity")
}

fn may_keep(headers: &HeaderMap) -> bool {
    let no_store = headers.get(header::CACHE_CONTROL).is_some_and(|value| value == "no-store");
    !no_store && !headers.contains_key(header::SET_COOKIE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;

    fn key(uri: &str, headers: &[(HeaderName, &str)]) -> Option<(&'static str, Theme, &'static str)> {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        key_of(&request.body(Body::empty()).unwrap()).map(|key| (key.path, key.theme, key.encoding))
    }

    #[test]
    fn only_what_depends_on_nobody_is_kept() {
        assert_eq!(key("/", &[]), Some(("/", Theme::System, "identity")));
        assert_eq!(key("/pricing", &[(header::COOKIE, "theme=dark")]), Some(("/pricing", Theme::Dark, "identity")));
        assert_eq!(key("/", &[(header::COOKIE, "theme=dark; id=abc")]), None);
        assert_eq!(key("/?utm=1", &[]), None);
        assert_eq!(key("/account", &[]), None);
    }

    #[test]
    fn each_encoding_has_its_copy() {
        assert_eq!(key("/", &[(header::ACCEPT_ENCODING, "gzip, deflate, br, zstd")]).unwrap().2, "br");
        assert_eq!(key("/", &[(header::ACCEPT_ENCODING, "gzip;q=0.8, br;q=0")]).unwrap().2, "gzip");
    }
}

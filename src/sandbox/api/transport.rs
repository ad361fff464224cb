//! What every request meets before its handler: version, length, faults, token; and every answer after it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::io::ReaderStream;

use super::refusal::Refusal;
use super::scopes::Standing;
use super::{COLLECTIONS, Shared};
use crate::sandbox::clock::Stamp;
use crate::sandbox::control::Fault;
use crate::sandbox::state;

const VERSIONS: [&str; 2] = ["2026-04", "2026-10"];
const POLAR_VERSION: HeaderName = HeaderName::from_static("polar-version");
/// The longest body of a request, in bytes.
pub const BODY_LIMIT: u64 = 10 * 1024 * 1024;
/// Longer than any client waits.
const SILENCE: Duration = Duration::from_secs(60);

/// Known versions only, echoed; bodies with a length and within the limit (C§1.1, C§1.3).
pub async fn protocol(request: Request, next: Next) -> Response {
    let asked = request.headers().get(&POLAR_VERSION).map_or(Some(VERSIONS[0]), |sent| sent.to_str().ok());
    let Some(version) = VERSIONS.into_iter().find(|known| Some(*known) == asked) else {
        return Refusal::NoRoute.into_response();
    };
    let mut answer = match length(request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    let status = answer.status();
    let headers = answer.headers_mut();
    headers.insert(POLAR_VERSION, HeaderValue::from_static(version));
    if status == StatusCode::NO_CONTENT {
        // There is nothing of that type, and Polar says so all the same (http/003).
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    answer
}

fn length(method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
    if ![Method::POST, Method::PUT, Method::PATCH].contains(method) {
        return Ok(());
    }
    let sent = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match sent {
        None => {
            Err(Refusal::domain(StatusCode::LENGTH_REQUIRED, "LengthRequired", "Content-Length header is required."))
        }
        Some(bytes) if bytes > BODY_LIMIT => {
            Err(Refusal::domain(StatusCode::PAYLOAD_TOO_LARGE, "RequestBodyTooLarge", "Request body is too large."))
        }
        Some(_) => Ok(()),
    }
}

/// The faults that were switched on for the API.
pub async fn faults(State(app): Shared, request: Request, next: Next) -> Response {
    let line = format!("{} {}", request.method(), request.uri());
    let (delay_ms, retry_after, fault) =
        app.note(|state| (state.faults.delay_ms, state.faults.retry_after, state.faults.take(&line)));
    if delay_ms > 0 {
        app.stop.run_until_cancelled(tokio::time::sleep(Duration::from_millis(delay_ms))).await;
    }
    let Some(fault) = fault else { return next.run(request).await };
    let mut answer = match fault {
        Fault::TooMany | Fault::Any => too_many(i64::from(retry_after)),
        Fault::Broken => broken(),
        Fault::BrokenAfter => {
            next.run(request).await;
            broken()
        }
        Fault::Cut => {
            next.run(request).await;
            cut()
        }
        Fault::Silent => {
            app.stop.run_until_cancelled(tokio::time::sleep(SILENCE)).await;
            StatusCode::GATEWAY_TIMEOUT.into_response()
        }
    };
    answer.extensions_mut().insert(fault);
    answer
}

/// All of Polar is down: nothing is done and no answer is given.
pub async fn down(State(app): Shared, request: Request, next: Next) -> Response {
    if app.read(|state| state.faults.down) { cut() } else { next.run(request).await }
}

fn cut() -> Response {
    (Extension(Fault::Cut), Body::from_stream(ReaderStream::new(Torn))).into_response()
}

fn broken() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error").into_response()
}

/// A body that fails before its first byte: the server closes the connection.
struct Torn;

impl AsyncRead for Torn {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
    }
}

/// The token that a request brings.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// The organization's token, or one of the two 401, or 403 (C§1.4); and not too many requests with it.
pub async fn token(State(app): Shared, request: Request, next: Next) -> Response {
    let Some(sent) = bearer(request.headers()).map(str::to_owned) else { return Refusal::Unauthorized.into_response() };
    if let Some(seconds) = app.note(|state| state.admit_token(&sent)) {
        return too_many(seconds);
    }
    let standing = app.read(|state| state.standing(&sent, request.method(), request.uri().path()));
    if !matches!(standing, Standing::Unknown) {
        app.note(|state| state.know(&sent));
    }
    match standing {
        Standing::Unknown => return Refusal::InvalidToken.into_response(),
        Standing::Customer => return Refusal::WrongSubject("User Organization").into_response(),
        Standing::Lacks(scopes) => return Refusal::InsufficientScope(scopes.join(" ")).into_response(),
        Standing::Allowed => {}
    }
    match app.note(state::State::admit) {
        None => next.run(request).await,
        Some(seconds) => too_many(seconds),
    }
}

/// Not too many confirmations (C§1.5).
pub async fn confirms(State(app): Shared, request: Request, next: Next) -> Response {
    match app.note(state::State::admit_confirm) {
        None => next.run(request).await,
        Some(seconds) => too_many(seconds),
    }
}

fn too_many(seconds: i64) -> Response {
    (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, seconds.to_string())]).into_response()
}

/// A wrong slash is a redirect (http/182), everything else unknown is 404 (http/180).
pub async fn no_route(State(app): Shared, uri: Uri) -> Response {
    let path = uri.path();
    let right = if let Some(trimmed) = path.strip_suffix('/') {
        COLLECTIONS.iter().any(|collection| trimmed.starts_with(collection)).then(|| trimmed.to_owned())
    } else {
        COLLECTIONS.contains(&format!("{path}/").as_str()).then(|| format!("{path}/"))
    };
    let Some(right) = right else { return Refusal::NoRoute.into_response() };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let location = app.read(|state| format!("{}{right}{query}", state.origin));
    (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, location)]).into_response()
}

/// A known address with another method (http/181).
pub async fn no_method() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, Json(json!({"detail": "Method Not Allowed"}))).into_response()
}

/// What every answer carries: the moved time, the offset, the sandbox's mark, no caching.
pub async fn headers(State(app): Shared, request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    let (now, offset_ms): (Stamp, i64) = app.read(|state| (state.clock.peek(), state.clock.offset_ms));
    let headers = answer.headers_mut();
    if let Ok(date) = HeaderValue::from_str(&now.http_date()) {
        headers.insert(header::DATE, date);
    }
    headers.insert("x-sandbox-offset-ms", HeaderValue::from(offset_ms));
    headers.insert("x-polar-sandbox", HeaderValue::from_static("1"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-store"));
    answer
}

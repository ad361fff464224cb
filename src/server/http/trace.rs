//! One span and one line for each request: method, matched path, status, duration and request id; never the query.

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use std::time::Instant;
use tracing::{Instrument, Span, field::Empty};
use uuid::Uuid;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, in its log lines and in the answer's `x-request-id`.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// The outermost layer: opens the span and logs how the request ended.
pub async fn request(mut request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().to_string();
    let span = tracing::info_span!("request", method = %request.method(), path = Empty, request_id = id);
    let value = HeaderValue::from_str(&id).expect("a UUID is plain ASCII");
    request.extensions_mut().insert(RequestId(id));
    let began = Instant::now();
    let run = async move {
        let mut answer = next.run(request).await;
        let (status, micros) = (answer.status().as_u16(), began.elapsed().as_micros());
        tracing::info!(status, duration_ms = micros as f64 / 1_000.0, "answered");
        answer.headers_mut().insert(HEADER, value);
        answer
    };
    run.instrument(span).await
}

/// On every route: tells the span which one it is. The path as asked is not logged, it may hold anything.
pub async fn route(request: Request, next: Next) -> Response {
    if let Some(path) = request.extensions().get::<MatchedPath>() {
        Span::current().record("path", path.as_str());
    }
    next.run(request).await
}

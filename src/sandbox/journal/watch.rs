//! Writes down every request and its answer, whatever it is for.

use axum::body::{Body as Stream, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::entry::{Answer, Body, Exchange, What};
use super::mask;
use crate::sandbox::api::Shared;
use crate::sandbox::api::transport::BODY_LIMIT;
use crate::sandbox::control::Fault;

/// The longest answer that is read: far more than a full list.
const ANSWER_LIMIT: usize = 64 * 1024 * 1024;
const JSON: &str = "application/json";

/// Around everything: what comes in and what goes out, in the journal.
pub async fn watch(State(app): Shared, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    // Looking at the sandbox changes nothing, and whoever waits does it without end.
    if parts.method == Method::GET && parts.uri.path().starts_with("/sandbox") {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let (sent, body) = match read(&parts, body).await {
        Ok(pair) => pair,
        Err(refusal) => return refusal,
    };
    let exchange = exchange(&parts, sent.as_deref());
    let number = app.note(|state| state.journalize(What::Request(exchange)));
    let answer = next.run(Request::from_parts(parts, body)).await;
    let (shown, answer) = show(answer).await;
    app.note(|state| state.journal.complete(number, shown));
    answer
}

/// The bytes of a body that says how long it is, and the same body again; others are refused further in.
async fn read(parts: &Parts, body: Stream) -> Result<(Option<Bytes>, Stream), Response> {
    let length = parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(1..=BODY_LIMIT) => {}
        _ => return Ok((None, body)),
    }
    let bytes = axum::body::to_bytes(body, usize::MAX).await;
    let bytes = bytes.map_err(|error| (axum::http::StatusCode::BAD_REQUEST, error.to_string()).into_response())?;
    Ok((Some(bytes.clone()), Stream::from(bytes)))
}

fn exchange(parts: &Parts, sent: Option<&[u8]>) -> Exchange {
    let token = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let form = kind(&parts.headers).is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let body = sent.map(String::from_utf8_lossy).map(|text| if form { mask::form(&text) } else { mask::json(&text) });
    Exchange {
        method: parts.method.to_string(),
        path: mask::tokens(parts.uri.path()),
        query: parts.uri.query().map(mask::tokens),
        token: token.map(|value| mask::tokens(value.trim_start_matches("Bearer "))),
        body: body.as_deref().map(Body::text),
        answer: None,
    }
}

fn kind(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok()
}

/// What the journal shows of an answer, and the answer itself.
async fn show(answer: Response) -> (Answer, Response) {
    let fault = answer.extensions().get::<Fault>().copied();
    let status = answer.status().as_u16();
    if fault.is_some() || !kind(answer.headers()).is_some_and(|kind| kind.starts_with(JSON)) {
        return (Answer { status, fault, body: None, after: 0 }, answer);
    }
    let (parts, body) = answer.into_parts();
    // Answers in JSON are whole in memory before they get here: reading one neither waits nor fails.
    let bytes = axum::body::to_bytes(body, ANSWER_LIMIT).await.unwrap_or_default();
    let text = mask::json(&String::from_utf8_lossy(&bytes));
    let body = Some(text).filter(|text| !text.is_empty()).as_deref().map(Body::text);
    (Answer { status, fault, body, after: 0 }, Response::from_parts(parts, Stream::from(bytes)))
}

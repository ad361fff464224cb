//! Every error that a person meets is a page of ours.

use super::{
    forms::wants_page,
    theme::{Theme, theme_of},
};
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{
    any::Any,
    sync::{Arc, OnceLock},
};

const RETRY_SECS: u64 = 10;

/// A place where a page leaves the status that the whole answer becomes, when it cannot be made.
#[derive(Clone, Default)]
pub struct Trouble(Arc<OnceLock<StatusCode>>);

impl Trouble {
    /// The first status stays.
    pub fn set(&self, status: StatusCode) {
        let _ = self.0.set(status);
    }
}

/// Makes the whole page of an error.
#[derive(Clone)]
pub struct Looks(pub Arc<dyn Fn(u16, Theme) -> String + Send + Sync>);

/// Replaces an answer that is in trouble, or an error without a page, by a page that says what happened and what to do.
pub async fn as_pages(State(looks): State<Looks>, mut request: Request, next: Next) -> Response {
    let (wanted, theme) = (wants_page(request.headers()), theme_of(request.headers()));
    let trouble = Trouble::default();
    request.extensions_mut().insert(trouble.clone());
    let answer = next.run(request).await;
    let failed = answer.status().is_client_error() || answer.status().is_server_error();
    match trouble.0.get() {
        Some(status) if wanted => page(*status, answer.headers(), theme, &looks),
        Some(status) => retry(*status, bare(*status)),
        None if failed && wanted && !is_html(&answer) => page(answer.status(), answer.headers(), theme, &looks),
        None => answer,
    }
}

fn is_html(answer: &Response) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}

/// An error in one line of text; for a person [`as_pages`] makes it a page.
#[must_use]
pub fn bare(status: StatusCode) -> Response {
    (status, format!("{}\n", status.canonical_reason().unwrap_or("refused"))).into_response()
}

/// What a panic becomes.
#[must_use]
pub fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    bare(StatusCode::INTERNAL_SERVER_ERROR)
}

fn page(status: StatusCode, earlier: &HeaderMap, theme: Theme, looks: &Looks) -> Response {
    let html = (looks.0)(status.as_u16(), theme);
    let mut answer = (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], Body::from(html)).into_response();
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for kept in [header::ALLOW, header::RETRY_AFTER, header::SET_COOKIE] {
        for value in earlier.get_all(&kept) {
            answer.headers_mut().append(kept.clone(), value.clone());
        }
    }
    retry(status, answer)
}

/// Says when to try again, where waiting helps.
fn retry(status: StatusCode, mut answer: Response) -> Response {
    if status == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().entry(header::RETRY_AFTER).or_insert(HeaderValue::from(RETRY_SECS));
    }
    answer
}

//! Forms that work without JavaScript: a refused post is answered with its own page, message and typed values in place.
//!
//! The server function returns [`reject`]; [`show_again`] then renders GET of the same address with the [`Rejected`] in
//! the request. No cookie, no session write, nothing in the address. A caller that wants data gets the error as data.

use super::{errors, reply};
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::Response,
};
use leptos::{
    prelude::{ServerFnError, provide_context, use_context},
    server_fn::error::SERVER_FN_ERROR_HEADER,
};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

/// Why a form was refused, and what had been typed. A password is never put in here.
#[derive(Clone, Debug)]
pub struct Rejected {
    status: StatusCode,
    retry_after: Option<Duration>,
    errors: Vec<(&'static str, String)>,
    values: Vec<(&'static str, String)>,
}

/// The name under which a message stands that belongs to the whole form.
pub const WHOLE_FORM: &str = "";

impl Default for Rejected {
    fn default() -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self { status, retry_after: None, errors: Vec::new(), values: Vec::new() }
    }
}

impl Rejected {
    /// Refused because of one field; the message says how to mend it.
    pub fn field(name: &'static str, message: impl Into<String>) -> Self {
        Self { errors: vec![(name, message.into())], ..Self::default() }
    }

    /// Refused as a whole.
    pub fn form(message: impl Into<String>) -> Self {
        Self::field(WHOLE_FORM, message)
    }

    /// Refused because of too many attempts (429).
    #[must_use]
    pub fn too_many(wait: Duration) -> Self {
        let form = Self::form(format!("That was tried too often. Please wait {} and try again.", in_words(wait)));
        Self { status: StatusCode::TOO_MANY_REQUESTS, retry_after: Some(wait), ..form }
    }

    /// Refused because something that we need does not answer (503).
    pub fn unavailable(message: impl Into<String>) -> Self {
        let form = Self::form(message);
        Self { status: StatusCode::SERVICE_UNAVAILABLE, retry_after: Some(Duration::from_secs(10)), ..form }
    }

    /// Not an error: the page is shown with a sentence (200).
    pub fn note(message: impl Into<String>) -> Self {
        Self::form(message).status(StatusCode::OK)
    }

    /// Adds the message of one more field.
    #[must_use]
    pub fn and_field(mut self, name: &'static str, message: impl Into<String>) -> Self {
        self.errors.push((name, message.into()));
        self
    }

    /// Keeps what was typed into a field.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.values.push((name, value.to_owned()));
        self
    }

    /// Answers with this status instead of 422.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// What is wrong with a field.
    #[must_use]
    pub fn message_for(&self, name: &str) -> Option<String> {
        self.errors.iter().find(|(found, _)| *found == name).map(|(_, message)| message.clone())
    }

    /// What had been typed into a field.
    #[must_use]
    pub fn value_of(&self, name: &str) -> Option<String> {
        self.values.iter().find(|(found, _)| *found == name).map(|(_, value)| value.clone())
    }

    /// Whether anything was refused.
    #[must_use]
    pub fn is_any(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Whether the message is not about anything wrong: see [`Rejected::note`].
    #[must_use]
    pub fn is_note(&self) -> bool {
        self.status == StatusCode::OK
    }

    /// The first field with a message: it gets the focus.
    #[must_use]
    pub fn first_field(&self) -> Option<&'static str> {
        self.errors.iter().map(|(name, _)| *name).find(|name| *name != WHOLE_FORM)
    }
}

/// How the form of this page was refused just now; empty on an ordinary visit.
#[must_use]
pub fn rejected() -> Rejected {
    use_context::<Rejected>().unwrap_or_default()
}

/// Refuses the form of this request; return the error from the server function.
#[must_use]
pub fn reject(rejected: Rejected) -> ServerFnError {
    let message = rejected.errors.first().map(|(_, message)| message.clone()).unwrap_or_default();
    reply::status(rejected.status);
    if let Some(slot) = reply::part::<Slot>() {
        let _ = slot.0.set(rejected);
    }
    ServerFnError::ServerError(message)
}

/// "12 seconds", "3 minutes": never less than the wait.
#[must_use]
pub fn in_words(wait: Duration) -> String {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    match seconds {
        0 | 1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

#[derive(Clone, Default)]
struct Slot(Arc<OnceLock<Rejected>>);

/// Hands a refusal in the request to the page that is about to be rendered.
pub(super) fn provide() {
    if let Some(rejected) = reply::part::<Rejected>() {
        provide_context(rejected);
    }
}

/// Whether the answer is for a person in a browser.
#[must_use]
pub fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("text/html"))
}

/// Middleware around the whole router, not on a route: the second run must be routed again.
pub async fn show_again(request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    if !wants_page(request.headers()) {
        let answer = next.run(request).await;
        return if is_unread(&answer) { errors::bare(StatusCode::BAD_REQUEST) } else { answer };
    }
    let (mut parts, body) = request.into_parts();
    let page = parts.clone();
    let slot = Slot::default();
    parts.extensions.insert(slot.clone());
    let answer = next.clone().run(Request::from_parts(parts, body)).await;
    match slot.0.get() {
        Some(rejected) => dressed(next.run(again(page, rejected)).await, rejected),
        // Leptos' own redirect: the form could not be read. Ours say 303.
        None if answer.status() == StatusCode::FOUND => errors::bare(StatusCode::BAD_REQUEST),
        None => answer,
    }
}

/// Whether this is Leptos' own answer to arguments that it cannot read. What our functions refuse has another status.
fn is_unread(answer: &Response) -> bool {
    answer.status() == StatusCode::INTERNAL_SERVER_ERROR && answer.headers().contains_key(SERVER_FN_ERROR_HEADER)
}

fn again(mut page: Parts, rejected: &Rejected) -> Request {
    page.method = Method::GET;
    page.headers.remove(header::CONTENT_LENGTH);
    page.headers.remove(header::CONTENT_TYPE);
    page.extensions.insert(rejected.clone());
    Request::from_parts(page, Body::empty())
}

/// Gives the page the status of the refusal, unless rendering it met something worse or led elsewhere.
fn dressed(mut shown: Response, rejected: &Rejected) -> Response {
    if shown.status() == StatusCode::OK {
        *shown.status_mut() = rejected.status;
    }
    shown.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(wait) = rejected.retry_after {
        shown.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_messages_and_values_by_field() {
        let rejected = Rejected::form("No.").and_field("email", "Which?").with("email", "<ann>");
        assert_eq!(rejected.first_field(), Some("email"));
        assert_eq!(rejected.message_for("email").as_deref(), Some("Which?"));
        assert_eq!(rejected.message_for(WHOLE_FORM).as_deref(), Some("No."));
        assert_eq!(rejected.value_of("email").as_deref(), Some("<ann>"));
        assert!(rejected.is_any() && !Rejected::default().is_any());
    }

    #[test]
    fn waits_are_told_in_whole_units_and_never_too_short() {
        assert_eq!(in_words(Duration::from_millis(200)), "a second");
        assert_eq!(in_words(Duration::from_millis(29_001)), "30 seconds");
        assert_eq!(in_words(Duration::from_secs(121)), "3 minutes");
    }
}

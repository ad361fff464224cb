//! What a page or server function says to the response, besides its markup.

use super::errors::Trouble;
use axum::http::{HeaderName, HeaderValue, StatusCode, header, request::Parts};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use std::fmt::Display;

/// Sets the status of the answer.
pub fn status(status: StatusCode) {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(status);
    }
}

/// Marks the page as one that does not exist.
pub fn not_found() {
    status(StatusCode::NOT_FOUND);
}

/// Marks the page as one that this visitor may not open.
pub fn forbidden() {
    status(StatusCode::FORBIDDEN);
}

/// Marks the page as one whose answer is not known yet: neither yes nor no, and worth asking for again.
pub fn not_known() {
    status(StatusCode::SERVICE_UNAVAILABLE);
    header(header::RETRY_AFTER, "5");
}

/// Marks the page as one that was there once: its link is used up or too old.
pub fn spent() {
    status(StatusCode::GONE);
    no_store();
}

/// The address of this page holds a key: no page that it leads to may learn it, and nothing keeps what it shows.
pub fn no_referrer() {
    header(header::REFERRER_POLICY, "no-referrer");
    no_store();
}

/// The answer becomes the page that says the service cannot be reached, with `Retry-After`: for an error that neither
/// the visitor nor the page can do anything about.
pub fn unavailable(error: &dyn Display) {
    tracing::error!(%error, "a page could not be made");
    become_error(StatusCode::SERVICE_UNAVAILABLE);
}

/// The answer becomes the "not found" page, whatever else was said: for a form that names what does not exist.
pub fn gone() {
    become_error(StatusCode::NOT_FOUND);
}

fn become_error(with: StatusCode) {
    if let Some(trouble) = part::<Trouble>() {
        trouble.set(with);
    }
    status(with);
}

/// Sends the browser to `target`, which it opens with GET.
pub fn see_other(target: &str) {
    if HeaderValue::from_str(target).is_err() {
        return unavailable(&"a redirect to something that is no address");
    }
    leptos_axum::redirect(target);
    status(StatusCode::SEE_OTHER);
}

/// Sets a header, in place of an earlier one of that name.
pub fn header(name: HeaderName, value: &str) {
    if let (Some(response), Ok(value)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(value)) {
        response.insert_header(name, value);
    }
}

/// Neither the browser nor anything between may keep the answer.
pub fn no_store() {
    header(header::CACHE_CONTROL, "no-store");
}

/// Adds a `Set-Cookie`.
pub fn set_cookie(cookie: &str) {
    if let (Some(response), Ok(value)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(cookie)) {
        response.append_header(header::SET_COOKIE, value);
    }
}

/// The value of a cookie of the request.
#[must_use]
pub fn cookie(name: &str) -> Option<String> {
    let parts = use_context::<Parts>()?;
    cookies(&parts.headers).find(|(found, _)| *found == name).map(|(_, value)| value.to_owned())
}

/// Every cookie that the browser sent.
pub fn cookies(headers: &axum::http::HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='))
}

/// The path of the request, without its query.
#[must_use]
pub fn path() -> String {
    use_context::<Parts>().map(|parts| parts.uri.path().to_owned()).unwrap_or_default()
}

/// The path of the request and its query.
#[must_use]
pub fn path_and_query() -> String {
    let of = |parts: Parts| parts.uri.path_and_query().map(|whole| whole.as_str().to_owned());
    use_context::<Parts>().and_then(of).unwrap_or_default()
}

/// The path of the page of ours whose link or form led here.
#[must_use]
pub fn came_from() -> Option<String> {
    let parts = use_context::<Parts>()?;
    let referer = url::Url::parse(parts.headers.get(header::REFERER)?.to_str().ok()?).ok()?;
    let ours = use_context::<super::State>()?.config.origin.origin() == referer.origin();
    ours.then(|| referer[url::Position::BeforePath..url::Position::AfterQuery].to_owned())
}

/// What a middleware left in the request for pages to find.
pub(super) fn part<T: Clone + Send + Sync + 'static>() -> Option<T> {
    use_context::<Parts>()?.extensions.get::<T>().cloned()
}

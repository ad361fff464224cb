//! The control page: one organization's customers, clock, faults and webhooks, and the list of all organizations.
//! Every button is a form; a small script only keeps the log of webhooks fresh.

mod clock;
mod customers;
mod faults;
mod log;
mod organizations;
mod reference;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde_json::Value;

use super::markup::{escape, styled};
use crate::sandbox::api::Shared;
use crate::sandbox::app::App;
use crate::sandbox::organizations::Organizations;
use crate::sandbox::state::State as Known;

/// All organizations, as the front passes them along.
type All = Extension<Arc<Organizations>>;

const STYLE: &str = include_str!("style.css");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; img-src data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The page and its forms.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(show))
        .route("/sandbox/log", get(log::show))
        .route("/sandbox/log.js", get(log::script))
        .route("/sandbox/forms/clock", post(clock::travel))
        .route("/sandbox/forms/faults", post(faults::set))
        .route("/sandbox/forms/faults-off", post(faults::off))
        .route("/sandbox/forms/portal", post(customers::portal))
        .route("/sandbox/forms/redeliver", post(log::redeliver))
        .route("/sandbox/forms/organizations", post(organizations::add))
}

/// `GET /?organization=…`
async fn show(State(app): Shared, Extension(all): All) -> Response {
    whole(&app, &all, None)
}

/// The page; with what went wrong on top, it is the answer to a form that could not be followed.
fn whole(app: &App, all: &Organizations, problem: Option<&str>) -> Response {
    let others = all.list();
    app.read(|state| {
        let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        desk(status, &state.identity.name, &body(state, &others, problem))
    })
}

fn body(state: &Known, others: &[Value], problem: Option<&str>) -> String {
    let problem =
        problem.map_or(String::new(), |text| format!("<p class=\"wrong\" role=\"alert\">{}</p>", escape(text)));
    format!(
        "{organizations}<h1>{name}</h1><p>A stand-in for Polar on this machine: the same API, checkout, portal and \
         webhooks, and no money.</p>{problem}<div class=\"columns\"><div>{clock}{customers}</div><div>{faults}</div></div>\
         {log}{reference}",
        organizations = organizations::section(state, others),
        name = escape(&state.identity.name),
        clock = clock::section(state),
        customers = customers::section(state),
        faults = faults::section(state),
        log = log::section(state),
        reference = reference::section(),
    )
}

/// A page of the control desk: its forms say where they come from, and nothing of other sites is loaded.
fn desk(status: StatusCode, title: &str, body: &str) -> Response {
    let mut answer = styled(status, &format!("{title} · Sandbox"), STYLE, body);
    let headers = answer.headers_mut();
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    answer
}

/// Back to the page after a form, at this part of it.
fn back(app: &App, part: &str) -> Response {
    let location = app.read(|state| format!("/?organization={}#{part}", state.identity.slug));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// Where a form of this organization is sent.
fn action(state: &Known, form: &str) -> String {
    format!("/sandbox/forms/{form}?organization={}", state.identity.slug)
}

//! Every route on one screen, and the layers around them.

use super::{
    Site, cache, csp, dev_mail, errors, export, files, forms, guard, headers, health, live, session, source, strip,
    trace, webhook,
};
use crate::studio::http as studio; // the studio
use crate::{
    app::{App, error_page, shell, stage_fragment},
    server::state::State,
};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::{from_fn, from_fn_with_state},
    routing::{get, post},
};
use leptos::prelude::*;
use leptos_axum::{LeptosRoutes, file_and_error_handler_with_context, generate_route_list};
use std::{sync::Arc, time::Duration};
use tower::ServiceExt;
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, limit::RequestBodyLimitLayer, timeout::TimeoutLayer,
};

/// Longer than this nobody waits for a page.
const PATIENCE: Duration = Duration::from_secs(30);

/// Puts the site together. `form_targets` are the origins, besides our own, that a form may lead to.
pub async fn site(state: &State, options: &LeptosOptions, form_targets: &[String]) -> Site {
    let routed = routes(state, options);
    let policy = csp::policy(&csp::hashes(&first_page(routed.clone()).await), form_targets);
    let pages = cache::Pages::new(state.clone());
    let looks = {
        let options = options.clone();
        errors::Looks(Arc::new(move |status, theme| error_page(status, theme, &options)))
    };
    let safe = headers::Safe::new(&state.config, policy);
    // From the outside in. The forms' layer holds the routes as a service, because a refused form is routed again.
    let router = Router::new()
        .fallback_service(routed)
        .layer(from_fn(forms::show_again))
        .layer(from_fn(guard::plain))
        .layer(session::layer(state))
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(pages, cache::anonymous))
        .layer(from_fn_with_state(state.clone(), guard::same_origin))
        .layer(CatchPanicLayer::custom(errors::panicked))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
        .layer(from_fn_with_state(looks, errors::as_pages))
        .layer(from_fn(source::remember))
        .layer(from_fn(strip::token))
        .layer(from_fn_with_state(safe, headers::add))
        .layer(from_fn(trace::request));
    Site(router)
}

/// Pages and their forms (`app::App` and every `#[server]` function), files, health, and what Polar and live pages ask.
fn routes(state: &State, options: &LeptosOptions) -> Router {
    let context = {
        let state = state.clone();
        move || {
            provide_context(state.clone());
            session::provide();
            forms::provide();
        }
    };
    let shell_of = {
        let options = options.clone();
        move || shell(options.clone())
    };
    let pages = Router::new()
        .leptos_routes_with_context(options, generate_route_list(App), context.clone(), shell_of)
        .route("/speculation.json", get(files::speculation))
        .nest_service("/pkg", files::built(options))
        .fallback(file_and_error_handler_with_context(context, shell))
        .with_state(options.clone())
        .layer(RequestBodyLimitLayer::new(guard::LARGEST_FORM));
    let probes = Router::new().route("/healthz", get(health::alive)).route("/readyz", get(health::ready));
    let probes =
        probes.route("/dev/mail/{id}/html", get(dev_mail::html)).route("/account/export/file", post(export::file));
    let own = pages.merge(probes.with_state(state.clone()));
    let product = Router::new().route("/api/studio", get(studio::projects)); // the studio
    let product = product.route("/studio/code.svg", get(studio::file)); // the studio
    let own = own.merge(product.with_state(state.clone())); // the studio
    own.merge(polar_routes(state)).layer(from_fn(trace::route))
}

/// `/webhooks/polar`, and what live pages follow.
fn polar_routes(state: &State) -> Router {
    let webhooks = Router::new()
        .route("/webhooks/polar", post(webhook::receive))
        .layer(RequestBodyLimitLayer::new(webhook::LARGEST_BODY));
    let live = live::Live { state: state.clone(), stage: Arc::new(stage_fragment) };
    let pages = Router::new()
        .route("/orders/{id}/stage", get(live::stage))
        .route("/orders/{id}/events", get(live::stage_events))
        .route("/access/revision", get(live::access))
        .route("/access/events", get(live::access_events))
        .with_state(live);
    webhooks.with_state(state.clone()).merge(pages)
}

/// The start page as it is rendered: its inline scripts are those of every page.
async fn first_page(routed: Router) -> String {
    let request = Request::get("/").header(header::ACCEPT, HeaderValue::from_static("text/html"));
    let request = request.body(Body::empty()).expect("a constant request is well-formed");
    let Ok(answer) = routed.oneshot(request).await;
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap_or_default();
    String::from_utf8_lossy(&body).into_owned()
}

//! The hosted pages, checkout and portal, and the control page. Plain HTML that needs no JavaScript.

mod challenge;
mod checkout;
mod checkout_form;
pub mod control;
mod documents;
mod markup;
mod portal;
mod portal_subscription;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::app::App;

/// The routes of the pages.
pub fn router(app: &App) -> Router<Arc<App>> {
    let portal = app.read(|state| format!("/{}/portal", state.identity.slug));
    Router::new()
        .route("/checkout/{client_secret}", get(checkout::show).post(checkout::pay))
        .route("/checkout/{client_secret}/confirmation", get(checkout::thanks))
        .route("/documents/{kind}/{order_id}", get(documents::show))
        .route(&portal, get(portal::show))
        .route(&format!("{portal}/card"), post(portal::card))
        .route(&format!("{portal}/subscriptions/{{id}}/{{act}}"), post(portal::act))
}

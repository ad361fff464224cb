//! The hosted pages: checkout, portal, and a front page that explains. Plain HTML that needs no JavaScript.

mod challenge;
mod checkout;
mod checkout_form;
mod documents;
mod front;
mod markup;
mod portal;
mod portal_subscription;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::app::App;
use super::state::SLUG;

/// The routes of the pages.
pub fn router() -> Router<Arc<App>> {
    let portal = format!("/{SLUG}/portal");
    Router::new()
        .route("/", get(front::show))
        .route("/checkout/{client_secret}", get(checkout::show).post(checkout::pay))
        .route("/checkout/{client_secret}/confirmation", get(checkout::thanks))
        .route("/documents/{kind}/{order_id}", get(documents::show))
        .route(&portal, get(portal::show))
        .route(&format!("{portal}/card"), post(portal::card))
        .route(&format!("{portal}/subscriptions/{{id}}/{{act}}"), post(portal::act))
}

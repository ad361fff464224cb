//! What customers do by themselves, with the token of their session (C§6): the JSON routes behind the portal.

pub mod guest;
pub mod holdings;
pub mod orders;
pub mod subscriptions;
pub mod views;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::sandbox::app::App;

/// All routes under `/v1/customer-portal`.
pub fn router() -> Router<Arc<App>> {
    let routes = Router::new()
        .route("/customers/me", get(holdings::me))
        .route("/customers/me/payment-methods", get(holdings::payment_methods))
        .route("/subscriptions/", get(subscriptions::list))
        .route(
            "/subscriptions/{id}",
            get(subscriptions::read).patch(subscriptions::update).delete(subscriptions::cancel),
        )
        .route("/orders/", get(orders::list))
        .route("/orders/{id}", get(orders::read))
        .route("/orders/{id}/invoice", get(orders::invoice).post(orders::request_invoice))
        .route("/orders/{id}/receipt", get(orders::receipt))
        .route("/meters/", get(holdings::meters))
        .route("/meters/{id}", get(holdings::meter))
        .route("/benefit-grants/", get(holdings::grants))
        .route("/benefit-grants/{id}", get(holdings::grant));
    Router::new().nest("/v1/customer-portal", routes)
}

//! All routes of the sandbox on one screen; one file for each kind of Polar's objects.

pub mod benefit_properties;
pub mod benefits;
pub mod body;
pub mod check;
pub mod checkout_create;
pub mod checkout_update;
pub mod checkout_view;
pub mod checkouts;
pub mod customer_delete;
pub mod customer_meters;
pub mod customer_sessions;
pub mod customer_state;
pub mod customers;
pub mod deliveries;
pub mod discount_rules;
pub mod discounts;
pub mod grants;
pub mod ingest;
pub mod invoices;
pub mod limits;
pub mod listing;
pub mod meter_rules;
pub mod meters;
pub mod orders;
pub mod organization_settings;
pub mod organizations;
pub mod payment_methods;
pub mod portal;
pub mod previews;
pub mod price_rules;
pub mod prices;
pub mod product_benefits;
pub mod products;
pub mod refunds;
pub mod refusal;
pub mod resource;
pub mod scopes;
pub mod subscription_create;
pub mod subscription_ledger;
pub mod subscription_patch;
pub mod subscriptions;
pub mod transport;
pub mod union;
pub mod usage;
pub mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, patch, post};

use super::app::App;
use super::hooks::endpoint::Endpoint;
use super::{control, journal, pages};
use benefits::Benefit;
use discounts::Discount;
use meters::Meter;
use products::Product;
use refusal::Refusal;
use resource::{create, delete, read, update};

/// What handlers are given.
pub type Shared = State<Arc<App>>;
/// What handlers answer.
pub type Answer = Result<Response, Refusal>;

/// The collections, whose addresses end in a slash (C§1.3).
pub const COLLECTIONS: [&str; 18] = [
    "/v1/organizations/",
    "/v1/products/",
    "/v1/checkouts/",
    "/v1/customers/",
    "/v1/customer-sessions/",
    "/v1/subscriptions/",
    "/v1/orders/",
    "/v1/refunds/",
    "/v1/benefits/",
    "/v1/benefit-grants/",
    "/v1/events/",
    "/v1/meters/",
    "/v1/customer-meters/",
    "/v1/discounts/",
    "/v1/customer-portal/subscriptions/",
    "/v1/customer-portal/orders/",
    "/v1/customer-portal/meters/",
    "/v1/customer-portal/benefit-grants/",
];

/// Everything under one origin: the API, the hosted pages and the switches.
pub fn router(app: Arc<App>) -> Router {
    let api = with_token()
        .route_layer(from_fn_with_state(Arc::clone(&app), transport::token))
        .merge(without_token(&app))
        .merge(portal::router())
        .fallback(transport::no_route)
        .method_not_allowed_fallback(transport::no_method)
        .layer(from_fn_with_state(Arc::clone(&app), transport::faults))
        .layer(from_fn(transport::protocol));
    Router::new()
        .merge(api)
        .merge(pages::router(&app))
        .layer(from_fn_with_state(Arc::clone(&app), transport::down))
        .merge(pages::control::router())
        .merge(control::router())
        .layer(from_fn_with_state(Arc::clone(&app), transport::headers))
        .layer(from_fn_with_state(Arc::clone(&app), journal::watch::watch))
        .with_state(app)
}

fn with_token() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/organizations/", get(organizations::list))
        .route("/v1/organizations/{id}", get(organizations::read).patch(organizations::update))
        .route("/v1/products/", get(products::list).post(create::<Product>))
        .route("/v1/products/{id}", get(read::<Product>).patch(update::<Product>))
        .route("/v1/checkouts/", get(checkouts::list).post(checkout_create::create))
        .route("/v1/checkouts/{id}", get(checkouts::read).patch(checkout_update::update))
        .route("/v1/customers/", get(customers::list).post(customers::create))
        .route("/v1/customers/{id}", get(customers::read).patch(customers::update).delete(customer_delete::by_id))
        .route("/v1/customers/{id}/state", get(customer_state::read))
        .route(
            "/v1/customers/external/{id}",
            get(customers::read_external).patch(customers::update_external).delete(customer_delete::by_external),
        )
        .route("/v1/customers/external/{id}/state", get(customer_state::read_external))
        .route("/v1/customers/{id}/payment-methods", get(payment_methods::list))
        .route("/v1/customers/external/{id}/payment-methods", get(payment_methods::list_external))
        .route("/v1/customer-sessions/", post(customer_sessions::create))
        .route("/v1/subscriptions/", get(subscriptions::list).post(subscription_create::create))
        .route(
            "/v1/subscriptions/{id}",
            get(subscriptions::read).patch(subscriptions::update).delete(subscriptions::revoke),
        )
        .route("/v1/subscriptions/{id}/change-preview", post(previews::change))
        .route("/v1/subscriptions/{id}/charge-preview", get(previews::charge))
        .route("/v1/subscriptions/{id}/cancel-preview", get(previews::cancel))
        .route("/v1/orders/", get(orders::list))
        .route("/v1/orders/{id}", get(orders::read))
        .route("/v1/orders/{id}/invoice", get(invoices::invoice).post(invoices::request))
        .route("/v1/orders/{id}/receipt", get(invoices::receipt))
        .route("/v1/refunds/", get(refunds::list).post(refunds::create))
        .merge(given())
        .merge(metered())
        .merge(hooks())
}

fn given() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/benefits/", get(benefits::list).post(create::<Benefit>))
        .route("/v1/benefits/{id}", get(read::<Benefit>).patch(update::<Benefit>).delete(benefits::delete))
        .route("/v1/benefits/{id}/grants", get(grants::list_of))
        .route("/v1/benefit-grants/", get(grants::list))
        .route("/v1/discounts/", get(discounts::list).post(create::<Discount>))
        .route("/v1/discounts/{id}", get(read::<Discount>).patch(update::<Discount>).delete(delete::<Discount>))
        .route("/v1/products/{id}/benefits", post(product_benefits::replace))
}

fn metered() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/events/", get(usage::list))
        .route("/v1/events/{id}", get(usage::read))
        .route("/v1/events/ingest", post(ingest::ingest))
        .route("/v1/meters/", get(meters::list).post(create::<Meter>))
        .route("/v1/meters/{id}", get(read::<Meter>).patch(update::<Meter>))
        .route("/v1/meters/{id}/quantities", get(meters::quantities))
        .route("/v1/customer-meters/", get(customer_meters::list))
        .route("/v1/customer-meters/{id}", get(customer_meters::read))
}

fn hooks() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/webhooks/endpoints", get(webhooks::list).post(create::<Endpoint>))
        .route(
            "/v1/webhooks/endpoints/{id}",
            get(read::<Endpoint>).patch(update::<Endpoint>).delete(delete::<Endpoint>),
        )
        .route("/v1/webhooks/endpoints/{id}/secret", patch(webhooks::reset_secret))
        .route("/v1/webhooks/deliveries", get(deliveries::list))
        .route("/v1/webhooks/events/{id}/redeliver", post(deliveries::redeliver))
}

fn without_token(app: &Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route(
            "/v1/checkouts/client/{client_secret}",
            get(checkouts::client_read).patch(checkout_update::client_update),
        )
        .route(
            "/v1/checkouts/client/{client_secret}/confirm",
            post(checkout_update::client_confirm).route_layer(from_fn_with_state(Arc::clone(app), transport::confirms)),
        )
}

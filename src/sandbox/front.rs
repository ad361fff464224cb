//! The one address of all organizations: finds out whose a request is, and hands it on.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt as _;

use super::organizations::{Organizations, Running};

/// The whole sandbox as one service.
pub fn router(all: Arc<Organizations>) -> Router {
    Router::new().fallback(hand_on).with_state(all)
}

async fn hand_on(State(all): State<Arc<Organizations>>, mut request: Request) -> Response {
    let switch = request.uri().path().starts_with("/sandbox/");
    if switch && is_foreign(&all, &request) {
        let text = format!("The switches answer pages of {} only.", all.origin);
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    let Some(one) = whose(&all, &request) else {
        return (StatusCode::NOT_FOUND, "There is no such organization.").into_response();
    };
    request.extensions_mut().insert(all);
    one.router.oneshot(request).await.into_response()
}

/// A browser says where a request comes from: other sites have no business at the switches.
fn is_foreign(all: &Organizations, request: &Request) -> bool {
    request.headers().get(header::ORIGIN).is_some_and(|origin| origin.as_bytes() != all.origin.as_bytes())
}

/// The organization that a request is for; the first one's when it does not say, or names something that nobody has.
/// None when it asks for one by name that is not there.
fn whose(all: &Organizations, request: &Request) -> Option<Running> {
    let parts: Vec<&str> = request.uri().path().split('/').skip(1).collect();
    let found = match parts.as_slice() {
        ["v1", "checkouts", "client", secret, ..] | ["checkout", secret, ..] => {
            all.search(|state| state.checkouts.iter().any(|one| one.client_secret == *secret))
        }
        ["documents", _, order] => all.search(|state| state.orders.iter().any(|one| one.id.to_string() == *order)),
        [slug, "portal", ..] => all.find(slug),
        // A switch is never turned at somebody who was not meant.
        ["" | "sandbox", ..] => match (asked(request), bearer(request)) {
            (Some(key), _) => return all.find(&key),
            (None, Some(token)) => return all.search(|state| state.knows_token(token)),
            (None, None) => None,
        },
        _ => bearer(request).and_then(|token| all.search(|state| state.knows_token(token))),
    };
    Some(found.unwrap_or_else(|| all.first()))
}

fn bearer(request: &Request) -> Option<&str> {
    request.headers().get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// `?organization=`
fn asked(request: &Request) -> Option<String> {
    let pairs = url::form_urlencoded::parse(request.uri().query()?.as_bytes());
    pairs.into_owned().find(|(name, _)| name == "organization").map(|(_, key)| key)
}

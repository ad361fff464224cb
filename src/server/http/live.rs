//! What live pages ask for: fragments of markup, written by the server.

use super::session;
use crate::server::{
    services::confirming::{self, Confirmation},
    state::State,
};
use axum::{
    extract,
    http::{HeaderName, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use std::sync::Arc;
use tower_sessions::Session;

/// Writes the fragment that shows how far an order is.
type Write = dyn Fn(&State, Confirmation) -> String + Send + Sync;

/// What the routes of this module need.
#[derive(Clone)]
pub struct Live {
    /// Everything else.
    pub state: State,
    /// See [`Write`].
    pub stage: Arc<Write>,
}

const FRESH: [(HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

/// `/orders/{id}/stage`: how far an order of the signed-in user is. The same answer for another's order as for none.
pub async fn stage(
    extract::State(live): extract::State<Live>,
    extract::Path(order): extract::Path<String>,
    session: Session,
) -> Response {
    match find(&live.state, &session, &order).await {
        Ok(Some(confirmation)) => (FRESH, Html((live.stage)(&live.state, confirmation))).into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, FRESH).into_response(),
        Err(error) => {
            tracing::error!(order_id = order, error, "the stage of an order cannot be read");
            (StatusCode::SERVICE_UNAVAILABLE, FRESH, [(header::RETRY_AFTER, "10")]).into_response()
        }
    }
}

async fn find(state: &State, session: &Session, order: &str) -> Result<Option<Confirmation>, String> {
    let user = session::user_of(state, session).await.map_err(|error| error.to_string())?;
    let Some(user) = user else { return Ok(None) };
    confirming::of_order(state, &user.id, order).await.map_err(|error| error.to_string())
}

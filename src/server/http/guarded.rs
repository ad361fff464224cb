//! Guards of routes that are no pages: a handler that takes one of these runs only for whoever may. Everybody else is answered
//! in JSON: 401, 403 with what opens it, or 503 while it cannot be said. Pages have [`crate::components::guarded`].

use super::session::{self, SignedIn};
use crate::{
    model::feature::{Limit, Switch},
    server::{
        services::{
            access,
            guarding::{self, Denied, Guard},
        },
        state::State,
    },
};
use axum::{
    Json,
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::marker::PhantomData;
use tower_sessions::Session;

/// Whoever sent the request may use `F`.
pub struct Granted<F: Switch> {
    /// Who it is.
    pub user: SignedIn,
    feature: PhantomData<F>,
}

/// Whoever sent the request may have so many of `F`: at least one.
pub struct UpTo<F: Limit> {
    /// Who it is.
    pub user: SignedIn,
    /// How many they may have in all.
    pub most: i64,
    state: State,
    feature: PhantomData<F>,
}

impl<F: Limit> UpTo<F> {
    /// Whether one more fits beside those that they `have`.
    ///
    /// # Errors
    /// The answer to give, if not: it offers the plan that allows one more.
    pub async fn one_more(&self, have: i64) -> Result<(), Refused> {
        pass(guarding::limit::<F>(&self.state, &self.user.id, have).await, &self.state).map(drop)
    }
}

impl<F: Switch> FromRequestParts<State> for Granted<F> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Refused> {
        let user = user(parts, state).await?;
        pass(guarding::switch::<F>(state, &user.id).await, state)?;
        Ok(Self { user, feature: PhantomData })
    }
}

impl<F: Limit> FromRequestParts<State> for UpTo<F> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Refused> {
        let user = user(parts, state).await?;
        let most = pass(guarding::limit::<F>(state, &user.id, 0).await, state)?;
        Ok(Self { user, most, state: state.clone(), feature: PhantomData })
    }
}

/// Why a route is not open, as it is answered.
#[derive(Debug)]
pub struct Refused {
    status: StatusCode,
    body: Value,
}

impl Refused {
    fn nobody(state: &State) -> Self {
        let log_in = format!("{}/login", state.config.origin());
        let body = json!({"error": "not_logged_in", "message": "Log in first.", "log_in": log_in});
        Self { status: StatusCode::UNAUTHORIZED, body }
    }

    fn denied(denied: &Denied, state: &State) -> Self {
        let offer = denied.way.as_ref().map(|way| {
            let mut offer = json!({"url": format!("{}{}", state.config.origin(), way.path())});
            if let Some(sold) = way.offer() {
                offer["plan"] = json!(sold.plan);
                offer["name"] = json!(denied.plan);
                offer["interval"] = json!(sold.interval.slug());
                offer["amount"] = json!(sold.price.amount);
                offer["currency"] = json!(sold.price.currency);
            }
            offer
        });
        let body = json!({"error": "not_in_plan", "message": denied.reason, "offer": offer});
        Self { status: StatusCode::FORBIDDEN, body }
    }

    fn unknown(why: &str) -> Self {
        let message = format!("{why} Please ask again in a moment.");
        Self { status: StatusCode::SERVICE_UNAVAILABLE, body: json!({"error": "checking", "message": message}) }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut answer = (self.status, [(header::CACHE_CONTROL, "no-store")], Json(self.body)).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        answer
    }
}

async fn user(parts: &mut Parts, state: &State) -> Result<SignedIn, Refused> {
    let unreadable = |error: &str| {
        tracing::error!(error, "who is signed in cannot be read");
        Refused::unknown(access::UNREADABLE)
    };
    let session = Session::from_request_parts(parts, state).await.map_err(|(_, error)| unreadable(error))?;
    let user = session::user_of(state, &session).await.map_err(|error| unreadable(&error.to_string()))?;
    user.ok_or_else(|| Refused::nobody(state))
}

fn pass<T>(guard: Guard<T>, state: &State) -> Result<T, Refused> {
    match guard {
        Guard::Granted(worth) => Ok(worth),
        Guard::Denied(denied) => Err(Refused::denied(&denied, state)),
        Guard::Unknown(why) => Err(Refused::unknown(why)),
    }
}

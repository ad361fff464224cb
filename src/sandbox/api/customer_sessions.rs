//! Customer sessions: the way into the portal, one hour long (C§2.7, C§6).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::body::{Body, Fields};
use super::refusal::{Detail, Refusal};
use super::{Answer, Shared};
use crate::sandbox::clock::Stamp;
use crate::sandbox::secrets;
use crate::sandbox::state;

const HOUR_MS: i64 = 3_600_000;

/// One token and whom it lets in.
#[derive(Clone, Serialize, Deserialize)]
pub struct Session {
    pub id: Uuid,
    pub created_at: Stamp,
    pub token: String,
    pub expires_at: Stamp,
    pub return_url: Option<String>,
    pub customer_id: Uuid,
}

/// Lets a customer in for an hour; the token starts with `prefix`.
pub fn open(state: &mut state::State, prefix: &str, customer_id: Uuid, return_url: Option<String>) -> Session {
    let now = state.clock.now();
    state.sessions.retain(|session| session.expires_at > now);
    let session = Session {
        id: secrets::id(),
        created_at: now,
        token: secrets::token(prefix),
        expires_at: now.plus_ms(HOUR_MS),
        return_url,
        customer_id,
    };
    state.sessions.push(session.clone());
    session
}

/// The session of this token, while it lasts.
pub fn running<'a>(state: &'a state::State, token: &str) -> Option<&'a Session> {
    let now = state.clock.peek();
    state.sessions.iter().find(|session| session.token == token && session.expires_at > now)
}

/// `POST /v1/customer-sessions/`
pub async fn create(State(app): Shared, Body(sent): Body) -> Answer {
    let mut fields = Fields::of(&sent);
    let id = fields.uuid("customer_id");
    let external_id = fields.text("external_customer_id").or_else(|| fields.text("customer_external_id"));
    let return_url = fields.url("return_url");
    fields.done()?;
    if id.is_none() && external_id.is_none() {
        return Err(neither(&json!(sent)));
    }
    let shown = app.write(|state| {
        let missing = |field, input| Refusal::field(field, "Customer does not exist.", input);
        let customer = match (id, external_id) {
            (Some(id), _) => state.living(id).map_err(|_| missing("customer_id", json!(id))),
            (None, external) => {
                let external = external.unwrap_or_default();
                state.customer_by_external(&external).ok_or_else(|| missing("external_customer_id", json!(external)))
            }
        };
        let customer = customer?.clone();
        let session = open(state, "polar_mst_", customer.id, return_url);
        Ok::<_, Refusal>(view(&session, customer.full(), &portal_url(state, &session.token, &customer.email)))
    })?;
    Ok((StatusCode::CREATED, Json(shown)).into_response())
}

/// Where the portal opens with this token.
pub fn portal_url(state: &state::State, token: &str, email: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("customer_session_token", token)
        .append_pair("email", email)
        .finish();
    format!("{}/{}/portal?{query}", state.origin, state.identity.slug)
}

fn view(session: &Session, customer: Value, portal_url: &str) -> Value {
    json!({
        "created_at": session.created_at, "modified_at": null, "id": session.id, "token": session.token,
        "expires_at": session.expires_at, "return_url": session.return_url, "customer_portal_url": portal_url,
        "customer_id": session.customer_id, "customer": customer,
    })
}

fn neither(sent: &Value) -> Refusal {
    let missing = |variant: &str, field: &str| Detail {
        kind: "missing",
        loc: vec![json!("body"), json!(variant), json!(field)],
        msg: "Field required".to_owned(),
        input: sent.clone(),
        ctx: None,
    };
    Refusal::Invalid(vec![
        missing("CustomerSessionCustomerIDCreate", "customer_id"),
        missing("CustomerSessionCustomerExternalIDCreate", "external_customer_id"),
    ])
}

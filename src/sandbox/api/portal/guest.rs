//! Who comes to the portal: the holder of a customer session's token, `polar_cst_…` or `polar_mst_…`.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use uuid::Uuid;

use crate::sandbox::api::customer_sessions::running;
use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::api::transport::bearer;
use crate::sandbox::app::App;
use crate::sandbox::state::State;

/// A customer, by id. Without a token 401, as with one that has expired (C§11) or is the organization's.
pub struct Guest(pub Uuid);

impl FromRequestParts<Arc<App>> for Guest {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        let token = bearer(&parts.headers).ok_or(Refusal::Unauthorized)?;
        app.read(|state| who(state, token)).map(Self)
    }
}

fn who(state: &State, token: &str) -> Result<Uuid, Refusal> {
    if state.is_merchants(token) {
        return Err(Refusal::WrongSubject("Customer Member"));
    }
    let session = running(state, token).ok_or(Refusal::InvalidToken)?;
    state.living(session.customer_id).map(|customer| customer.id).map_err(|_| Refusal::InvalidToken)
}

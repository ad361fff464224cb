//! The file with everything that is held about whoever is signed in: fetched once, with the key from their mail. An axum
//! route and no server function: the answer is a file.

use super::{errors, session};
use crate::server::{services::exporting, state as server};
use axum::{
    Form,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use tower_sessions::Session;

/// The form of the page that the mail leads to.
#[derive(Deserialize)]
pub struct Fetch {
    key: String,
}

/// `/account/export/file`; whoever is not signed in, or has no key that opens it, is led to the page that says why.
pub async fn file(State(state): State<server::State>, session: Session, Form(form): Form<Fetch>) -> Response {
    let fetched = async {
        let user = session::user_of(&state, &session).await.map_err(|error| error.to_string())?;
        match user {
            Some(user) => exporting::fetch(&state, &user.id, &form.key).await.map_err(|error| error.to_string()),
            None => Ok(None),
        }
    };
    match fetched.await {
        Ok(Some(bytes)) => {
            let headers = [
                (header::CONTENT_TYPE, "application/zip"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"my-data.zip\""),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (headers, bytes).into_response()
        }
        Ok(None) => Redirect::to("/account/export").into_response(),
        Err(error) => {
            tracing::error!(error, "a copy cannot be fetched");
            errors::bare(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}

//! Routes of the studio that are no pages: a code as a file, and what a program may ask. axum routes and no server functions:
//! one answers with a file, the other in JSON, whatever the way.

use super::{making, svg};
use crate::{
    model::features::{Projects, Studio},
    server::{
        http::{
            errors,
            guarded::{Granted, Refused, UpTo},
            next, session,
        },
        state as server,
    },
};
use axum::{
    Json,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use tower_sessions::Session;

/// Which code is asked for.
#[derive(Deserialize)]
pub struct Which {
    #[serde(default)]
    id: String,
}

/// `/studio/code.svg?id=…`: a code of whoever is logged in; nobody else's, and none that is not there.
pub async fn file(State(state): State<server::State>, session: Session, Query(which): Query<Which>) -> Response {
    let user = match session::user_of(&state, &session).await {
        Ok(Some(user)) => user,
        Ok(None) => return Redirect::to(&next::login_for("/studio")).into_response(),
        Err(error) => {
            tracing::error!(%error, "who is signed in cannot be read");
            return errors::bare(StatusCode::SERVICE_UNAVAILABLE);
        }
    };
    match making::one(&state, &user.id, &which.id).await {
        Ok(Some(code)) => {
            let headers = [
                (header::CONTENT_TYPE, "image/svg+xml"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"qr-code.svg\""),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (headers, svg::file(&code.text)).into_response()
        }
        Ok(None) => errors::bare(StatusCode::NOT_FOUND),
        Err(error) => {
            tracing::error!(%error, "a code cannot be read");
            errors::bare(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}

/// What is asked.
#[derive(Deserialize)]
pub struct Asked {
    /// How many projects there are already.
    #[serde(default)]
    have: u32,
}

/// `/api/studio?have=12`: how many projects somebody may have, if one more fits beside those that they have.
pub async fn projects(
    _door: Granted<Studio>,
    projects: UpTo<Projects>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refused> {
    projects.one_more(asked.have.into()).await?;
    let body = json!({"projects": {"have": asked.have, "most": projects.most}});
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

//! Organizations beside the first: listed without their secrets, added, removed.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Value, json};

use crate::sandbox::organization::New;
use crate::sandbox::organizations::Organizations;

/// `GET /sandbox/organizations`
pub async fn list(Extension(all): Extension<Arc<Organizations>>) -> Json<Value> {
    Json(json!({"items": all.list()}))
}

/// `POST /sandbox/organizations`
pub async fn add(Extension(all): Extension<Arc<Organizations>>, Json(sent): Json<New>) -> Response {
    match all.add(sent).await {
        Ok(made) => (StatusCode::CREATED, Json(made)).into_response(),
        Err(why) => (StatusCode::UNPROCESSABLE_ENTITY, why).into_response(),
    }
}

/// `DELETE /sandbox/organizations/{id or slug}`
pub async fn remove(Extension(all): Extension<Arc<Organizations>>, Path(key): Path<String>) -> Response {
    match all.remove(&key).await {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(true) => StatusCode::NO_CONTENT.into_response(),
        Some(false) => (StatusCode::CONFLICT, "The first organization stays: it is the app's own.").into_response(),
    }
}

//! Whether the process lives, and whether it can serve.

use crate::server::{db::Reader, state::State};
use axum::{
    extract,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use std::time::Duration;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(2);

/// Answers as long as the process runs, whatever else is down.
pub async fn alive() -> &'static str {
    "alive\n"
}

/// 200 when the database answers, 503 when it does not.
pub async fn ready(extract::State(state): extract::State<State>) -> Response {
    let ping = state.db.read("SELECT CAST(1 AS BIGINT)").scalar::<i64>();
    match timeout(PATIENCE, ping).await {
        Ok(Ok(_)) => ([(header::CACHE_CONTROL, "no-store")], "ready\n").into_response(),
        failed => {
            tracing::error!(error = ?failed.map(|answer| answer.map_err(|error| error.to_string())), "not ready");
            let headers = [(header::RETRY_AFTER, "5"), (header::CACHE_CONTROL, "no-store")];
            (StatusCode::SERVICE_UNAVAILABLE, headers, "the database does not answer\n").into_response()
        }
    }
}

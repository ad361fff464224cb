//! `GET /sandbox/journal`: for tests and for people who look for what happened.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::entry::Entry;
use crate::sandbox::api::Shared;
use crate::sandbox::app::App;

/// Entries in one answer at most: whoever wants all asks again with the last number.
const PAGE: usize = 200;

/// Its routes.
pub fn router() -> Router<Arc<App>> {
    Router::new().route("/sandbox/journal", get(journal))
}

/// From where.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct From {
    #[serde(default)]
    after: u64,
}

async fn journal(State(app): Shared, Query(from): Query<From>) -> Json<Value> {
    let (entries, dropped, whole) = app.read(|state| {
        let page: Vec<Entry> = state.journal.after(from.after).take(PAGE).cloned().collect();
        (page, state.journal.dropped(), state.journal.is_whole())
    });
    Json(json!({"items": entries, "dropped": dropped, "whole": whole}))
}

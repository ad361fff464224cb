//! A route of the sample product behind the doors of its plan: put yours in its place.

use super::guarded::{Granted, Refused, UpTo};
use crate::model::features::{Projects, Studio};
use axum::{
    Json,
    extract::Query,
    http::header,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;

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

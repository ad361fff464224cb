//! Which benefits a product gives: `POST /v1/products/{id}/benefits` (http/021–023).

use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::body::{Body, Fields};
use super::products::path_id;
use super::refusal::{Detail, Refusal};
use super::{Answer, Shared, check};
use crate::sandbox::api::benefits::Benefit;
use crate::sandbox::state;

/// `POST /v1/products/{id}/benefits`: the list replaces the one before; those who bought already follow.
pub async fn replace(State(app): Shared, Path(id): Path<String>, Body(sent): Body) -> Answer {
    let id = path_id(&id)?;
    let mut fields = Fields::of(&sent);
    fields.require("benefits");
    let wished = fields.list("benefits").cloned().unwrap_or_default();
    fields.done()?;
    let shown = app.write(|state| {
        state.product(id)?;
        let benefits =
            wished.iter().enumerate().map(|(place, id)| find(state, place, id)).collect::<Result<Vec<_>, _>>()?;
        let product = state.products.iter_mut().find(|product| product.id == id).ok_or(Refusal::NotFound)?;
        product.benefits = benefits;
        let shown = product.full();
        state.emit("product.updated", shown.clone());
        Ok::<_, Refusal>(shown)
    })?;
    Ok(Json(shown).into_response())
}

fn find(state: &state::State, place: usize, sent: &Value) -> Result<Benefit, Refusal> {
    let loc = || vec![json!("body"), json!("benefits"), json!(place)];
    let id = check::uuid(sent.as_str().unwrap_or_default(), &["body"])
        .map_err(|detail| Refusal::Invalid(vec![Detail { loc: loc(), ..detail }]))?;
    let missing = Detail {
        kind: "value_error",
        loc: loc(),
        msg: "Benefit does not exist.".to_owned(),
        input: sent.clone(),
        ctx: None,
    };
    state.benefit(id).cloned().map_err(|_| Refusal::Business(vec![missing]))
}

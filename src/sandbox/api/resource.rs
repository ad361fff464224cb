//! What the routes of everything that merchants keep do alike: make one, read, change and delete it.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::Value;
use uuid::Uuid;

use super::body::{Body, Fields};
use super::products::path_id;
use super::refusal::Refusal;
use super::{Answer, Shared};
use crate::sandbox::clock::Stamp;
use crate::sandbox::state;

/// An object that merchants make and change.
pub trait Kept: Clone + 'static {
    /// What the kinds of its events begin with; nobody is told of an object without.
    const EVENTS: Option<&'static str>;

    /// The one with this id.
    ///
    /// # Errors
    /// 404 if there is none.
    fn find(state: &state::State, id: Uuid) -> Result<&Self, Refusal>;

    /// As its own routes and its events show it.
    fn view(&self, state: &state::State) -> Value;

    /// Its id.
    fn id(&self) -> Uuid;

    /// When it was changed last.
    fn modified_at(&mut self) -> &mut Option<Stamp>;

    /// Where the state holds all of its kind.
    fn all(state: &mut state::State) -> &mut Vec<Self>;

    /// A new one, as sent.
    ///
    /// # Errors
    /// 422 for what is missing or wrong.
    fn new(state: &mut state::State, fields: Fields<'_>) -> Result<Self, Refusal>;

    /// Takes over what was sent; all else stays.
    ///
    /// # Errors
    /// 422 for what is wrong.
    fn change(&mut self, state: &mut state::State, fields: Fields<'_>) -> Result<(), Refusal>;

    /// As it reads after the answer to its making.
    fn stored(self) -> Self {
        self
    }

    /// Takes it away, or only out of sight where others still have it.
    fn take_away(state: &mut state::State, id: Uuid) {
        Self::all(state).retain(|one| one.id() != id);
    }

    /// Brings copies of it in step with a change.
    fn spread(&self, _: &mut state::State) {}
}

/// `GET …/{id}`
pub async fn read<T: Kept>(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    Ok(Json(app.read(|state| T::find(state, id).map(|one| one.view(state)))?).into_response())
}

/// `POST …/`
pub async fn create<T: Kept>(State(app): Shared, Body(sent): Body) -> Answer {
    let shown = app.write(|state| {
        let one = T::new(state, Fields::of(&sent))?;
        let shown = one.view(state);
        T::all(state).push(one.stored());
        tell::<T>(state, "created", &shown);
        Ok::<_, Refusal>(shown)
    })?;
    Ok((StatusCode::CREATED, Json(shown)).into_response())
}

/// `PATCH …/{id}`
pub async fn update<T: Kept>(State(app): Shared, Path(id): Path<String>, Body(sent): Body) -> Answer {
    let id = path_id(&id)?;
    let shown = app.write(|state| {
        let mut one = T::find(state, id)?.clone();
        one.change(state, Fields::of(&sent))?;
        replace(state, one)
    })?;
    Ok(Json(shown).into_response())
}

/// `DELETE …/{id}`, of what leaves nothing behind.
pub async fn delete<T: Kept>(State(app): Shared, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    app.write(|state| {
        let shown = T::find(state, id)?.view(state);
        T::take_away(state, id);
        tell::<T>(state, "deleted", &shown);
        Ok::<_, Refusal>(())
    })?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Puts a changed object in its place and tells of it.
///
/// # Errors
/// 404 when it is gone.
pub fn replace<T: Kept>(state: &mut state::State, mut one: T) -> Result<Value, Refusal> {
    *one.modified_at() = Some(state.clock.now());
    let shown = one.view(state);
    one.spread(state);
    let id = one.id();
    *T::all(state).iter_mut().find(|place| place.id() == id).ok_or(Refusal::NotFound)? = one.stored();
    tell::<T>(state, "updated", &shown);
    Ok(shown)
}

fn tell<T: Kept>(state: &mut state::State, what: &str, shown: &Value) {
    if let Some(kind) = T::EVENTS {
        state.emit(&format!("{kind}.{what}"), shown.clone());
    }
}

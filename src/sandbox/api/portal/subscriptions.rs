//! The customer's subscriptions, and what they may do with them: fewer shapes of a change than the merchant has, and
//! some of them only where the organization lets them (C§11, "Portal switches").

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::guest::Guest;
use super::views;
use crate::sandbox::api::body::{Body, Fields};
use crate::sandbox::api::listing::Query;
use crate::sandbox::api::products::path_id;
use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::api::subscription_patch::{self as patch, Base, Reason, Shape};
use crate::sandbox::api::subscriptions::Subscription;
use crate::sandbox::api::union::{Model, choose};
use crate::sandbox::api::{Answer, Shared};
use crate::sandbox::clock::Stamp;
use crate::sandbox::life::change;
use crate::sandbox::state;

const WHY: [&str; 2] = ["cancellation_reason", "cancellation_comment"];

/// What a customer may send; a cancellation that says neither yes nor no changes nothing.
const MODELS: [Model<Option<Shape>>; 6] = [
    Model { name: "CustomerSubscriptionUpdateProduct", keys: &["product_id"], read: product },
    Model {
        name: "CustomerSubscriptionUpdateSeats",
        keys: &["seats"],
        read: |fields, now| patch::seats(fields, now).map(Some),
    },
    Model { name: "CustomerSubscriptionCancel", keys: &["cancel_at_period_end", WHY[0], WHY[1]], read: cancellation },
    Model {
        name: "CustomerSubscriptionPause",
        keys: &["pause_at_period_end", "resumes_at"],
        read: |fields, now| patch::pause(fields, now).map(Some),
    },
    Model {
        name: "CustomerSubscriptionResume",
        keys: &["resume"],
        read: |fields, now| patch::resume(fields, now).map(Some),
    },
    Model {
        name: "CustomerSubscriptionUpdateClear",
        keys: &["pending_update"],
        read: |fields, now| patch::clear(fields, now).map(Some),
    },
];

fn product(fields: &mut Fields<'_>, _: Stamp) -> Option<Option<Shape>> {
    fields.require("product_id");
    fields.uuid("product_id").map(|id| Some(Shape::Base(Base { product_id: Some(id), ..Base::default() })))
}

fn cancellation(fields: &mut Fields<'_>, _: Stamp) -> Option<Option<Shape>> {
    let why = patch::why(fields, WHY);
    Some(fields.flag("cancel_at_period_end").map(|at_end| if at_end { Shape::Cancel(why) } else { Shape::Uncancel }))
}

/// `GET /v1/customer-portal/subscriptions/`
pub async fn list(State(app): Shared, Guest(customer_id): Guest, query: Query) -> Answer {
    query.ids(&["product_id"])?;
    let active = query.flag("active");
    let mut items: Vec<Value> = app.read(|state| {
        let own = state.subscriptions.iter().filter(|one| one.customer_id == customer_id);
        let wanted = own.filter(|one| active.is_none_or(|active| one.is_active() == active));
        wanted.map(|one| views::subscription(state, one)).collect()
    });
    items.retain(|item| query.finds(item["product"]["name"].as_str().unwrap_or_default()));
    query.select(items, &["product_id"], "-started_at")
}

/// `GET /v1/customer-portal/subscriptions/{id}`
pub async fn read(State(app): Shared, Guest(customer_id): Guest, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    let shown = app.read(|state| own(state, customer_id, id).map(|one| views::subscription(state, one)))?;
    Ok(Json(shown).into_response())
}

/// `PATCH /v1/customer-portal/subscriptions/{id}` (http/205)
pub async fn update(State(app): Shared, Guest(customer_id): Guest, Path(id): Path<String>, Body(sent): Body) -> Answer {
    let id = path_id(&id)?;
    app.write(|state| {
        own(state, customer_id, id)?;
        let shape = read_body(&sent, state.clock.peek())?;
        shape.map_or(Ok(()), |shape| apply(state, id, shape))?;
        shown(state, id)
    })
}

/// `DELETE /v1/customer-portal/subscriptions/{id}`: unlike the merchant's, it ends with the period.
pub async fn cancel(State(app): Shared, Guest(customer_id): Guest, Path(id): Path<String>) -> Answer {
    let id = path_id(&id)?;
    app.write(|state| {
        own(state, customer_id, id)?;
        apply(state, id, Shape::Cancel(Reason::default()))?;
        shown(state, id)
    })
}

fn read_body(sent: &Map<String, Value>, now: Stamp) -> Result<Option<Shape>, Refusal> {
    choose(&MODELS, sent, now)
}

fn shown(state: &state::State, id: Uuid) -> Answer {
    Ok(Json(state.subscription(id).map(|one| views::subscription(state, one))?).into_response())
}

fn own(state: &state::State, customer_id: Uuid, id: Uuid) -> Result<&Subscription, Refusal> {
    state.subscription(id).ok().filter(|one| one.customer_id == customer_id).ok_or(Refusal::NotFound)
}

fn apply(state: &mut state::State, id: Uuid, shape: Shape) -> Result<(), Refusal> {
    allowed(state, &shape)?;
    change::apply(state, id, shape)
}

/// Whether the organization lets its customers do this by themselves.
///
/// # Errors
/// 403 if not, 422 for a product that is not on show.
pub fn allowed(state: &state::State, shape: &Shape) -> Result<(), Refusal> {
    let may = &state.portal.subscription;
    let forbidden = |error, detail: &str| Err(Refusal::domain(StatusCode::FORBIDDEN, error, detail));
    match shape {
        Shape::Base(_) if !may.update_plan => {
            forbidden("UpdateSubscriptionPlanNotAllowed", "Updating subscription plan is not allowed.")
        }
        Shape::Base(Base { product_id: Some(id), .. })
            if state.product(*id).is_ok_and(|product| !product.is_public()) =>
        {
            Err(Refusal::field("product_id", "Product does not exist.", json!(id)))
        }
        Shape::Seats if !may.update_seats => {
            forbidden("UpdateSubscriptionSeatsNotAllowed", "Updating subscription seats is not allowed.")
        }
        Shape::Pause(_) | Shape::Unpause | Shape::Resume if may.pause != Some(true) => {
            forbidden("PauseResumeNotAllowed", "Pausing and resuming subscriptions is not allowed.")
        }
        _ => Ok(()),
    }
}

//! Deleting a customer (C§2.5, webhooks 0170–0178): the row stays for its bills, its external id is free again.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::customers::{Customer, announce};
use super::listing::Query;
use super::products::path_id;
use super::refusal::Refusal;
use super::subscription_patch::{Reason, Shape};
use super::{Answer, Shared};
use crate::sandbox::life::{change, grants};
use crate::sandbox::state;

/// `DELETE /v1/customers/{id}`
pub async fn by_id(State(app): Shared, Path(id): Path<String>, query: Query) -> Answer {
    let id = path_id(&id)?;
    app.write(|state| delete(state, id, query.one("anonymize") == Some("true")))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `DELETE /v1/customers/external/{external_id}`
pub async fn by_external(State(app): Shared, Path(id): Path<String>, query: Query) -> Answer {
    app.write(|state| {
        let id = state.customer_by_external(&id).ok_or(Refusal::NotFound)?.id;
        delete(state, id, query.one("anonymize") == Some("true"))
    })?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Grants go first, subscriptions last (C§11 "Deletion"); all their events show the customer without its external id.
fn delete(state: &mut state::State, id: Uuid, anonymize: bool) -> Result<(), Refusal> {
    let mut customer = state.living(id)?.clone();
    let (gone, now) = (state.clock.now(), state.clock.now());
    (customer.deleted_at, customer.modified_at) = (Some(gone), Some(now));
    if anonymize {
        hide(&mut customer);
    } else {
        customer.external_id = None;
    }
    if let Some(place) = state.customers.iter_mut().find(|place| place.id == id) {
        *place = customer;
    }
    for member in state.members.iter().filter(|one| one.customer_id == id).cloned().collect::<Vec<_>>() {
        state.emit("member.deleted", json!(member));
    }
    // The event shows the row before it was written for the last time (webhooks 0170, 0172).
    state.members.iter_mut().filter(|one| one.customer_id == id).for_each(|one| one.modified_at = Some(now));
    state.sessions.retain(|session| session.customer_id != id);
    grants::reach(state);
    announce(state, "customer.deleted", id);
    let live =
        state.subscriptions.iter().filter(|one| one.customer_id == id && (one.is_live() || one.status == "paused"));
    for subscription in live.map(|one| one.id).collect::<Vec<_>>() {
        change::apply(state, subscription, Shape::Revoke(Reason { reason: None, comment: None }))?;
    }
    Ok(())
}

/// Nothing personal stays but the external id, which belongs to the merchant (C§11).
fn hide(customer: &mut Customer) {
    customer.email = format!("{}@anonymized.invalid", hashed(&customer.email));
    customer.name = customer.name.as_deref().map(hashed);
    customer.billing_name = customer.billing_name.as_deref().map(hashed);
    customer.billing_address = None;
}

fn hashed(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

//! Ends of subscriptions: scheduled, withdrawn, reached, at once (C§4.2).

use axum::http::StatusCode;
use uuid::Uuid;

use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::api::subscriptions::view;
use crate::sandbox::life::jobs::What;
use crate::sandbox::state::State;

/// Why the customer leaves, if they say.
pub struct Reason {
    pub reason: Option<String>,
    pub comment: Option<String>,
}

/// Sends these events about one subscription, all alike, and the changed state after them.
pub fn announce(state: &mut State, id: Uuid, kinds: &[&str]) {
    let Ok(one) = state.subscription(id) else { return };
    let (shown, customer_id) = (view(state, one), one.customer_id);
    for kind in kinds {
        state.emit(kind, shown.clone());
    }
    state.later(What::StateChanged(customer_id));
}

/// Cancels at the end of the period; the status stays (http/111).
pub fn schedule(state: &mut State, id: Uuid, why: Reason) -> Result<(), Refusal> {
    let now = state.clock.now();
    let one = state.subscription_mut(id)?;
    if one.cancel_at_period_end || !one.is_live() {
        return Err(already());
    }
    one.cancel_at_period_end = true;
    one.canceled_at = Some(now);
    one.ends_at = Some(one.current_period_end);
    one.customer_cancellation_reason = why.reason;
    one.customer_cancellation_comment = why.comment;
    one.modified_at = Some(now);
    announce(state, id, &["subscription.updated", "subscription.canceled"]);
    Ok(())
}

/// Takes a scheduled end back (http/114); 410 after the end (http/128), 400 if none is scheduled.
pub fn withdraw(state: &mut State, id: Uuid) -> Result<(), Refusal> {
    let now = state.clock.now();
    let one = state.subscription_mut(id)?;
    if !one.is_live() {
        return Err(Refusal::domain(StatusCode::GONE, "ResourceUnavailable", "Unavailable"));
    }
    if !one.cancel_at_period_end {
        return Err(Refusal::domain(StatusCode::BAD_REQUEST, "BadRequest", "Bad request"));
    }
    one.cancel_at_period_end = false;
    one.canceled_at = None;
    one.ends_at = None;
    one.customer_cancellation_reason = None;
    one.customer_cancellation_comment = None;
    one.modified_at = Some(now);
    announce(state, id, &["subscription.updated", "subscription.uncanceled"]);
    Ok(())
}

/// Ends it now (http/126).
pub fn revoke(state: &mut State, id: Uuid) -> Result<(), Refusal> {
    let now = state.clock.now();
    let one = state.subscription_mut(id)?;
    if !one.is_live() {
        return Err(already());
    }
    one.cancel_at_period_end = false;
    one.canceled_at = Some(now);
    one.ends_at = Some(now);
    end(state, id)
}

/// Ends what was scheduled to end by now.
pub fn reach(state: &mut State) {
    let now = state.clock.peek();
    let due = state.subscriptions.iter().filter(|one| one.is_live() && one.ends_at.is_some_and(|end| end <= now));
    for id in due.map(|one| one.id).collect::<Vec<_>>() {
        // The subscription was just found.
        let _ = end(state, id);
    }
}

fn end(state: &mut State, id: Uuid) -> Result<(), Refusal> {
    let now = state.clock.now();
    let one = state.subscription_mut(id)?;
    "canceled".clone_into(&mut one.status);
    one.ended_at = Some(now);
    one.modified_at = Some(now);
    announce(state, id, &["subscription.updated", "subscription.canceled", "subscription.revoked"]);
    Ok(())
}

fn already() -> Refusal {
    let detail = "This subscription is already canceled or will be at the end of the period.";
    Refusal::domain(StatusCode::FORBIDDEN, "AlreadyCanceledSubscription", detail)
}

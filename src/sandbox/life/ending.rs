//! Ends of subscriptions: scheduled, withdrawn, at once (C§4.2).

use axum::http::StatusCode;

use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::api::subscription_patch::Reason;
use crate::sandbox::api::subscriptions::Subscription;
use crate::sandbox::clock::Stamp;

/// Cancels at the end of the period; the status stays (http/111), a scheduled pause does not (C§11).
///
/// # Errors
/// 403 when it has ended, is paused, or is to end already (http/112).
pub fn schedule(one: &mut Subscription, now: Stamp, why: Reason) -> Result<(), Refusal> {
    if one.cancel_at_period_end || !one.is_live() {
        return Err(already());
    }
    one.cancel_at_period_end = true;
    one.ends_at = Some(one.current_period_end);
    cancel(one, now, why);
    Ok(())
}

/// Takes a scheduled end back (http/114).
///
/// # Errors
/// 410 after the end (http/128), 400 if none is scheduled.
pub fn withdraw(one: &mut Subscription) -> Result<(), Refusal> {
    if one.ended_at.is_some() {
        return Err(Refusal::domain(StatusCode::GONE, "ResourceUnavailable", "Unavailable"));
    }
    if !one.cancel_at_period_end || !one.is_live() {
        return Err(Refusal::domain(StatusCode::BAD_REQUEST, "BadRequest", "Bad request"));
    }
    one.cancel_at_period_end = false;
    one.canceled_at = None;
    one.ends_at = None;
    one.customer_cancellation_reason = None;
    one.customer_cancellation_comment = None;
    Ok(())
}

/// Ends it now, paused ones too (http/126).
///
/// # Errors
/// 403 when it has ended (http/127).
pub fn revoke(one: &mut Subscription, now: Stamp, why: Reason) -> Result<(), Refusal> {
    if one.ended_at.is_some() || !(one.is_live() || one.status == "paused") {
        return Err(already());
    }
    one.ends_at = Some(now);
    one.ended_at = Some(now);
    "canceled".clone_into(&mut one.status);
    cancel(one, now, why);
    Ok(())
}

fn cancel(one: &mut Subscription, now: Stamp, why: Reason) {
    one.canceled_at = Some(now);
    one.pause_at_period_end = false;
    one.resumes_at = None;
    one.customer_cancellation_reason = why.reason.or_else(|| one.customer_cancellation_reason.take());
    one.customer_cancellation_comment = why.comment.or_else(|| one.customer_cancellation_comment.take());
}

/// 403 of what is over, or will be.
pub fn already() -> Refusal {
    let detail = "This subscription is already canceled or will be at the end of the period.";
    Refusal::domain(StatusCode::FORBIDDEN, "AlreadyCanceledSubscription", detail)
}

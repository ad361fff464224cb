//! Pauses (C§2.8, C§4.2): asked for, taken back, and the way out, which begins a new period and bills it.

use axum::http::StatusCode;
use serde_json::json;

use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::api::subscriptions::Subscription;
use crate::sandbox::clock::Stamp;

/// Pauses at the end of the period.
///
/// # Errors
/// 409 unless it is plainly active; 422 when it would resume before it is paused.
pub fn schedule(one: &mut Subscription, resumes_at: Option<Stamp>) -> Result<(), Refusal> {
    if one.status != "active" || one.cancel_at_period_end || one.pause_at_period_end || one.ends_at.is_some() {
        return Err(conflict("CannotPauseSubscription", "This subscription cannot be paused."));
    }
    if let Some(at) = resumes_at.filter(|at| *at <= one.current_period_end) {
        return Err(Refusal::field("resumes_at", "resumes_at must be after the current period end.", json!(at)));
    }
    one.pause_at_period_end = true;
    one.resumes_at = resumes_at;
    Ok(())
}

/// Takes a scheduled pause back.
///
/// # Errors
/// 409 when none is scheduled.
pub fn withdraw(one: &mut Subscription) -> Result<(), Refusal> {
    if !one.pause_at_period_end || one.status != "active" {
        return Err(conflict("NoScheduledPause", "This subscription is not scheduled to be paused."));
    }
    one.pause_at_period_end = false;
    one.resumes_at = None;
    Ok(())
}

/// Begins a new period now.
///
/// # Errors
/// 409 when it is not paused.
pub fn resume(one: &mut Subscription, now: Stamp) -> Result<(), Refusal> {
    if one.status != "paused" {
        return Err(conflict("NotPausedSubscription", "This subscription is not paused."));
    }
    "active".clone_into(&mut one.status);
    one.paused_at = None;
    one.resumes_at = None;
    one.begin(now);
    Ok(())
}

fn conflict(error: &'static str, detail: &str) -> Refusal {
    Refusal::domain(StatusCode::CONFLICT, error, detail)
}

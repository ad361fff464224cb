//! The ends of periods (C§4.2): renewed, turned from a trial into a paid one, paused or ended, and then billed.

use uuid::Uuid;

use super::billing::{self, Bill, Line};
use super::{announce, change, dunning, plan};
use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::api::subscription_patch::Shape;
use crate::sandbox::api::subscriptions::Subscription;
use crate::sandbox::clock::Stamp;
use crate::sandbox::state::State;

/// Periods begun in one go: a daily plan over some years.
const AT_MOST: usize = 1_000;

/// When something happens to a subscription next, if nobody interferes.
pub fn due(one: &Subscription) -> Option<Stamp> {
    match one.status.as_str() {
        "active" | "trialing" => Some(one.current_period_end),
        "past_due" => one.ends_at,
        "paused" => one.resumes_at,
        _ => None,
    }
}

/// Does all that is due.
pub fn reach(state: &mut State) {
    for _ in 0..AT_MOST {
        let now = state.clock.peek();
        let next = state.subscriptions.iter().find(|one| due(one).is_some_and(|at| at <= now));
        let Some((id, paused)) = next.map(|one| (one.id, one.status == "paused")) else { return };
        let done = if paused { change::apply(state, id, Shape::Resume) } else { cycle(state, id) };
        if done.is_err() {
            return;
        }
    }
}

fn cycle(state: &mut State, id: Uuid) -> Result<(), Refusal> {
    let before = state.subscription(id)?.clone();
    turn(state, id)?;
    announce::changed(state, &before);
    bill(state, id)
}

/// Ends the period. An end goes before a pause, a pause before a renewal; only the renewal is told as `cycled`.
///
/// # Errors
/// When the subscription is gone.
pub fn turn(state: &mut State, id: Uuid) -> Result<(), Refusal> {
    let now = state.clock.now();
    let mut one = state.subscription(id)?.clone();
    one.modified_at = Some(now);
    let renews = !one.cancel_at_period_end && !one.pause_at_period_end;
    if one.cancel_at_period_end {
        "canceled".clone_into(&mut one.status);
        one.ended_at = Some(now);
    } else if one.pause_at_period_end {
        "paused".clone_into(&mut one.status);
        one.paused_at = Some(now);
        one.pause_at_period_end = false;
    } else {
        renew(state, &mut one);
    }
    *state.subscription_mut(id)? = one;
    if renews {
        announce::tell(state, id, &["subscription.cycled"]);
    }
    Ok(())
}

/// The period moves before the payment; a change that cannot be made any more is dropped.
fn renew(state: &State, one: &mut Subscription) {
    if let Some(pending) = one.pending_update.take()
        && let Ok((product, price)) = plan::target(state, one, pending.product_id)
    {
        plan::take(one, product, price);
    }
    one.current_period_start = one.current_period_end;
    one.current_period_end =
        one.current_period_start.plus_interval(&one.recurring_interval, one.recurring_interval_count);
    "active".clone_into(&mut one.status);
}

/// Bills the period that has begun, with what is still pending, and takes the money. Of an ended subscription only what
/// is pending is billed (C§11), of a paused one nothing.
///
/// # Errors
/// When the subscription is gone.
pub fn bill(state: &mut State, id: Uuid) -> Result<(), Refusal> {
    let one = state.subscription(id)?.clone();
    if one.is_active() {
        let name = &state.product(one.product_id)?.name;
        let label = format!("{name} — {}", plan::span(one.current_period_start, one.current_period_end));
        let line = Line { label, amount: one.amount, price_id: Some(one.price_id), proration: false };
        state.prorations.push((id, line));
    } else if one.status == "paused" || !state.prorations.iter().any(|(owner, _)| *owner == id) {
        return Ok(());
    }
    let order = bill_prorations(state, id, "subscription_cycle")?;
    dunning::collect(state, order)
}

/// Makes one order of everything pending.
///
/// # Errors
/// When the subscription or its customer is gone.
pub fn bill_prorations(state: &mut State, id: Uuid, reason: &'static str) -> Result<Uuid, Refusal> {
    let one = state.subscription(id)?.clone();
    let (mine, others) = std::mem::take(&mut state.prorations).into_iter().partition(|(owner, _)| *owner == id);
    state.prorations = others;
    let mine: Vec<(Uuid, Line)> = mine;
    let bill = Bill {
        customer_id: one.customer_id,
        product_id: one.product_id,
        subscription_id: Some(id),
        checkout_id: None,
        reason,
        description: state.product(one.product_id)?.name.clone(),
        lines: mine.into_iter().map(|(_, line)| line).collect(),
        currency: one.currency,
        metadata: one.metadata,
    };
    billing::owed(state, bill)
}

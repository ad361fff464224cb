//! The ends of periods (C§4.2): renewed, turned from a trial into a paid one, paused or ended, and then billed.

use uuid::Uuid;

use super::billing::{self, Bill, Line};
use super::{announce, change, discounting, dunning, plan, usage};
use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::api::subscription_ledger::Held;
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
        usage_pending(state, &mut one);
    } else if one.pause_at_period_end {
        "paused".clone_into(&mut one.status);
        one.paused_at = Some(now);
        one.pause_at_period_end = false;
    } else {
        renew(state, &mut one, now);
    }
    *state.subscription_mut(id)? = one;
    if renews {
        announce::tell(state, id, &["subscription.cycled"]);
    }
    Ok(())
}

/// The period moves before the payment; a change that cannot be made any more is dropped. A trial has no usage to pay.
fn renew(state: &mut State, one: &mut Subscription, now: Stamp) {
    if one.status == "trialing" {
        one.ledger.billed = state.usage.len();
        one.ledger.anchor_day = one.current_period_end.day_of_month();
    }
    usage_pending(state, one);
    next(state, one, now);
}

/// What is scheduled takes effect, and the next period begins.
pub fn next(state: &State, one: &mut Subscription, now: Stamp) {
    if let Some(pending) = one.pending_update.take()
        && let Ok((product, prices)) = plan::target(state, one, pending.product_id)
    {
        plan::take(state, one, product, &prices, now);
        if let Some(discount) = one.ledger.next_discount.take() {
            discounting::give(state, one, discount);
        }
    }
    one.current_period_start = one.current_period_end;
    one.current_period_end = one.period_after(one.current_period_start);
    "active".clone_into(&mut one.status);
    discounted(state, one);
}

/// The usage of the period that is over goes on the next bill, and the meters start anew.
pub fn usage_pending(state: &mut State, one: &mut Subscription) {
    let lines = usage::lines(state, one);
    state.prorations.extend(lines.into_iter().map(|line| (one.id, line)));
    usage::settled(state, one);
}

/// The discount's time is counted from the first period that has it; after that it is gone.
pub fn discounted(state: &State, one: &mut Subscription) {
    let Some(discount) = one.discount(state) else { return };
    let first = *one.ledger.discounted_at.get_or_insert(one.current_period_start);
    if discount.is_over(first, one.current_period_start) {
        one.discount_id = None;
        one.reckon(state);
    }
}

/// Bills the period that has begun, with what is still pending, and takes the money. Of an ended subscription only what
/// is pending is billed (C§11), of a paused one nothing.
///
/// # Errors
/// When the subscription is gone.
pub fn bill(state: &mut State, id: Uuid) -> Result<(), Refusal> {
    let one = state.subscription(id)?.clone();
    if one.is_active() {
        period_pending(state, &one)?;
    } else if one.status == "paused" || !state.prorations.iter().any(|(owner, _)| *owner == id) {
        return Ok(());
    }
    let order = bill_prorations(state, id, "subscription_cycle")?;
    dunning::collect(state, order)
}

/// Puts the lines of the period before those of the usage, after what was pending already.
fn period_pending(state: &mut State, one: &Subscription) -> Result<(), Refusal> {
    let lines: Vec<(Uuid, Line)> = fixed_lines(state, one)?.into_iter().map(|line| (one.id, line)).collect();
    let usage = |(owner, line): &(Uuid, Line)| *owner == one.id && !line.proration;
    let place = state.prorations.iter().position(usage).unwrap_or(state.prorations.len());
    state.prorations.splice(place..place, lines);
    Ok(())
}

/// A line for each price that is paid up front.
///
/// # Errors
/// When the product is gone.
pub fn fixed_lines(state: &State, one: &Subscription) -> Result<Vec<Line>, Refusal> {
    let name = &state.product(one.product_id)?.name;
    let label = format!("{name} — {}", plan::span(one.current_period_start, one.current_period_end));
    let fixed = one.held().into_iter().filter(|held| !held.metered);
    let line =
        |held: Held| Line { label: label.clone(), amount: held.amount, price_id: Some(held.id), proration: false };
    Ok(fixed.map(line).collect())
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
    let bill = bill_of(state, &one, mine.into_iter().map(|(_, line)| line).collect(), reason)?;
    billing::owed(state, bill)
}

/// The bill that these lines would make.
///
/// # Errors
/// When the product is gone.
pub fn bill_of(state: &State, one: &Subscription, lines: Vec<Line>, reason: &'static str) -> Result<Bill, Refusal> {
    Ok(Bill {
        customer_id: one.customer_id,
        product_id: one.product_id,
        subscription_id: Some(one.id),
        checkout_id: None,
        reason,
        description: state.product(one.product_id)?.name.clone(),
        lines,
        currency: one.currency.clone(),
        discount_id: one.discount_id,
        tax_inclusive: one.ledger.tax_inclusive,
        metadata: one.metadata.clone(),
    })
}

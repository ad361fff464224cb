//! Collecting: a charge that fails makes the subscription `past_due` and is tried again by the clock (C§4.2 "Dunning").
//! A card that will never work is tried only once more, when the time for all attempts is over.

use uuid::Uuid;

use super::{announce, billing, cards, change};
use crate::sandbox::api::orders::Order;
use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::api::subscription_patch::{Reason, Shape};
use crate::sandbox::clock::Stamp;
use crate::sandbox::state::State;

/// Days from one failed attempt to the next; after the last the subscription ends.
const RETRIES: [i64; 4] = [2, 5, 7, 7];
const DAY_MS: i64 = 86_400_000;

/// Charges the card of an open order's customer. Only the first failure for want of a card tells of the order.
///
/// # Errors
/// When the order is gone.
pub fn collect(state: &mut State, id: Uuid) -> Result<(), Refusal> {
    let order = state.order(id)?;
    if order.status != "pending" {
        return Ok(());
    }
    match cards::of(state, order.customer_id).map(|saved| saved.card) {
        Some(card) if card.pays_later() => billing::settle(state, id),
        Some(_) => failed(state, id),
        None => {
            let first = order.next_payment_attempt_at.is_none();
            failed(state, id)?;
            if first { billing::tell(state, id, "order.updated") } else { Ok(()) }
        }
    }
}

/// Tries every order again whose time has come.
pub fn reach(state: &mut State) {
    let now = state.clock.peek();
    let due = |one: &&Order| one.status == "pending" && one.next_payment_attempt_at.is_some_and(|at| at <= now);
    for id in state.orders.iter().filter(due).map(|one| one.id).collect::<Vec<_>>() {
        // The order was just found.
        let _ = collect(state, id);
    }
}

/// A new card: what is owed is tried at once; a card that fails changes nothing.
pub fn new_card(state: &mut State, customer_id: Uuid) {
    if !cards::of(state, customer_id).is_some_and(|saved| saved.card.pays_later()) {
        return;
    }
    let open = |one: &&Order| {
        one.customer_id == customer_id && one.status == "pending" && one.next_payment_attempt_at.is_some()
    };
    for id in state.orders.iter().filter(open).map(|one| one.id).collect::<Vec<_>>() {
        // The order was just found.
        let _ = billing::settle(state, id);
    }
}

/// After a payment: active again, unless another order is still being collected.
///
/// # Errors
/// When the subscription is gone.
pub fn recovered(state: &mut State, id: Uuid) -> Result<(), Refusal> {
    let owing = state.orders.iter().any(|one| one.subscription_id == Some(id) && one.next_payment_attempt_at.is_some());
    let now = state.clock.now();
    let one = state.subscription_mut(id)?;
    if one.status != "past_due" || owing {
        return Ok(());
    }
    let before = one.clone();
    "active".clone_into(&mut one.status);
    one.past_due_at = None;
    one.modified_at = Some(now);
    announce::changed(state, &before);
    Ok(())
}

fn failed(state: &mut State, id: Uuid) -> Result<(), Refusal> {
    let now = state.clock.now();
    let order = state.order_mut(id)?;
    order.failures += 1;
    let (failures, first) = (order.failures, order.next_payment_attempt_at.is_none());
    let Some(subscription_id) = order.subscription_id else { return Ok(()) };
    let ended = state.subscription(subscription_id)?.ended_at.is_some();
    if first && !ended {
        past_due(state, subscription_id, now)?;
    }
    let next = if ended { None } else { next_attempt(state, subscription_id, now, failures) };
    // No event tells the new date (C§4.2): a GET shows it.
    let order = state.order_mut(id)?;
    order.next_payment_attempt_at = next;
    order.modified_at = Some(now);
    if next.is_none() && !ended {
        change::apply(state, subscription_id, Shape::Revoke(Reason::default()))?;
    }
    Ok(())
}

/// Soon at first and then ever later, until the deadline; at once the deadline for a card that will never pay.
fn next_attempt(state: &State, id: Uuid, now: Stamp, failures: usize) -> Option<Stamp> {
    let one = state.subscription(id).ok()?;
    let deadline = one.past_due_at.unwrap_or(now).plus_ms(RETRIES.iter().sum::<i64>() * DAY_MS);
    let hopeless = cards::of(state, one.customer_id).is_some_and(|saved| saved.card.never_pays());
    match failures {
        1 if hopeless => Some(deadline),
        _ if deadline <= now => None,
        _ => RETRIES.get(failures.checked_sub(1)?).map(|days| now.plus_ms(days * DAY_MS)),
    }
}

fn past_due(state: &mut State, id: Uuid, now: Stamp) -> Result<(), Refusal> {
    let one = state.subscription_mut(id)?;
    let before = one.clone();
    "past_due".clone_into(&mut one.status);
    one.past_due_at = one.past_due_at.or(Some(now));
    one.modified_at = Some(now);
    announce::changed(state, &before);
    Ok(())
}

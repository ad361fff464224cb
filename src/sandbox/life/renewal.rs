//! New periods: active subscriptions renew, trials turn into paid ones (C§4.2).

use uuid::Uuid;

use super::billing::{self, Bill};
use super::ending;
use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::api::subscriptions::Subscription;
use crate::sandbox::state::State;

/// Periods begun in one go: a daily plan over some years.
const AT_MOST: usize = 1_000;

/// Begins every period that is due. What is set to end does not renew.
pub fn reach(state: &mut State) {
    for _ in 0..AT_MOST {
        let now = state.clock.peek();
        let due = |one: &&Subscription| one.is_active() && one.ends_at.is_none() && one.current_period_end <= now;
        let Some(id) = state.subscriptions.iter().find(due).map(|one| one.id) else { return };
        if cycle(state, id).is_err() {
            return;
        }
    }
}

/// The period moves before the payment; no second `subscription.active` follows a trial.
fn cycle(state: &mut State, id: Uuid) -> Result<(), Refusal> {
    let now = state.clock.now();
    let one = state.subscription_mut(id)?;
    one.current_period_start = one.current_period_end;
    one.current_period_end =
        one.current_period_start.plus_interval(&one.recurring_interval, one.recurring_interval_count);
    "active".clone_into(&mut one.status);
    one.modified_at = Some(now);
    let one = one.clone();
    ending::announce(state, id, &["subscription.cycled", "subscription.updated"]);
    let name = state.product(one.product_id)?.name.clone();
    let bill = Bill {
        customer_id: one.customer_id,
        product_id: one.product_id,
        price_id: Some(one.price_id),
        subscription_id: Some(id),
        checkout_id: None,
        reason: "subscription_cycle",
        description: name.clone(),
        label: name,
        amount: one.amount,
        currency: one.currency,
        metadata: one.metadata,
    };
    let order = billing::collect(state, bill)?;
    billing::invoice_later(state, order);
    Ok(())
}

//! The events of a subscription: `updated` first, then whatever it became, in Polar's order (C§4.2).

use uuid::Uuid;

use crate::sandbox::api::subscriptions::{Subscription, view};
use crate::sandbox::life::jobs::What;
use crate::sandbox::state::State;

/// Sends these events about one subscription, all alike, and the changed state after them.
pub fn tell(state: &mut State, id: Uuid, kinds: &[&str]) {
    let Ok(one) = state.subscription(id) else { return };
    let (shown, customer_id) = (view(state, one), one.customer_id);
    for kind in kinds {
        state.emit(kind, shown.clone());
    }
    state.later(What::StateChanged(customer_id));
}

/// Sends what follows from a change since `before`; the open bills of an ended subscription are voided soon after.
pub fn changed(state: &mut State, before: &Subscription) {
    let Ok(after) = state.subscription(before.id) else { return };
    let kinds = kinds(before, after);
    tell(state, before.id, &kinds);
    if kinds.contains(&"subscription.revoked") {
        state.later(What::Void(before.id));
    }
}

fn kinds(before: &Subscription, after: &Subscription) -> Vec<&'static str> {
    let became = |status: &str| after.status == status && before.status != status;
    let (was_canceled, is_canceled) = (before.canceled_at.is_some(), after.canceled_at.is_some());
    let woke = after.is_active() && !before.is_active();
    let resumed = woke && before.status == "paused";
    let revoked = became("canceled");
    let all = [
        (true, "subscription.updated"),
        (woke && !resumed, "subscription.active"),
        (became("paused"), "subscription.paused"),
        (resumed, "subscription.resumed"),
        (was_canceled && !is_canceled, "subscription.uncanceled"),
        (became("past_due"), "subscription.past_due"),
        ((is_canceled && !was_canceled) || (revoked && was_canceled), "subscription.canceled"),
        (revoked, "subscription.revoked"),
    ];
    all.into_iter().filter_map(|(holds, kind)| holds.then_some(kind)).collect()
}

//! A subscription begins: with its first period, or with a trial in place of it.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::announce;
use crate::sandbox::api::products::Product;
use crate::sandbox::api::subscription_ledger::{Held, Ledger};
use crate::sandbox::api::subscriptions::Subscription;
use crate::sandbox::clock::Stamp;
use crate::sandbox::secrets;
use crate::sandbox::state::State;

/// What a new subscription is to be.
pub struct Start {
    pub customer_id: Uuid,
    pub product: Product,
    pub prices: Vec<Held>,
    pub currency: String,
    pub discount_id: Option<Uuid>,
    pub tax_inclusive: bool,
    pub checkout_id: Option<Uuid>,
    pub trial_end: Option<Stamp>,
    pub metadata: Map<String, Value>,
}

/// Adds the subscription and tells of it; its id.
pub fn begin(state: &mut State, start: Start) -> Uuid {
    let started = state.clock.now();
    let interval = start.product.recurring_interval.unwrap_or_default();
    let count = start.product.recurring_interval_count.unwrap_or(1);
    let mut subscription = Subscription {
        metadata: start.metadata,
        created_at: state.clock.now(),
        modified_at: None,
        id: secrets::id(),
        amount: 0,
        currency: start.currency,
        discount_id: start.discount_id,
        ledger: Ledger {
            anchor_day: started.day_of_month(),
            discounted_at: start.discount_id.filter(|_| start.trial_end.is_none()).map(|_| started),
            billed: state.usage.len(),
            tax_inclusive: start.tax_inclusive,
            ..Ledger::default()
        },
        status: if start.trial_end.is_some() { "trialing" } else { "active" }.to_owned(),
        current_period_start: started,
        current_period_end: start.trial_end.unwrap_or_else(|| started.plus_interval(&interval, count)),
        recurring_interval: interval,
        recurring_interval_count: count,
        trial_start: start.trial_end.map(|_| started),
        trial_end: start.trial_end,
        cancel_at_period_end: false,
        canceled_at: None,
        started_at: started,
        ends_at: None,
        ended_at: None,
        past_due_at: None,
        pause_at_period_end: false,
        paused_at: None,
        resumes_at: None,
        customer_id: start.customer_id,
        product_id: start.product.id,
        checkout_id: start.checkout_id,
        customer_cancellation_reason: None,
        customer_cancellation_comment: None,
        price_id: Uuid::nil(),
        pending_update: None,
    };
    let id = subscription.id;
    subscription.price(state, start.prices, started);
    state.subscriptions.push(subscription);
    announce::tell(state, id, &["subscription.created", "subscription.active", "subscription.updated"]);
    id
}

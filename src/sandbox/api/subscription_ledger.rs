//! What the money of a subscription rests on: its prices, the day its periods begin on, what of the usage is billed,
//! and its meters as they were last worked out (http/211).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::discounts::Discount;
use super::prices::Price;
use super::products::{join, remove};
use super::subscription_patch::Discount as Wished;
use super::subscriptions::Subscription;
use crate::sandbox::clock::Stamp;
use crate::sandbox::life::discounting;
use crate::sandbox::secrets;
use crate::sandbox::state::State;

/// One price of a subscription and what it costs a period before any discount; metered ones cost nothing up front.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Held {
    pub id: Uuid,
    pub amount: i64,
    pub metered: bool,
}

impl Held {
    /// Holds a price; `named` is what the buyer chose where that is free.
    pub fn of(price: &Price, named: Option<i64>) -> Self {
        let amount = price.static_amount(named);
        Self { id: price.id, amount: amount.unwrap_or(0), metered: amount.is_none() }
    }
}

/// The usage of one meter that no bill holds yet.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Metered {
    pub created_at: Stamp,
    pub modified_at: Option<Stamp>,
    pub id: Uuid,
    pub consumed_units: f64,
    pub credited_units: i64,
    pub amount: i64,
    pub meter_id: Uuid,
}

/// Kept beside the columns that Polar shows.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    pub prices: Vec<Held>,
    /// The day of the month that periods begin on, where the month has it.
    pub anchor_day: u8,
    /// The start of the first period that had the discount.
    pub discounted_at: Option<Stamp>,
    /// What a scheduled change makes of the discount.
    pub next_discount: Option<Wished>,
    /// So many of all events of usage are billed, or came before it.
    pub billed: usize,
    /// So many of all events were there when `meters` were worked out.
    pub seen: usize,
    pub meters: Vec<Metered>,
    /// Its prices include tax: pinned by the first purchase.
    pub tax_inclusive: bool,
}

impl Subscription {
    /// What it costs a period before discounts, price by price.
    pub fn held(&self) -> Vec<Held> {
        if self.ledger.prices.is_empty() {
            return vec![Held { id: self.price_id, amount: self.amount, metered: false }];
        }
        self.ledger.prices.clone()
    }

    /// Takes these prices, and with them their meters.
    pub fn price(&mut self, state: &State, prices: Vec<Held>, now: Stamp) {
        let first = prices.iter().find(|one| !one.metered).or(prices.first());
        self.price_id = first.map_or(self.price_id, |one| one.id);
        let mut kept = std::mem::take(&mut self.ledger.meters);
        for one in &prices {
            let terms = state.product(self.product_id).ok().and_then(|product| product.price(one.id)?.metered());
            let Some(meter_id) = terms.map(|terms| terms.meter_id) else { continue };
            if self.ledger.meters.iter().any(|row| row.meter_id == meter_id) {
                continue;
            }
            let place = kept.iter().position(|row| row.meter_id == meter_id);
            let row = place.map_or_else(|| Metered::new(meter_id, now), |place| kept.swap_remove(place));
            self.ledger.meters.push(row);
        }
        self.ledger.prices = prices;
        self.reckon(state);
    }

    /// Its amount is always what a period costs with its discount (C§11 "Money").
    pub fn reckon(&mut self, state: &State) {
        let gross: i64 = self.held().iter().map(|one| one.amount).sum();
        let off = self.discount(state).map_or(0, |discount| discount.off(gross, &self.currency));
        self.amount = gross - off;
    }

    /// Its discount, if it has one.
    pub fn discount<'a>(&self, state: &'a State) -> Option<&'a Discount> {
        discounting::known(state, self.discount_id)
    }

    /// The end of a period that begins at `start`.
    pub fn period_after(&self, start: Stamp) -> Stamp {
        start.plus_period(&self.recurring_interval, self.recurring_interval_count, self.ledger.anchor_day)
    }

    /// Begins a period at `start` that sets the day for those after it.
    pub fn begin(&mut self, start: Stamp) {
        self.ledger.anchor_day = start.day_of_month();
        self.current_period_start = start;
        self.current_period_end = self.period_after(start);
    }

    /// Its meters: with the whole meters on its own routes, without in a customer's state.
    pub fn meters(&self, state: &State, whole: bool) -> Vec<Value> {
        let row = |one: &Metered| {
            let mut shown = json!(one);
            if whole {
                join(&mut shown, json!({"meter": state.meter(one.meter_id).ok()}));
            }
            shown
        };
        self.ledger.meters.iter().map(row).collect()
    }
}

impl Metered {
    fn new(meter_id: Uuid, now: Stamp) -> Self {
        Self {
            created_at: now,
            modified_at: None,
            id: secrets::id(),
            consumed_units: 0.0,
            credited_units: 0,
            amount: 0,
            meter_id,
        }
    }
}

/// The discount inside an order or a subscription: without its products.
pub fn discount(state: &State, id: Option<Uuid>) -> Option<Value> {
    let mut shown = json!(discounting::known(state, id)?);
    remove(&mut shown, &["products", "is_deleted"]);
    Some(shown)
}

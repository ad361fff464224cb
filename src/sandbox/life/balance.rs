//! The credit of customers: what a cheaper plan gave back, used up by the next bills (C§11 "Money").

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::sandbox::state::State;

/// What one customer has in one currency, in minor units.
#[derive(Serialize, Deserialize)]
pub struct Balance {
    customer_id: Uuid,
    currency: String,
    amount: i64,
}

/// The part of a bill that the balance takes: negative when credit is used up, positive when a credit clears a debt.
pub fn applied(state: &State, customer_id: Uuid, currency: &str, total: i64) -> i64 {
    let held = state.balances.iter().find(|one| one.customer_id == customer_id && one.currency == currency);
    let held = held.map_or(0, |one| one.amount);
    match total.cmp(&0) {
        Ordering::Less if held < 0 => (-total).min(-held),
        Ordering::Less => 0,
        _ => -total.min(held),
    }
}

/// Adds to the balance, or takes from it.
pub fn add(state: &mut State, customer_id: Uuid, currency: &str, amount: i64) {
    let own = |one: &&mut Balance| one.customer_id == customer_id && one.currency == currency;
    match state.balances.iter_mut().find(own) {
        Some(one) => one.amount += amount,
        None => state.balances.push(Balance { customer_id, currency: currency.to_owned(), amount }),
    }
}

//! Which prices go together in one product: one of each kind in each currency, and the same kinds in all of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::prices::Price;
use super::refusal::{Detail, Refusal};

/// Kinds that a currency has once, and how they are called.
const ONCE: [(&str, &str); 3] = [("fixed", "fixed"), ("seat_based", "seat-based"), ("custom", "custom")];

/// Refuses prices that do not go together; `sent` is what the request named.
///
/// # Errors
/// 422 with everything that is wrong.
pub fn check(prices: &[&Price], sent: &[Value]) -> Result<(), Refusal> {
    let mut currencies: BTreeMap<&str, Vec<&Price>> = BTreeMap::new();
    for price in prices {
        currencies.entry(&price.price_currency).or_default().push(price);
    }
    let mut wrong: Vec<String> = currencies.values().flat_map(|group| within(group)).collect();
    let kinds: BTreeSet<Vec<&str>> = currencies.values().map(|group| sorted_kinds(group)).collect();
    if kinds.len() > 1 {
        wrong.push("All price currencies must define the same set of price types.".to_owned());
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Refusal::Business(
        wrong.into_iter().map(|msg| Detail::body("value_error", "prices", msg, json!(sent))).collect(),
    ))
}

/// What is wrong with the prices of one currency.
fn within(group: &[&Price]) -> Vec<String> {
    let count = |kind: &str| group.iter().filter(|price| price.amount_type == kind).count();
    let twice = ONCE.iter().filter(|(kind, _)| count(kind) > 1);
    let mut wrong: Vec<String> = twice.map(|(_, name)| format!("Only one {name} price is allowed.")).collect();
    if count("custom") > 0 && count("fixed") + count("seat_based") > 0 {
        wrong.push("A custom price cannot be combined with a fixed, seat-based or unit-based price.".to_owned());
    }
    let meters: Vec<_> = group.iter().filter_map(|price| price.metered()).map(|terms| terms.meter_id).collect();
    if meters.iter().collect::<BTreeSet<_>>().len() < meters.len() {
        wrong.push("Meter is already used for another price.".to_owned());
    }
    wrong
}

fn sorted_kinds<'a>(group: &[&'a Price]) -> Vec<&'a str> {
    let mut kinds: Vec<&str> = group.iter().map(|price| price.amount_type.as_str()).collect();
    kinds.sort_unstable();
    kinds
}

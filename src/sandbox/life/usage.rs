//! What metered prices charge: the usage since the last bill, less the credits of that time, up to the cap
//! (webhooks 0357 to 0362).

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value;
use uuid::Uuid;

use super::billing::Line;
use super::currency::{number, price, rounded};
use super::{announce, metering};
use crate::sandbox::api::meter_rules;
use crate::sandbox::api::meters::Meter;
use crate::sandbox::api::prices::Terms;
use crate::sandbox::api::subscription_ledger::Metered;
use crate::sandbox::api::subscriptions::Subscription;
use crate::sandbox::api::usage::Usage;
use crate::sandbox::clock::Stamp;
use crate::sandbox::state::State;

const QUARTER_US: i64 = 900_000_000;

/// The usage of one metered price that no bill holds yet.
struct Used {
    price_id: Uuid,
    meter_id: Uuid,
    units: Decimal,
    credited: i64,
    amount: i64,
    label: String,
}

/// A line for each metered price that was used or credited since the last bill, as far as that was worked out.
pub fn lines(state: &State, one: &Subscription) -> Vec<Line> {
    let line =
        |used: Used| Line { label: used.label, amount: used.amount, price_id: Some(used.price_id), proration: false };
    unbilled(state, one).into_iter().map(line).collect()
}

/// When usage is worked out next: every quarter of an hour, if there is any (webhooks 0340 to 0357: what was used
/// between that and a renewal is on the bill after it).
pub fn due(state: &State) -> Option<Stamp> {
    let waits = state.subscriptions.iter().any(|one| waits(state, one));
    waits.then_some(Stamp((state.quarter + 1) * QUARTER_US))
}

/// Works out the meters of all subscriptions anew that have more usage. The event does not move `modified_at`: the
/// meters are rows of their own (C§0).
pub fn reach(state: &mut State) {
    let now = state.clock.peek();
    let quarter = now.0.div_euclid(QUARTER_US);
    if state.quarter == quarter {
        return;
    }
    state.quarter = quarter;
    let used: Vec<Subscription> = state.subscriptions.iter().filter(|one| waits(state, one)).cloned().collect();
    for mut one in used {
        let (id, seen) = (one.id, state.usage.len());
        one.ledger.seen = seen;
        let after = worked_out(state, one, now);
        if let Ok(place) = state.subscription_mut(id) {
            (place.ledger.meters, place.ledger.seen) = (after, seen);
            announce::tell(state, id, &["subscription.updated"]);
        }
    }
}

/// Usage up to here is settled; what a meter's credits leave goes along as their benefits say.
pub fn settled(state: &mut State, one: &mut Subscription) {
    one.ledger.billed = one.ledger.seen.max(one.ledger.billed);
    for meter_id in one.ledger.meters.iter().map(|row| row.meter_id).collect::<Vec<_>>() {
        metering::restart(state, one.customer_id, meter_id);
    }
}

fn worked_out(state: &State, one: Subscription, now: Stamp) -> Vec<Metered> {
    let used = unbilled(state, &one);
    let mut rows = one.ledger.meters;
    for row in &mut rows {
        let own = || used.iter().filter(|used| used.meter_id == row.meter_id);
        row.consumed_units = own().map(|used| used.units).sum::<Decimal>().to_f64().unwrap_or_default();
        row.credited_units = own().map(|used| used.credited).sum();
        row.amount = own().map(|used| used.amount).sum();
        row.modified_at = Some(now);
    }
    rows
}

fn unbilled(state: &State, one: &Subscription) -> Vec<Used> {
    let Ok(product) = state.product(one.product_id) else { return Vec::new() };
    let prices = one.held();
    let metered = prices.iter().filter_map(|held| Some((held.id, product.price(held.id)?.metered()?)));
    metered.filter_map(|(price_id, terms)| used(state, one, price_id, &terms)).collect()
}

fn used(state: &State, one: &Subscription, price_id: Uuid, terms: &Terms) -> Option<Used> {
    let meter = state.meter(terms.meter_id).ok()?;
    let window = || state.usage.iter().take(one.ledger.seen).skip(one.ledger.billed);
    let own = |event: &&Usage| event.customer(state).is_some_and(|who| who.id == one.customer_id);
    let counted: Vec<&Usage> = window().filter(|event| meter_rules::counts(meter, event)).filter(own).collect();
    let credits: Vec<i64> = window()
        .filter(|event| event.customer_id == Some(one.customer_id))
        .filter_map(|event| credit(event, meter))
        .collect();
    if counted.is_empty() && credits.is_empty() {
        return None;
    }
    let units = meter_rules::aggregate(meter, counted.into_iter());
    let credited = credits.into_iter().fold(0, |sum: i64, units| (sum + units).max(0));
    let (amount, words) = charge(terms, (units - Decimal::from(credited)).max(Decimal::ZERO), &one.currency);
    Some(Used { price_id, meter_id: meter.id, units, credited, amount, label: format!("{} — {words}", meter.name) })
}

/// Usage came in that is not worked out yet.
fn waits(state: &State, one: &Subscription) -> bool {
    if one.ledger.meters.is_empty() || !one.is_live() || one.status == "trialing" {
        return false;
    }
    let mut later = one.clone();
    (later.ledger.billed, later.ledger.seen) = (one.ledger.seen.max(one.ledger.billed), state.usage.len());
    !unbilled(state, &later).is_empty()
}

/// The units that an event of Polar's own credits to the meter, negative when they are taken back.
fn credit(event: &Usage, meter: &Meter) -> Option<i64> {
    let of_meter = event.metadata.get("meter_id")?.as_str()? == meter.id.to_string();
    let credited = event.source == "system" && event.name == "meter.credited" && of_meter;
    event.metadata.get("units").and_then(Value::as_i64).filter(|_| credited)
}

fn charge(terms: &Terms, units: Decimal, currency: &str) -> (i64, String) {
    let words = format!("({} consumed units) × {}", number(units), price(terms.unit_amount, currency));
    let amount = terms.unit_amount.checked_mul(units).map_or(i64::MAX, rounded);
    match terms.cap_amount {
        Some(cap) if amount > cap => (cap, format!("{words} — Capped at {}", price(Decimal::from(cap), currency))),
        _ => (amount, words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charged(unit: &str, units: &str, cap: Option<i64>) -> (i64, String) {
        let terms = Terms { meter_id: Uuid::nil(), unit_amount: unit.parse().expect("a price"), cap_amount: cap };
        charge(&terms, units.parse().expect("units"), "usd")
    }

    #[test]
    fn usage_is_multiplied_exactly_rounded_once_and_capped() {
        assert_eq!(charged("0.1", "15000", Some(5_000)), (1_500, "(15,000 consumed units) × $0.001".to_owned()));
        assert_eq!(charged("0.000000000001", "500000000000", None).0, 1, "halves go up");
        assert_eq!(charged("0.1", "3.3", None).0, 0);
        let (amount, words) = charged("0.1", "60000", Some(5_000));
        assert_eq!((amount, words.as_str()), (5_000, "(60,000 consumed units) × $0.001 — Capped at $50.00"));
    }
}

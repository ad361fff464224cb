//! Balances of meters: credits follow the grants at once, consumption is recomputed a little after the last event.

use rust_decimal::prelude::ToPrimitive;
use serde_json::{Value, json};
use uuid::Uuid;

use super::jobs::What;
use crate::sandbox::api::customer_meters::CustomerMeter;
use crate::sandbox::api::grants::Grant;
use crate::sandbox::api::meter_rules;
use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::secrets;
use crate::sandbox::state::State;

/// Recomputes all meters of a customer; each is there from the first event or credit on.
///
/// # Errors
/// When the customer is gone.
pub fn recompute(state: &mut State, customer_id: Uuid) -> Result<(), Refusal> {
    state.customer(customer_id)?;
    let ids: Vec<Uuid> =
        state.meters.iter().filter(|meter| meter.archived_at.is_none()).map(|meter| meter.id).collect();
    for meter_id in ids {
        let place = row(state, customer_id, meter_id);
        let consumed = consumed(state, &state.customer_meters[place])?;
        let one = &mut state.customer_meters[place];
        if (one.consumed_units - consumed).abs() > f64::EPSILON {
            one.consumed_units = consumed;
            one.modified_at = Some(state.clock.now());
            state.later(What::StateChanged(customer_id));
        }
    }
    Ok(())
}

/// A meter starts anew because its usage was billed.
pub fn restart(state: &mut State, customer_id: Uuid, meter_id: Uuid) {
    let place = row(state, customer_id, meter_id);
    reset(state, place);
    let one = &mut state.customer_meters[place];
    (one.credited_units, one.restarted) = (one.carried, true);
    state.later(What::Meters(customer_id));
}

/// After a grant of credits was given, renewed or taken back.
pub fn follow(state: &mut State, grant: &Grant, renewed: bool) {
    let Some((meter_id, units, rollover)) = terms(state, grant) else { return };
    let place = row(state, grant.customer_id, meter_id);
    if renewed && !state.customer_meters[place].restarted {
        reset(state, place);
    }
    let units = if grant.is_granted { units } else { -units };
    let before = &state.customer_meters[place];
    let credited = if renewed || before.restarted {
        granted(state, grant.customer_id, meter_id, false) + before.carried
    } else {
        before.credited_units + units
    };
    let now = state.clock.now();
    let one = &mut state.customer_meters[place];
    (one.credited_units, one.modified_at, one.restarted) = (credited, Some(now), false);
    let metadata = json!({"meter_id": meter_id, "units": units, "rollover": rollover});
    state.note_event(grant.customer_id, ("meter.credited", "Meter Credited"), metadata);
    state.later(What::Meters(grant.customer_id));
}

/// A new period: consumption starts at nothing, and what is left goes along as far as it came from benefits that say so.
#[expect(clippy::cast_possible_truncation, reason = "balances are far below 2^52")]
fn reset(state: &mut State, place: usize) {
    let since = state.usage.len();
    let (customer_id, meter_id) = (state.customer_meters[place].customer_id, state.customer_meters[place].meter_id);
    let consumed = consumed(state, &state.customer_meters[place]).unwrap_or_default();
    let rolling = granted(state, customer_id, meter_id, true);
    let one = &mut state.customer_meters[place];
    one.consumed_units = consumed;
    one.carried = (one.balance().floor() as i64).min(rolling + one.carried).max(0);
    (one.consumed_units, one.since) = (0.0, since);
    let carried = one.carried;
    state.note_event(customer_id, ("meter.reset", "Meter Reset"), json!({"meter_id": meter_id}));
    if carried > 0 {
        let metadata = json!({"meter_id": meter_id, "units": carried, "rollover": true});
        state.note_event(customer_id, ("meter.credited", "Meter Credited"), metadata);
    }
}

/// True for a benefit that gives credits.
pub fn is_credit(state: &State, benefit_id: Uuid) -> bool {
    state.benefits.iter().any(|one| one.id == benefit_id && one.kind == "meter_credit")
}

/// Meter, units and rollover of a grant of credits; of the units those that were credited last.
fn terms(state: &State, grant: &Grant) -> Option<(Uuid, i64, bool)> {
    let benefit = state.benefits.iter().find(|one| one.id == grant.benefit_id && one.kind == "meter_credit")?;
    let read = |key: &str| benefit.properties.get(key);
    let meter_id = read("meter_id")?.as_str()?.parse().ok()?;
    let units = grant.properties.get("last_credited_units").or_else(|| read("units"))?.as_i64()?.abs();
    Some((meter_id, units, read("rollover").and_then(Value::as_bool).unwrap_or(false)))
}

/// The credits of all grants that are held, or only of those that roll over.
fn granted(state: &State, customer_id: Uuid, meter_id: Uuid, rolling: bool) -> i64 {
    let held = state.grants.iter().filter(|one| one.customer_id == customer_id && one.is_granted);
    let terms = held.filter_map(|one| terms(state, one));
    terms.filter(|(id, _, rolls)| *id == meter_id && (*rolls || !rolling)).map(|(_, units, _)| units).sum()
}

fn consumed(state: &State, row: &CustomerMeter) -> Result<f64, Refusal> {
    let meter = state.meter(row.meter_id)?;
    let since = state.usage.iter().skip(row.since);
    let own = since.filter(|one| one.customer(state).is_some_and(|who| who.id == row.customer_id));
    Ok(meter_rules::aggregate(meter, own.filter(|one| meter_rules::counts(meter, one))).to_f64().unwrap_or_default())
}

fn row(state: &mut State, customer_id: Uuid, meter_id: Uuid) -> usize {
    let same = |one: &CustomerMeter| one.customer_id == customer_id && one.meter_id == meter_id;
    if let Some(place) = state.customer_meters.iter().position(same) {
        return place;
    }
    state.customer_meters.push(CustomerMeter {
        id: secrets::id(),
        created_at: state.clock.now(),
        modified_at: None,
        customer_id,
        meter_id,
        consumed_units: 0.0,
        credited_units: 0,
        carried: 0,
        since: 0,
        restarted: false,
    });
    state.customer_meters.len() - 1
}

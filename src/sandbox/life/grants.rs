//! Grants follow purchases (C§4.2): what a subscription or a one-time order gives is held as long as it entitles,
//! cycles with each paid renewal, and is taken back at its end or while a payment is owed.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::jobs::What;
use super::metering;
use crate::sandbox::api::benefits::Benefit;
use crate::sandbox::api::grants::{Grant, told};
use crate::sandbox::api::orders::Order;
use crate::sandbox::api::refunds::Refund;
use crate::sandbox::secrets;
use crate::sandbox::state::State;

/// What a grant comes from.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Source {
    Subscription(Uuid),
    Order(Uuid),
}

/// What a source entitles to at the moment.
struct Claim {
    source: Source,
    customer_id: Uuid,
    benefits: Vec<Uuid>,
    /// Paid renewals so far.
    cycles: usize,
}

/// One thing to do.
enum Step {
    Grant(Uuid, Option<usize>),
    Cycle(usize),
    Revoke(usize),
}

/// Brings all grants in line with the purchases.
pub fn reach(state: &mut State) {
    if state.benefits.is_empty() {
        return;
    }
    let mut held: HashMap<Source, Vec<usize>> = HashMap::new();
    for (place, grant) in state.grants.iter().enumerate() {
        held.entry(source(grant)).or_default().push(place);
    }
    for claim in claims(state) {
        let places = held.get(&claim.source).map_or(&[][..], Vec::as_slice);
        let steps = steps(state, &claim, places);
        if !steps.is_empty() {
            let done: Vec<_> = steps.into_iter().map(|step| take(state, &claim, step)).collect();
            done.into_iter().for_each(|(place, kind)| tell(state, place, kind));
            state.later(What::StateChanged(claim.customer_id));
        }
    }
}

fn source(grant: &Grant) -> Source {
    match (grant.subscription_id, grant.order_id) {
        (Some(id), _) => Source::Subscription(id),
        (None, id) => Source::Order(id.unwrap_or_default()),
    }
}

fn claims(state: &State) -> Vec<Claim> {
    let mut cycles: HashMap<Uuid, usize> = HashMap::new();
    for order in state.orders.iter().filter(|order| order.billing_reason == "subscription_cycle" && is_paid(order)) {
        *cycles.entry(order.subscription_id.unwrap_or_default()).or_default() += 1;
    }
    let subscriptions = state.subscriptions.iter().map(|one| Claim {
        source: Source::Subscription(one.id),
        customer_id: one.customer_id,
        benefits: if one.is_active() && is_there(state, one.customer_id) {
            benefits(state, one.product_id)
        } else {
            Vec::new()
        },
        cycles: cycles.get(&one.id).copied().unwrap_or(0),
    });
    let single = state.orders.iter().filter(|order| order.subscription_id.is_none());
    let orders = single.map(|one| Claim {
        source: Source::Order(one.id),
        customer_id: one.customer_id,
        benefits: if is_paid(one) && is_there(state, one.customer_id) && !is_taken_back(state, one) {
            benefits(state, one.product_id)
        } else {
            Vec::new()
        },
        cycles: 0,
    });
    subscriptions.chain(orders).collect()
}

fn is_paid(order: &Order) -> bool {
    ["paid", "partially_refunded", "refunded"].contains(&order.status.as_str())
}

fn is_there(state: &State, customer_id: Uuid) -> bool {
    state.living(customer_id).is_ok()
}

/// A refund can take the benefits of a one-time order with it (C§2.10).
fn is_taken_back(state: &State, order: &Order) -> bool {
    let taken = |refund: &Refund| refund.order_id == order.id && refund.revoke_benefits && refund.status == "succeeded";
    state.refunds.iter().any(taken)
}

/// In the order in which they are given: the last one first, as seen most often (webhooks 0067–0069).
fn benefits(state: &State, product_id: Uuid) -> Vec<Uuid> {
    let product = state.product(product_id);
    product.map(|product| product.benefits.iter().rev().map(|one| one.id).collect()).unwrap_or_default()
}

/// First what goes, then what comes; a benefit that stays through a change of plan is not touched (C§11).
fn steps(state: &State, claim: &Claim, places: &[usize]) -> Vec<Step> {
    let lost = places.iter().copied().filter(|place| {
        let grant = &state.grants[*place];
        grant.is_granted && !claim.benefits.contains(&grant.benefit_id)
    });
    let mut lost: Vec<usize> = lost.collect();
    // Credits are more work and so the last to go (http/206, webhooks 0136–0138).
    lost.sort_by_key(|place| metering::is_credit(state, state.grants[*place].benefit_id));
    let mut steps: Vec<Step> = lost.into_iter().map(Step::Revoke).collect();
    for id in &claim.benefits {
        let place = places.iter().copied().find(|place| state.grants[*place].benefit_id == *id);
        match place.map(|place| &state.grants[place]) {
            Some(grant) if grant.is_granted && grant.cycles >= claim.cycles => {}
            Some(grant) if grant.is_granted => {
                let missed = claim.cycles - grant.cycles;
                steps.extend(place.into_iter().flat_map(|place| (0..missed).map(move |_| Step::Cycle(place))));
            }
            _ => steps.push(Step::Grant(*id, place)),
        }
    }
    steps
}

/// What is credited is booked before any of the grants is told (http/206).
fn take(state: &mut State, claim: &Claim, step: Step) -> (usize, &'static str) {
    let (place, kind) = match step {
        Step::Grant(benefit_id, place) => {
            let place = place.unwrap_or_else(|| add(state, claim, benefit_id));
            grant(state, place);
            (place, "benefit_grant.created")
        }
        Step::Cycle(place) => {
            let now = state.clock.now();
            let properties = properties(state, place, 1);
            change(&mut state.grants[place], properties);
            state.grants[place].modified_at = Some(now);
            (place, "benefit_grant.cycled")
        }
        Step::Revoke(place) => {
            revoke(state, place);
            (place, "benefit_grant.revoked")
        }
    };
    state.grants[place].cycles = claim.cycles;
    let grant = state.grants[place].clone();
    if grant.is_granted || !is_shared(state, place) {
        metering::follow(state, &grant, kind == "benefit_grant.cycled");
    }
    (place, kind)
}

fn tell(state: &mut State, place: usize, kind: &str) {
    let grant = state.grants[place].clone();
    note(state, &grant, kind);
    let shown = told(state, &grant);
    state.emit(kind, shown);
}

/// The entry in the feed of events (http/206).
fn note(state: &mut State, grant: &Grant, kind: &str) {
    let name = match kind {
        "benefit_grant.created" => ("benefit.granted", "Benefit Granted"),
        "benefit_grant.cycled" => ("benefit.cycled", "Benefit Cycled"),
        _ => ("benefit.revoked", "Benefit Revoked"),
    };
    let benefit = state.benefits.iter().find(|one| one.id == grant.benefit_id);
    let metadata = json!({
        "benefit_id": grant.benefit_id, "benefit_grant_id": grant.id, "member_id": grant.member_id,
        "benefit_type": benefit.map(|one| one.kind.clone()),
    });
    state.note_event(grant.customer_id, name, metadata);
}

fn add(state: &mut State, claim: &Claim, benefit_id: Uuid) -> usize {
    let (subscription_id, order_id) = match claim.source {
        Source::Subscription(id) => (Some(id), None),
        Source::Order(id) => (None, Some(id)),
    };
    let member = state.members.iter().find(|member| member.customer_id == claim.customer_id);
    state.grants.push(Grant {
        member_id: member.map(|member| member.id),
        created_at: state.clock.now(),
        modified_at: None,
        id: secrets::id(),
        granted_at: None,
        is_granted: false,
        revoked_at: None,
        is_revoked: false,
        subscription_id,
        order_id,
        customer_id: claim.customer_id,
        benefit_id,
        properties: Map::new(),
        previous: Map::new(),
        cycles: claim.cycles,
    });
    state.grants.len() - 1
}

/// A grant whose properties are filled in is written twice, and shows it (webhooks 0031, 0032).
fn grant(state: &mut State, place: usize) {
    let now = state.clock.now();
    let again = state.grants[place].is_revoked;
    let properties = properties(state, place, 1);
    let one = &mut state.grants[place];
    (one.granted_at, one.is_granted, one.revoked_at, one.is_revoked) = (Some(now), true, None, false);
    one.modified_at = (again || !properties.is_empty()).then_some(now);
    change(one, properties);
}

/// Credits stay while another grant of the same benefit is held (webhooks 0113, 0153 against 0186).
fn revoke(state: &mut State, place: usize) {
    let now = state.clock.now();
    let shared = is_shared(state, place);
    let properties = if shared { state.grants[place].properties.clone() } else { properties(state, place, -1) };
    let one = &mut state.grants[place];
    (one.granted_at, one.is_granted, one.revoked_at, one.is_revoked) = (None, false, Some(now), true);
    one.modified_at = Some(now);
    change(one, properties);
}

/// The customer holds the benefit by another grant too.
fn is_shared(state: &State, place: usize) -> bool {
    let own = &state.grants[place];
    let same = |one: &&Grant| (one.customer_id, one.benefit_id) == (own.customer_id, own.benefit_id);
    state.grants.iter().filter(same).any(|one| one.id != own.id && one.is_granted)
}

fn change(one: &mut Grant, properties: Map<String, Value>) {
    one.previous = std::mem::replace(&mut one.properties, properties);
}

/// What the kind of benefit fills in; `sign` is 1 when it is given or renewed and -1 when it is taken back.
fn properties(state: &mut State, place: usize, sign: i64) -> Map<String, Value> {
    let grant = state.grants[place].clone();
    let Some(benefit) = state.benefits.iter().find(|one| one.id == grant.benefit_id).cloned() else {
        return grant.properties;
    };
    match benefit.kind.as_str() {
        "license_keys" if grant.properties.is_empty() => license(),
        "meter_credit" => credit(state, &benefit, &grant.properties, sign),
        _ => grant.properties,
    }
}

fn license() -> Map<String, Value> {
    let id = secrets::id();
    let tail: String = secrets::id().simple().to_string().to_uppercase().chars().take(6).collect();
    let read = json!({"license_key_id": id, "display_key": format!("****-{tail}")});
    read.as_object().cloned().unwrap_or_default()
}

/// What is taken back is what was given, whatever the benefit gives by now.
fn credit(state: &mut State, benefit: &Benefit, held: &Map<String, Value>, sign: i64) -> Map<String, Value> {
    let given = held.get("last_credited_units").filter(|_| sign < 0).and_then(Value::as_i64).map(i64::abs);
    let units = given.or_else(|| benefit.properties.get("units")?.as_i64()).unwrap_or(0);
    let read = json!({
        "last_credited_meter_id": benefit.properties.get("meter_id"), "last_credited_units": sign * units,
        "last_credited_at": state.clock.now().to_string().replace('Z', "+00:00"),
    });
    read.as_object().cloned().unwrap_or_default()
}

//! What a change or the next bill would cost (http/115): the change is tried on a copy, and its bill is summed by
//! the same code that makes it.

use serde_json::{Value, json};
use uuid::Uuid;

use super::billing::Line;
use super::change::{self, Edit, Effect};
use super::plan::{self, Target};
use super::{amounts, renewal, usage};
use crate::sandbox::api::products::join;
use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::api::subscriptions::Subscription;
use crate::sandbox::state::State;

/// What a change of product would bill now. A trial has nothing to prorate: ending it bills the new product's first
/// period, keeping it bills nothing.
///
/// # Errors
/// Whatever the change itself would answer.
pub fn change(state: &State, id: Uuid, target: Target) -> Result<Value, Refusal> {
    let before = state.subscription(id)?;
    let mut edit = Edit { one: before.clone(), lines: Vec::new(), effect: Effect::Nothing };
    plan::switch(state, &mut edit, target, state.clock.peek())?;
    let mut bill = change::bill(state, &edit)?;
    if before.status == "trialing" {
        bill.lines = if edit.effect == Effect::Cycle { renewal::fixed_lines(state, &edit.one)? } else { Vec::new() };
    }
    let sums = amounts::of(state, &bill);
    Ok(shown(0, 0, &bill.lines, sums))
}

/// What the next bill would be: the period, the usage so far, and what is pending.
///
/// # Errors
/// 404 when no bill is to come.
pub fn charge(state: &State, id: Uuid) -> Result<Value, Refusal> {
    let one = state.subscription(id)?;
    if !(one.is_active() || (one.status == "paused" && one.resumes_at.is_some())) {
        return Err(Refusal::NotFound);
    }
    let mut next = one.clone();
    let base = if one.cancel_at_period_end {
        Vec::new()
    } else {
        renewal::next(state, &mut next, state.clock.peek());
        renewal::fixed_lines(state, &next)?
    };
    let metered = if one.status == "trialing" { Vec::new() } else { usage::lines(state, one) };
    let (base_amount, metered_amount) = (sum(&base), sum(&metered));
    let pending = state.prorations.iter().filter(|(owner, _)| *owner == id).map(|(_, line)| line.clone());
    let lines: Vec<Line> = pending.chain(base).chain(metered).collect();
    let sums = amounts::of(state, &renewal::bill_of(state, &next, lines.clone(), "subscription_cycle")?);
    Ok(shown(base_amount, metered_amount, &lines, sums))
}

/// What ending it now would leave uncollected: the open bills of one that is behind.
pub fn cancel(state: &State, one: &Subscription) -> Value {
    let stops = one.status == "past_due";
    let open = state.orders.iter().filter(|order| order.subscription_id == Some(one.id) && order.status == "pending");
    let due: Vec<i64> = open.filter(|_| stops).map(|order| order.due()).collect();
    let outstanding = (!due.is_empty()).then(|| due.iter().sum::<i64>());
    json!({"stops_collection": stops, "outstanding_amount": outstanding})
}

fn sum(lines: &[Line]) -> i64 {
    lines.iter().map(|line| line.amount).sum()
}

fn shown(base: i64, metered: i64, lines: &[Line], sums: amounts::Amounts) -> Value {
    let prorations: Vec<&Line> = lines.iter().filter(|line| line.proration).collect();
    let mut shown = sums.view();
    join(
        &mut shown,
        json!({
            "base_amount": base, "metered_amount": metered,
            "proration_amount": prorations.iter().map(|line| line.amount).sum::<i64>(),
            "prorations": prorations.iter().map(|line| json!({"label": line.label, "amount": line.amount})).collect::<Vec<_>>(),
        }),
    );
    shown
}

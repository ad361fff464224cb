//! One change of a subscription from start to end: checked on a copy, then kept, billed and told (C§4.2).

use axum::http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::billing::{Bill, Line};
use super::jobs::What;
use super::{amounts, announce, cards, discounting, ending, pausing, plan, renewal};
use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::api::subscription_patch::{Base, Shape, TrialEnd};
use crate::sandbox::api::subscriptions::Subscription;
use crate::sandbox::clock::Stamp;
use crate::sandbox::state::State;

/// What a change costs right away.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Nothing,
    /// All pending prorations, now.
    Invoice,
    /// The next period begins now.
    Cycle,
    /// A period has begun and is billed.
    Period,
}

/// A change in the making.
pub struct Edit {
    pub one: Subscription,
    /// Prorations that it adds.
    pub lines: Vec<Line>,
    pub effect: Effect,
}

/// Makes the change, or nothing at all.
///
/// # Errors
/// As C§2.8 lists them, 402 when money is due at once and the card does not pay.
pub fn apply(state: &mut State, id: Uuid, shape: Shape) -> Result<(), Refusal> {
    let before = state.subscription(id)?.clone();
    let now = state.clock.now();
    let mut edit = Edit { one: before.clone(), lines: Vec::new(), effect: Effect::Nothing };
    match shape {
        Shape::Base(sent) => base(state, &mut edit, sent, now)?,
        Shape::Seats => return Err(not_based(&before, "NotASeatBasedSubscription", "seat")),
        Shape::Units => return Err(not_based(&before, "NotAUnitBasedSubscription", "unit")),
        Shape::PeriodEnd(at) => period_end(&mut edit.one, at)?,
        Shape::Cancel(why) => ending::schedule(&mut edit.one, now, why)?,
        Shape::Uncancel => ending::withdraw(&mut edit.one)?,
        Shape::Revoke(why) => ending::revoke(&mut edit.one, now, why)?,
        Shape::Pause(resumes_at) => pausing::schedule(&mut edit.one, resumes_at)?,
        Shape::Unpause => pausing::withdraw(&mut edit.one)?,
        Shape::Resume => {
            pausing::resume(&mut edit.one, now)?;
            edit.effect = Effect::Period;
        }
        Shape::ClearPending => {
            if edit.one.pending_update.take().is_none() {
                let msg = "This subscription has no pending update to clear.";
                return Err(Refusal::field("pending_update", msg, json!(null)));
            }
        }
    }
    commit(state, &before, edit, now)
}

fn base(state: &State, edit: &mut Edit, sent: Base, now: Stamp) -> Result<(), Refusal> {
    match (sent.product_id, sent.discount) {
        (Some(product_id), discount) => {
            plan::switch(state, edit, plan::Target { product_id, proration: sent.proration, discount }, now)?
        }
        (None, Some(discount)) => discounting::change(state, &mut edit.one, discount)?,
        (None, None) => {}
    }
    if let Some(end) = sent.trial_end {
        trial(edit, end, now)?;
    }
    if let Some(metadata) = sent.metadata {
        edit.one.metadata = metadata;
    }
    Ok(())
}

/// Moves, starts or ends a trial.
fn trial(edit: &mut Edit, end: TrialEnd, now: Stamp) -> Result<(), Refusal> {
    let one = &mut edit.one;
    if !one.is_active() {
        return Err(inactive(one));
    }
    let trialing = one.status == "trialing";
    let at = match end {
        TrialEnd::Now if trialing => {
            edit.effect = Effect::Cycle;
            now
        }
        TrialEnd::Now => {
            return Err(Refusal::field("trial_end", "The subscription is not currently trialing.", json!("now")));
        }
        TrialEnd::At(at) if !trialing && at <= one.current_period_end => {
            return Err(Refusal::field("trial_end", "Trial end must be after the current period end.", json!(at)));
        }
        TrialEnd::At(at) => at,
    };
    "trialing".clone_into(&mut one.status);
    one.trial_end = Some(at);
    one.current_period_end = at;
    Ok(())
}

fn period_end(one: &mut Subscription, at: Stamp) -> Result<(), Refusal> {
    if one.status == "canceled" {
        return Err(ending::already());
    }
    if !one.is_active() {
        return Err(inactive(one));
    }
    if one.cancel_at_period_end {
        return Err(ending::already());
    }
    one.current_period_end = at;
    one.ledger.anchor_day = at.day_of_month();
    Ok(())
}

/// `modified_at` moves with the row alone: a pending update is another one, and an empty change is none (http/118, 123).
fn commit(state: &mut State, before: &Subscription, edit: Edit, now: Stamp) -> Result<(), Refusal> {
    if edit.effect == Effect::Invoice {
        affordable(state, &edit)?;
    }
    let (id, effect) = (before.id, edit.effect);
    let mut one = edit.one;
    discounting::redeem(state, discounting::asked(before, &one), one.customer_id)?;
    if effect == Effect::Period {
        renewal::usage_pending(state, &mut one);
        renewal::discounted(state, &mut one);
    }
    let same_row = Subscription { pending_update: before.pending_update.clone(), ..one.clone() } == *before;
    if !same_row {
        one.modified_at = Some(now);
    }
    *state.subscription_mut(id)? = one;
    state.prorations.extend(edit.lines.into_iter().map(|line| (id, line)));
    match effect {
        Effect::Cycle => renewal::turn(state, id)?,
        Effect::Invoice => {
            let order = renewal::bill_prorations(state, id, "subscription_update")?;
            state.later(What::Pay(order));
        }
        Effect::Nothing | Effect::Period => {}
    }
    announce::changed(state, before);
    if matches!(effect, Effect::Cycle | Effect::Period) {
        renewal::bill(state, id)?;
    }
    Ok(())
}

/// What the change bills: everything pending, and what it adds.
///
/// # Errors
/// When the product is gone.
pub fn bill(state: &State, edit: &Edit) -> Result<Bill, Refusal> {
    let pending = state.prorations.iter().filter(|(id, _)| *id == edit.one.id).map(|(_, line)| line);
    renewal::bill_of(state, &edit.one, pending.chain(&edit.lines).cloned().collect(), "subscription_update")
}

/// A card that does not pay stops the whole change.
fn affordable(state: &State, edit: &Edit) -> Result<(), Refusal> {
    let one = &edit.one;
    let due = amounts::of(state, &bill(state, edit)?).due();
    let reason = match cards::of(state, one.customer_id) {
        _ if due <= 0 => return Ok(()),
        Some(saved) if saved.card.pays_later() => return Ok(()),
        Some(_) => "card_error",
        None => "missing_payment_method",
    };
    let detail = format!("Payment failed with reason: {reason}.");
    Err(Refusal::domain(StatusCode::PAYMENT_REQUIRED, "PaymentFailed", detail))
}

fn inactive(one: &Subscription) -> Refusal {
    let detail = format!("Subscription {} is not active.", one.id);
    Refusal::domain(StatusCode::FORBIDDEN, "InactiveSubscription", detail)
}

/// What everybody hears who asks for seats or units: no price that this sandbox sells has them.
pub fn not_based(one: &Subscription, error: &'static str, what: &str) -> Refusal {
    if one.status == "canceled" || one.cancel_at_period_end {
        return ending::already();
    }
    let detail = format!("This subscription does not support {what}-based pricing.");
    Refusal::domain(StatusCode::BAD_REQUEST, error, detail)
}

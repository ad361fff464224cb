//! The shapes of a subscription's PATCH (C§2.8): one a body.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::body::Fields;
use super::refusal::{Detail, Refusal};
use super::union::{Model, choose};
use crate::sandbox::clock::Stamp;

const REASONS: [&str; 8] = [
    "customer_service",
    "low_quality",
    "missing_features",
    "switched_service",
    "too_complex",
    "too_expensive",
    "unused",
    "other",
];

/// Why the customer leaves, if they say.
#[derive(Clone, Default)]
pub struct Reason {
    pub reason: Option<String>,
    pub comment: Option<String>,
}

/// When the difference between two plans is billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proration {
    Invoice,
    Prorate,
    NextPeriod,
    Reset,
}

/// A discount to set, or none.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Discount {
    Unset,
    Set(Uuid),
}

/// When a trial ends.
#[derive(Clone, Copy)]
pub enum TrialEnd {
    Now,
    At(Stamp),
}

/// The shape that may combine its fields; nothing set is a change of nothing.
#[derive(Clone, Default)]
pub struct Base {
    pub metadata: Option<Map<String, Value>>,
    pub product_id: Option<Uuid>,
    pub proration: Option<Proration>,
    pub discount: Option<Discount>,
    pub trial_end: Option<TrialEnd>,
}

/// What is asked for.
#[derive(Clone)]
pub enum Shape {
    Base(Base),
    Seats,
    Units,
    PeriodEnd(Stamp),
    Cancel(Reason),
    Uncancel,
    Revoke(Reason),
    Pause(Option<Stamp>),
    Unpause,
    Resume,
    ClearPending,
}

/// Where a merchant says why the customer leaves.
const WHY: [&str; 2] = ["customer_cancellation_reason", "customer_cancellation_comment"];

const MODELS: [Model<Shape>; 9] = [
    Model {
        name: "SubscriptionUpdateBase",
        keys: &["metadata", "product_id", "proration_behavior", "discount_id", "trial_end"],
        read: base,
    },
    Model { name: "SubscriptionUpdateSeats", keys: &["seats", "proration_behavior"], read: seats },
    Model { name: "SubscriptionUpdateUnits", keys: &["units", "proration_behavior"], read: units },
    Model { name: "SubscriptionUpdateBillingPeriod", keys: &["current_billing_period_end"], read: period_end },
    Model { name: "SubscriptionCancel", keys: &[WHY[0], WHY[1], "cancel_at_period_end"], read: cancel },
    Model { name: "SubscriptionRevoke", keys: &[WHY[0], WHY[1], "revoke"], read: revoke },
    Model { name: "SubscriptionPause", keys: &["pause_at_period_end", "resumes_at"], read: pause },
    Model { name: "SubscriptionResume", keys: &["resume"], read: resume },
    Model { name: "SubscriptionUpdateClear", keys: &["pending_update"], read: clear },
];

/// Reads a body; dates must lie after `now`. A body that no model takes is a 422 with what each has against it.
pub fn read(sent: &Map<String, Value>, now: Stamp) -> Result<Shape, Refusal> {
    choose(&MODELS, sent, now)
}

fn base(fields: &mut Fields<'_>, now: Stamp) -> Option<Shape> {
    let discount = match (fields.has("discount_id"), fields.uuid("discount_id")) {
        (_, Some(id)) => Some(Discount::Set(id)),
        (true, None) => Some(Discount::Unset),
        (false, None) => None,
    };
    Some(Shape::Base(Base {
        metadata: fields.metadata("metadata"),
        product_id: fields.uuid("product_id"),
        proration: proration(fields),
        discount,
        trial_end: trial_end(fields, now),
    }))
}

/// When the difference between two plans is billed, if the body says so.
pub fn proration(fields: &mut Fields<'_>) -> Option<Proration> {
    let text = fields.text("proration_behavior")?;
    match text.as_str() {
        "invoice" => Some(Proration::Invoice),
        "prorate" => Some(Proration::Prorate),
        "next_period" => Some(Proration::NextPeriod),
        "reset" => Some(Proration::Reset),
        _ => {
            let expected = "'invoice', 'prorate', 'next_period' or 'reset'";
            let msg = format!("Input should be {expected}");
            let detail = Detail::body("enum", "proration_behavior", msg, json!(text));
            fields.wrong.push(detail.with(json!({"expected": expected})));
            None
        }
    }
}

fn trial_end(fields: &mut Fields<'_>, now: Stamp) -> Option<TrialEnd> {
    let sent = fields.raw("trial_end")?;
    if sent == "now" {
        return Some(TrialEnd::Now);
    }
    let before = fields.wrong.len();
    if let Some(end) = future(fields, "trial_end", now) {
        return Some(TrialEnd::At(end));
    }
    for detail in &mut fields.wrong[before..] {
        detail.loc.push(json!("datetime"));
    }
    let mut literal = Detail::body("literal_error", "trial_end", "Input should be 'now'", sent.clone());
    literal.loc.push(json!("literal['now']"));
    fields.wrong.push(literal.with(json!({"expected": "'now'"})));
    None
}

/// An instant after `now`.
fn future(fields: &mut Fields<'_>, key: &str, now: Stamp) -> Option<Stamp> {
    let text = fields.text(key)?;
    let detail = match Stamp::read(&text) {
        Some(at) if at > now => return Some(at),
        Some(_) => Detail::body("datetime_future", key, "Input should be in the future", json!(text)),
        None => {
            Detail::body("datetime_from_date_parsing", key, "Input should be a valid datetime or date", json!(text))
        }
    };
    fields.wrong.push(detail);
    None
}

/// Why the customer leaves, from these two keys.
pub fn why(fields: &mut Fields<'_>, [reason, comment]: [&str; 2]) -> Reason {
    let key = reason;
    let reason = fields.text(key);
    if let Some(unknown) = reason.as_ref().filter(|reason| !REASONS.contains(&reason.as_str())) {
        let expected = REASONS.map(|reason| format!("'{reason}'")).join(", ");
        fields.wrong.push(Detail::body("enum", key, format!("Input should be {expected}"), json!(unknown)));
    }
    Reason { reason, comment: fields.text(comment) }
}

/// A number of seats.
pub fn seats(fields: &mut Fields<'_>, _: Stamp) -> Option<Shape> {
    fields.require("seats");
    proration(fields);
    fields.integer("seats").map(|_| Shape::Seats)
}

fn units(fields: &mut Fields<'_>, _: Stamp) -> Option<Shape> {
    fields.require("units");
    proration(fields);
    fields.integer("units").map(|_| Shape::Units)
}

fn period_end(fields: &mut Fields<'_>, now: Stamp) -> Option<Shape> {
    fields.require("current_billing_period_end");
    future(fields, "current_billing_period_end", now).map(Shape::PeriodEnd)
}

fn cancel(fields: &mut Fields<'_>, _: Stamp) -> Option<Shape> {
    let why = why(fields, WHY);
    fields.require("cancel_at_period_end");
    fields.flag("cancel_at_period_end").map(|at_end| if at_end { Shape::Cancel(why) } else { Shape::Uncancel })
}

fn revoke(fields: &mut Fields<'_>, _: Stamp) -> Option<Shape> {
    let why = why(fields, WHY);
    only_true(fields, "revoke").map(|()| Shape::Revoke(why))
}

/// A pause at the end of the period, or none any more.
pub fn pause(fields: &mut Fields<'_>, now: Stamp) -> Option<Shape> {
    fields.require("pause_at_period_end");
    let resumes_at = future(fields, "resumes_at", now);
    fields.flag("pause_at_period_end").map(|at_end| if at_end { Shape::Pause(resumes_at) } else { Shape::Unpause })
}

/// An end of the pause.
pub fn resume(fields: &mut Fields<'_>, _: Stamp) -> Option<Shape> {
    only_true(fields, "resume").map(|()| Shape::Resume)
}

fn only_true(fields: &mut Fields<'_>, key: &str) -> Option<()> {
    fields.require(key);
    let sent = fields.raw(key)?;
    if sent == true {
        return Some(());
    }
    let detail = Detail::body("literal_error", key, "Input should be True", sent.clone());
    fields.wrong.push(detail.with(json!({"expected": "True"})));
    None
}

/// No change at the end of the period any more.
pub fn clear(fields: &mut Fields<'_>, _: Stamp) -> Option<Shape> {
    fields.require("pending_update");
    let Some(sent) = fields.raw("pending_update") else {
        return fields.has("pending_update").then_some(Shape::ClearPending);
    };
    fields.wrong.push(Detail::body("none_required", "pending_update", "Input should be None", sent.clone()));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &Value) -> Result<Shape, Refusal> {
        read(body.as_object().expect("an object"), Stamp::read("2026-11-21T12:00:00Z").expect("an instant"))
    }

    #[test]
    fn every_shape_is_found_by_its_key() {
        assert!(matches!(parse(&json!({})), Ok(Shape::Base(_))));
        assert!(matches!(parse(&json!({"pending_update": null})), Ok(Shape::ClearPending)));
        assert!(matches!(parse(&json!({"cancel_at_period_end": false})), Ok(Shape::Uncancel)));
        assert!(matches!(parse(&json!({"pause_at_period_end": true, "resumes_at": null})), Ok(Shape::Pause(None))));
        assert!(matches!(parse(&json!({"resume": true})), Ok(Shape::Resume)));
        let Ok(Shape::Base(base)) = parse(&json!({"product_id": null, "discount_id": null, "trial_end": "now"})) else {
            panic!("the base takes these together");
        };
        assert!(base.product_id.is_none() && matches!(base.discount, Some(Discount::Unset)));
        assert!(matches!(base.trial_end, Some(TrialEnd::Now)));
    }

    #[test]
    fn a_mixed_body_hears_from_every_model() {
        let Err(Refusal::Invalid(wrong)) = parse(&json!({"cancel_at_period_end": true, "metadata": {}})) else {
            panic!("shapes do not mix");
        };
        assert_eq!(wrong.len(), 23);
        assert_eq!(wrong[0].loc, [json!("body"), json!("SubscriptionUpdateBase"), json!("cancel_at_period_end")]);
        for past in [json!({"current_billing_period_end": "2026-11-20T12:00:00Z"}), json!({"trial_end": "yesterday"})] {
            assert!(parse(&past).is_err());
        }
        assert!(parse(&json!({"revoke": false})).is_err());
    }
}

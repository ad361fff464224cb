//! Which changes fit how a subscription stands, and what is in the hash of what was shown.

use super::*;
use crate::model::{
    catalog::Offer,
    switch::{Figures, Today},
};
use serde_json::{Value, json};

fn facts(change: &Value) -> SubscriptionFacts {
    let mut facts = json!({
        "status": "active", "amount": 1200, "currency": "usd", "customer_id": "c", "product_id": "p",
        "recurring_interval": "month", "current_period_end": "2027-03-03T10:00:00Z"
    });
    for (key, value) in change.as_object().unwrap() {
        facts[key] = value.clone();
    }
    serde_json::from_value(facts).unwrap()
}

fn fits(change: &Value) -> (Fit, Fit) {
    let facts = facts(change);
    let fit = |change| Terms::of(change, "s", &facts).fit(&facts);
    (fit(Change::Cancel), fit(Change::Resume))
}

#[test]
fn what_runs_can_end_and_what_is_to_end_can_go_on() {
    for status in ["active", "trialing", "past_due"] {
        assert_eq!(fits(&json!({"status": status})), (Fit::Fits, Fit::AlreadySo), "{status}");
        let ends = json!({"status": status, "cancel_at_period_end": true});
        assert_eq!(fits(&ends), (Fit::AlreadySo, Fit::Fits), "{status}");
    }
    assert_eq!(fits(&json!({"status": "paused"})), (Fit::Paused, Fit::AlreadySo));
    assert_eq!(fits(&json!({"status": "canceled", "cancel_at_period_end": true})), (Fit::Over, Fit::Over));
}

fn switch(to: &str, timing: Timing) -> Terms {
    let offer = Offer {
        plan: "team".into(),
        product_id: to.into(),
        price_id: "x".into(),
        interval: Interval::Every { unit: "month".into(), count: 1 },
        price: Money::new(2_500, "usd"),
        tax: None,
        trial: None,
        extras: Vec::new(),
    };
    let figures = Figures { today: Today::About(750), next: Some(2_500), next_at: None };
    let switch = Switch { to: offer, timing, figures, replaces: None, quoted_at: 7 };
    Terms { switch: Some(switch), ..Terms::of(Change::Switch, "s", &facts(&json!({}))) }
}

#[test]
fn another_plan_fits_what_runs_and_is_paid() {
    let fit = |change: &Value| switch("q", Timing::Now).fit(&facts(change));
    assert_eq!(fit(&json!({})), Fit::Fits);
    assert_eq!(fit(&json!({"status": "trialing", "amount": 0})), Fit::Fits);
    assert_eq!(fit(&json!({"product_id": "q"})), Fit::AlreadySo);
    assert_eq!(fit(&json!({"cancel_at_period_end": true})), Fit::Ending);
    assert_eq!(fit(&json!({"status": "past_due"})), Fit::Unpaid);
    assert_eq!(fit(&json!({"status": "paused"})), Fit::Paused);
    assert_eq!(fit(&json!({"status": "canceled"})), Fit::Over);
    assert_eq!(fit(&json!({"amount": 0})), Fit::Free);
}

#[test]
fn a_scheduled_plan_is_as_wanted_and_can_be_taken_back_until_it_takes_effect() {
    let scheduled = json!({"pending_update": {"applies_at": "2027-03-03T10:00:00Z", "product_id": "q"}});
    assert_eq!(switch("q", Timing::PeriodEnd).fit(&facts(&scheduled)), Fit::AlreadySo);
    assert_eq!(switch("q", Timing::Now).fit(&facts(&scheduled)), Fit::Fits, "but not at once");
    assert_eq!(switch("r", Timing::PeriodEnd).fit(&facts(&scheduled)), Fit::Fits);
    let undo = Terms::of(Change::Undo, "s", &facts(&scheduled));
    assert_eq!(undo.fit(&facts(&scheduled)), Fit::Fits);
    assert_eq!(undo.fit(&facts(&json!({}))), Fit::AlreadySo);
    assert_eq!(undo.fit(&facts(&json!({"product_id": "q"}))), Fit::Over);
}

#[test]
fn what_is_plainly_active_can_pause_and_what_is_paused_can_go_on() {
    let fit = |change: Change, facts: &Value| {
        let facts = self::facts(facts);
        Terms::of(change, "s", &facts).fit(&facts)
    };
    let (plain, set, paused) = (json!({}), json!({"pause_at_period_end": true}), json!({"status": "paused"}));
    for (change, expected) in [
        (Change::Pause, [Fit::Fits, Fit::AlreadySo, Fit::AlreadySo]),
        (Change::Unpause, [Fit::AlreadySo, Fit::Fits, Fit::Paused]),
        (Change::Continue, [Fit::AlreadySo, Fit::AlreadySo, Fit::Fits]),
    ] {
        assert_eq!([&plain, &set, &paused].map(|facts| fit(change, facts)), expected, "{change:?}");
    }
    assert_eq!(fit(Change::Pause, &json!({"status": "trialing"})), Fit::Trial);
    assert_eq!(fit(Change::Pause, &json!({"status": "past_due"})), Fit::Unpaid);
    assert_eq!(fit(Change::Pause, &json!({"cancel_at_period_end": true})), Fit::Ending);
}

#[test]
fn every_shown_part_is_in_the_hash() {
    let terms = |change: &Value| Terms::of(Change::Cancel, "s", &facts(change));
    let same = terms(&json!({}));
    assert_eq!(Terms::of_stored(&same.stored()).as_ref(), Some(&same));
    for other in [
        json!({"amount": 1300}),
        json!({"currency": "eur"}),
        json!({"product_id": "q"}),
        json!({"recurring_interval": "year"}),
        json!({"current_period_end": "2027-04-03T10:00:00Z"}),
    ] {
        assert_ne!(terms(&other).hash(), same.hash(), "{other}");
    }
    assert_ne!(Terms::of(Change::Resume, "s", &facts(&json!({}))).hash(), same.hash());
    let quoted = switch("q", Timing::Now);
    assert_eq!(Terms::of_stored(&quoted.stored()).as_ref(), Some(&quoted));
    let mut dearer = quoted.clone();
    dearer.switch.as_mut().unwrap().to.price.amount += 1;
    let mut later = quoted.clone();
    later.switch.as_mut().unwrap().figures.today = Today::About(749);
    assert!(dearer.hash() != quoted.hash() && later.hash() != quoted.hash());
}

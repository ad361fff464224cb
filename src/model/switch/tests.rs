//! What another plan costs, and what is gained and lost with it.

use super::*;
use crate::model::catalog::Trial;
use serde_json::{Value as Json, json};

const START: &str = "2027-04-01T00:00:00Z";

fn every(unit: &str) -> Interval {
    Interval::Every { unit: unit.into(), count: 1 }
}

fn present(more: &Json) -> Present {
    let mut whole = json!({
        "status": "active", "currency": "usd", "recurring_interval": "month", "recurring_interval_count": 1,
        "current_period_start": START, "current_period_end": "2027-05-01T00:00:00Z",
        "prices": [{"amount_type": "fixed", "price_amount": 1000}]
    });
    for (key, value) in more.as_object().unwrap() {
        whole[key] = value.clone();
    }
    serde_json::from_value(whole).unwrap()
}

fn offer(unit: &str, amount: i64, trial: Option<i64>) -> Offer {
    Offer {
        plan: "team".into(),
        product_id: "t".into(),
        price_id: "x".into(),
        interval: every(unit),
        price: Money::new(amount, "usd"),
        tax: None,
        trial: trial.map(|count| Trial { unit: "day".into(), count }),
        extras: Vec::new(),
    }
}

fn figures(more: &Json, to: &Offer, timing: Timing) -> (Today, Option<i64>, String) {
    let Figures { today, next, next_at } =
        Figures::of(&present(more), to, timing, parse_us(START).unwrap() + 15 * 86_400_000_000);
    (today, next, next_at.map_or_else(String::new, crate::model::instant::spell_date))
}

#[test]
fn each_timing_has_its_figures() {
    let team = offer("month", 2_500, None);
    let plain = json!({});
    assert_eq!(figures(&plain, &team, Timing::Now), (Today::About(750), Some(2_500), "1 May 2027".into()));
    assert_eq!(figures(&plain, &team, Timing::NextBill), (Today::Nothing, Some(3_250), "1 May 2027".into()));
    assert_eq!(figures(&plain, &team, Timing::PeriodEnd), (Today::Nothing, Some(2_500), "1 May 2027".into()));
    let yearly = offer("year", 10_000, None);
    assert_eq!(figures(&plain, &yearly, Timing::Now), (Today::About(9_500), Some(10_000), "16 April 2028".into()));
    let cheap = offer("month", 500, None);
    assert_eq!(figures(&plain, &cheap, Timing::Now), (Today::Credit(250), Some(500), "1 May 2027".into()));
}

#[test]
fn a_trial_lasts_as_long_as_the_new_plans() {
    let trial = json!({"status": "trialing", "trial_start": START});
    let kept = figures(&trial, &offer("month", 2_500, Some(30)), Timing::Now);
    assert_eq!(kept, (Today::Nothing, Some(2_500), "1 May 2027".into()));
    for over in [None, Some(7)] {
        let ended = figures(&trial, &offer("month", 2_500, over), Timing::Now);
        assert_eq!(ended, (Today::Exactly(2_500), Some(2_500), "16 May 2027".into()));
    }
}

#[test]
fn discounts_count_and_what_is_not_plain_is_not_guessed() {
    let team = offer("month", 2_500, None);
    let half = |duration| json!({"discount": {"type": "percentage", "basis_points": 5000, "duration": duration}});
    assert_eq!(figures(&half("forever"), &team, Timing::Now).0, Today::About(375));
    assert_eq!(figures(&half("forever"), &team, Timing::Now).1, Some(1_250));
    assert_eq!(figures(&half("once"), &team, Timing::Now).1, Some(2_500));
    let strange = json!({"discount": {"type": "by_the_moon", "duration": "once"}});
    assert_eq!(figures(&strange, &team, Timing::Now).0, Today::Unknown);
}

#[test]
fn higher_plans_and_longer_intervals_are_upgrades() {
    let plans = Plans::parse(include_str!("../../../plans.toml")).unwrap();
    let timing = |from: (&str, &str), to: (&str, &str)| {
        Timings::default().of(&plans, (from.0, &every(from.1)), (to.0, &every(to.1)))
    };
    assert_eq!(timing(("pro", "month"), ("team", "month")), Timing::Now);
    assert_eq!(timing(("pro", "month"), ("pro", "year")), Timing::Now);
    assert_eq!(timing(("pro", "year"), ("team", "month")), Timing::Now);
    assert_eq!(timing(("team", "month"), ("pro", "year")), Timing::PeriodEnd);
    assert_eq!(timing(("pro", "year"), ("pro", "month")), Timing::PeriodEnd);
}

#[test]
fn what_is_gained_and_lost_is_named() {
    let plans = Plans::parse(include_str!("../../../plans.toml")).unwrap();
    let (pro, team) = (plans.get("pro").unwrap(), plans.get("team").unwrap());
    let (gained, lost) = gains_and_losses(Some(pro), team);
    assert_eq!(gained, [("projects".into(), Value::Limit(500)), ("sharing".into(), Value::Switch(true))]);
    assert!(lost.is_empty());
    let (gained, lost) = gains_and_losses(Some(team), pro);
    assert_eq!(lost, [("projects".into(), Value::Limit(50)), ("sharing".into(), Value::Switch(false))]);
    assert!(gained.is_empty());
}

#[test]
fn there_is_more_or_less_of_a_meter_with_another_plan() {
    let plans = Plans::parse(include_str!("../../../plans.toml")).expect("the shipped plans");
    let codes = |allowance| vec![("QR codes".to_owned(), Some(allowance))];
    assert_eq!(more_and_less(&plans, "pro", "team"), (codes(Allowance::AMonth(2000)), Vec::new()));
    assert_eq!(more_and_less(&plans, "team", "pro"), (Vec::new(), codes(Allowance::AMonth(300))));
    assert_eq!(more_and_less(&plans, "pro", "pro"), (Vec::new(), Vec::new()));
    assert_eq!(more_and_less(&plans, "unheard-of", "pro"), (codes(Allowance::AMonth(300)), Vec::new()));
    assert_eq!(more_and_less(&plans, "pro", "free"), (Vec::new(), codes(Allowance::ADay(3))));
}

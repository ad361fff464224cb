//! The defaults of the fold, one by one, and that no order of sources changes it.

use super::*;
use crate::model::{
    instant::{DAY, HOUR},
    source::{Grant, Purchase, Subscription},
};
use proptest::prelude::*;

const NOW: Millis = 1_800_000_000_000;

fn plans() -> Plans {
    Plans::parse(include_str!("../../../plans.toml")).unwrap()
}

fn subscription(status: &str) -> Subscription {
    Subscription {
        id: "s".into(),
        plan: "pro".into(),
        status: status.into(),
        past_due_at: None,
        ends_at: None,
        observed_at: NOW,
        grant_stands: false,
    }
}

fn at(source: Subscription, now: Millis) -> Folded {
    fold(&[Source::Subscription(source)], &plans(), now)
}

fn purchase(status: &str) -> Source {
    Source::Purchase(Purchase { id: "b".into(), plan: "lifetime".into(), status: status.into(), bought_at: NOW - DAY })
}

#[test]
fn active_and_trialing_grant_and_the_rest_does_not() {
    for status in ["active", "trialing"] {
        let folded = at(subscription(status), NOW);
        assert_eq!(folded.wanted["studio"].value, "true", "{status}");
        assert_eq!(folded.wanted["plan:pro"].source_id, "s");
    }
    for status in ["paused", "canceled", "unpaid", "incomplete", "a_new_word"] {
        assert!(at(subscription(status), NOW).wanted.is_empty(), "{status}");
    }
}

#[test]
fn an_announced_end_asks_for_a_look_and_ends_nothing() {
    let ending = Subscription { ends_at: Some(NOW + DAY), ..subscription("active") };
    assert_eq!(at(ending.clone(), NOW).refold_at, Some(NOW + DAY + HOUR));
    let later = at(ending.clone(), NOW + DAY + HOUR);
    assert_eq!((later.wanted.is_empty(), later.reads), (false, vec!["s".to_owned()]));
    let seen = at(Subscription { observed_at: NOW + DAY + HOUR, ..ending }, NOW + 2 * DAY);
    assert!(seen.reads.is_empty() && !seen.wanted.is_empty());
}

#[test]
fn grace_ends_only_when_seen_past_due_after_it() {
    let late = Subscription { past_due_at: Some(NOW), ..subscription("past_due") };
    let in_grace = at(late.clone(), NOW + DAY);
    assert_eq!((in_grace.wanted["studio"].until, in_grace.refold_at), (Some(NOW + 7 * DAY), Some(NOW + 7 * DAY)));
    let unseen = at(late.clone(), NOW + 8 * DAY);
    assert!(!unseen.wanted.is_empty() && unseen.reads == ["s"]);
    let seen = at(Subscription { observed_at: NOW + 7 * DAY, ..late }, NOW + 8 * DAY);
    assert!(seen.wanted.is_empty() && seen.reads.is_empty());
}

#[test]
fn a_plan_says_how_long_grace_is() {
    let team = Subscription { plan: "team".into(), past_due_at: Some(NOW), ..subscription("past_due") };
    assert_eq!(at(team, NOW).refold_at, Some(NOW + 14 * DAY));
}

#[test]
fn a_purchase_lasts_until_it_is_wholly_refunded() {
    let folded = |status| fold(&[purchase(status)], &plans(), NOW).wanted;
    assert_eq!(folded("paid")["plan:lifetime"].until, None);
    assert!(!folded("partially_refunded").is_empty());
    assert!(folded("refunded").is_empty() && folded("pending").is_empty() && folded("void").is_empty());
}

#[test]
fn several_sources_unite_and_limits_take_the_highest() {
    let team = Subscription { id: "t".into(), plan: "team".into(), ..subscription("active") };
    let folded = fold(&[purchase("paid"), Source::Subscription(team)], &plans(), NOW);
    assert_eq!((folded.wanted["projects"].value.as_str(), folded.wanted["projects"].source_id.as_str()), ("500", "t"));
    assert!(folded.wanted.contains_key("plan:lifetime") && folded.wanted.contains_key("plan:team"));
}

#[test]
fn the_difference_is_what_changed_and_nothing_else() {
    let before = at(subscription("active"), NOW);
    let after = at(Subscription { ends_at: Some(NOW + DAY), ..subscription("active") }, NOW);
    assert!(difference(&before.wanted, &before).is_empty());
    let changes = difference(&before.wanted, &after);
    assert_eq!(changes.len(), before.wanted.len());
    assert!(changes.iter().all(|change| change.rule == "set to end"));
    let lost = difference(&before.wanted, &at(subscription("canceled"), NOW));
    assert!(lost.iter().all(|change| change.after.is_none() && change.rule == "over"));
    let gone = difference(&before.wanted, &Folded::default());
    assert!(gone.iter().all(|change| change.after.is_none() && change.rule == "gone"));
}

#[test]
fn past_the_grace_a_benefit_of_polars_that_stands_keeps_access() {
    let late = Subscription { past_due_at: Some(NOW - 8 * DAY), ..subscription("past_due") };
    assert!(at(late.clone(), NOW).wanted.is_empty());
    let stands = at(Subscription { grant_stands: true, ..late }, NOW);
    assert_eq!((stands.wanted["studio"].until, stands.refold_at), (None, None));
}

#[test]
fn a_benefit_gives_the_feature_that_it_names_while_it_stands() {
    let grant = |stands| {
        let grant = Grant { id: "g".into(), feature: "projects".into(), value: Value::Limit(7), stands };
        fold(&[Source::Grant(grant)], &plans(), NOW).wanted
    };
    assert_eq!((grant(true)["projects"].value.as_str(), grant(true).len()), ("7", 1));
    assert!(grant(false).is_empty());
}

#[test]
fn a_staff_grant_gives_a_plan_or_a_feature_until_it_expires_or_is_taken_back() {
    let staff_grant = |what: Given, expires_at, withdrawn| {
        fold(&[Source::StaffGrant(StaffGrant { id: "f".into(), what, expires_at, withdrawn })], &plans(), NOW)
    };
    let plan = || Given::Plan("team".into());
    let given = staff_grant(plan(), Some(NOW + DAY), false);
    assert_eq!((given.wanted["plan:team"].until, given.refold_at), (Some(NOW + DAY), Some(NOW + DAY)));
    assert!(
        staff_grant(plan(), Some(NOW), false).wanted.is_empty() && staff_grant(plan(), None, true).wanted.is_empty()
    );
    assert!(staff_grant(Given::Plan("gone".into()), None, false).wanted.is_empty());
    let feature = staff_grant(Given::Feature("studio".into(), Value::Switch(true)), None, false);
    assert_eq!((feature.wanted.len(), feature.wanted["studio"].source_kind.as_str()), (1, "staff_grant"));
}

fn source() -> impl Strategy<Value = Source> {
    let status = prop::sample::select(vec!["active", "trialing", "past_due", "canceled"]);
    let plan = prop::sample::select(vec!["pro", "team", "lifetime"]);
    ("[a-c]", plan, status, prop::option::of(-20 * DAY..20 * DAY), any::<bool>()).prop_map(
        |(id, plan, status, offset, once)| {
            let (plan, at) = (plan.to_owned(), offset.map(|offset| NOW + offset));
            if once {
                return Source::Purchase(Purchase { id, plan, status: "paid".into(), bought_at: NOW - DAY });
            }
            let status = status.to_owned();
            Source::Subscription(Subscription {
                id,
                plan,
                status,
                past_due_at: at,
                ends_at: at,
                observed_at: NOW,
                grant_stands: false,
            })
        },
    )
}

proptest! {
    #[test]
    fn the_order_of_sources_does_not_matter(mut sources in prop::collection::vec(source(), 0..6), turn in 0usize..6) {
        let before = fold(&sources, &plans(), NOW).wanted;
        if !sources.is_empty() {
            let by = turn % sources.len();
            sources.rotate_left(by);
        }
        sources.reverse();
        prop_assert_eq!(before, fold(&sources, &plans(), NOW).wanted);
    }
}

//! What is a difference, what is none, and in which words each is told.

use super::*;

fn period(starts_at: Millis, most: i64, bill: Bill) -> Period {
    Period { starts_at, most, bill }
}

fn sent(units: i64) -> Sent {
    Sent { least: units, most: units, ..Sent::default() }
}

/// One paid period of 300, of which so much was sent.
fn ours(units: i64) -> Ours {
    Ours { periods: vec![period(0, 300, Bill::Paid)], sent: vec![sent(units)], ..Ours::default() }
}

fn theirs(credited: i64, consumed: f64) -> Theirs {
    Theirs { credited, consumed }
}

fn reason(verdict: Verdict) -> String {
    match verdict {
        Verdict::Explained(words) => words,
        other => panic!("not explained: {other:?}"),
    }
}

fn difference(verdict: Verdict) -> String {
    match verdict {
        Verdict::Differs(words) => words,
        other => panic!("no difference: {other:?}"),
    }
}

#[test]
fn the_same_is_equal_also_while_some_is_on_its_way() {
    assert_eq!(judge(theirs(300, 5.0), &ours(5)), Verdict::Equal);
    let on_its_way = Ours { sent: vec![Sent { least: 5, most: 7, ..Sent::default() }], ..ours(0) };
    for consumed in [5.0, 6.0, 7.0, 7.000_000_1] {
        assert_eq!(judge(theirs(300, consumed), &on_its_way), Verdict::Equal, "{consumed}");
    }
    difference(judge(theirs(300, 7.5), &on_its_way));
    assert_eq!(judge(Theirs::default(), &Ours::default()), Verdict::Equal);
}

#[test]
fn what_has_no_reason_is_a_difference_and_says_both_numbers() {
    assert_eq!(difference(judge(theirs(400, 5.0), &ours(5))), "Polar gives 400, we give 300");
    assert_eq!(difference(judge(theirs(0, 5.0), &ours(5))), "Polar gives 0, we give 300");
    assert_eq!(difference(judge(theirs(300, 4.0), &ours(5))), "Polar counts 4 used, we sent 5 of the period");
    assert_eq!(difference(judge(theirs(300, 5.5), &ours(5))), "Polar counts 5.5 used, we sent 5 of the period");
    let both = difference(judge(theirs(400, 6.0), &ours(5)));
    assert_eq!(both, "Polar gives 400, we give 300; Polar counts 6 used, we sent 5 of the period");
    assert_eq!(difference(judge(theirs(7, 0.0), &Ours::default())), "Polar gives 7, we give 0");
}

#[test]
fn what_is_not_settled_explains_whatever_differs() {
    for (bill, why) in [(Bill::Awaited, AWAITED), (Bill::Unpaid, UNPAID)] {
        let unsettled = Ours { periods: vec![period(0, 300, bill)], ..ours(5) };
        assert_eq!(judge(theirs(0, 5.0), &unsettled), Verdict::Equal, "it gives nothing yet");
        assert_eq!(reason(judge(theirs(300, 5.0), &unsettled)), format!("Polar gives 300, we give 0: {why}"));
        assert!(reason(judge(theirs(0, 90.0), &unsettled)).ends_with(why));
    }
    let turned = Ours { turned: true, ..ours(5) };
    assert!(reason(judge(theirs(0, 90.0), &turned)).matches(TURNED).count() == 2);
    let over = Ours { turned: true, ..Ours::default() };
    assert!(reason(judge(theirs(300, 90.0), &over)).starts_with("Polar gives 300, we give 0: "));
}

#[test]
fn a_change_within_the_period_explains_credits_and_no_uses() {
    for (changed, why) in [(Ours { switched: true, ..ours(5) }, SWITCHED), (Ours { regiven: true, ..ours(5) }, REGIVEN)]
    {
        assert!(reason(judge(theirs(200, 5.0), &changed)).ends_with(why));
        let words = difference(judge(theirs(200, 9.0), &changed));
        assert!(words.contains(why) && words.ends_with("we sent 5 of the period"), "{words}");
    }
}

#[test]
fn what_was_sent_just_now_may_be_missing_and_no_more_than_that() {
    let late = Ours { sent: vec![Sent { least: 50, most: 52, loose: 20, beyond: 0 }], ..ours(0) };
    assert!(reason(judge(theirs(300, 30.0), &late)).ends_with(NEAR));
    difference(judge(theirs(300, 29.0), &late));
    difference(judge(theirs(300, 53.0), &late));
    let around = Ours { sent: vec![Sent { least: 50, most: 50, loose: 0, beyond: 8 }], ..ours(0) };
    assert!(reason(judge(theirs(300, 58.0), &around)).ends_with(NEAR));
    difference(judge(theirs(300, 59.0), &around));
}

#[test]
fn what_was_used_before_a_first_period_goes_on_counting() {
    let earlier = Ours { sent: vec![sent(5), sent(12)], ..ours(0) };
    assert!(reason(judge(theirs(300, 12.0), &earlier)).ends_with(EARLIER));
    assert_eq!(judge(theirs(300, 5.0), &earlier), Verdict::Equal);
    difference(judge(theirs(300, 8.0), &earlier));
    let lately = Sent { loose: 2, ..sent(12) };
    assert!(reason(judge(theirs(300, 10.0), &Ours { sent: vec![sent(5), lately], ..ours(0) })).ends_with(EARLIER));
}

#[test]
fn without_an_open_period_uses_take_nothing_away() {
    assert_eq!(judge(theirs(0, 160.5), &Ours::default()), Verdict::Equal);
}

#[test]
fn several_subscriptions_add_up_and_may_renew_apart() {
    let both = |second| Ours {
        periods: vec![period(0, 300, Bill::Paid), period(second, 2000, Bill::Paid)],
        sent: vec![sent(0)],
        ..Ours::default()
    };
    assert_eq!(judge(theirs(2300, 0.0), &both(9)), Verdict::Equal);
    for credited in [300, 2000] {
        assert!(reason(judge(theirs(credited, 0.0), &both(9))).ends_with(SEVERAL));
        difference(judge(theirs(credited, 0.0), &both(0)));
    }
    difference(judge(theirs(2301, 0.0), &both(9)));
    difference(judge(theirs(299, 0.0), &both(9)));
}

#[test]
fn a_balance_is_there_from_the_first_credit_on() {
    assert_eq!(judge_missing(&Ours { turned: true, ..ours(0) }), Verdict::Equal);
    assert!(reason(judge_missing(&Ours { turned: true, ..ours(1) })).ends_with(TURNED));
    assert_eq!(difference(judge_missing(&ours(0))), "Polar has no balance, we give 300");
    difference(judge_missing(&Ours { regiven: true, switched: true, ..ours(0) }));
}

#[test]
fn what_goes_along_differs_by_what_was_used_around_the_renewal() {
    let around = Sent { loose: 2, beyond: 7, ..sent(5) };
    let rolls = |rolls_over| Ours { rolls_over, sent: vec![around], ..ours(0) };
    for credited in [298, 307] {
        assert!(reason(judge(theirs(credited, 5.0), &rolls(true))).ends_with(CARRIED));
        difference(judge(theirs(credited, 5.0), &rolls(false)));
    }
    for credited in [297, 308] {
        difference(judge(theirs(credited, 5.0), &rolls(true)));
    }
}

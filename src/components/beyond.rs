//! What goes beyond what a plan includes: what it costs, what it cost so far, and how much of it is allowed.

use crate::model::{
    beyond::Beyond, forecast::Forecast, instant::spell_date, meter::Meter, money::Money, usage::Balance,
};
use leptos::prelude::*;

/// `Each QR code beyond that costs $0.04.`
#[must_use]
pub fn per_unit(meter: &Meter, beyond: &Beyond) -> String {
    format!("Each {} beyond that costs {}.", meter.one, beyond.each.words(&beyond.currency))
}

/// What a limit allows.
#[must_use]
pub fn what_it_allows(meter: &Meter, beyond: &Beyond, limit: Option<&Money>) -> String {
    match limit.filter(|limit| limit.currency == beyond.currency && !limit.is_zero()) {
        None => {
            "You have set no spending limit, so it stops at what is included and nothing more is charged.".to_owned()
        }
        Some(limit) => {
            let units = beyond.each.units_for(limit.amount);
            format!("Your spending limit is {limit} in each period: {} more. Then it stops.", meter.counted(units))
        }
    }
}

/// What was used beyond what is included, and what it costs so far; nothing where nothing was.
#[must_use]
pub fn so_far(meter: &Meter, balance: &Balance, forecast: Option<Forecast>) -> Option<String> {
    let (beyond, until) = (balance.beyond.as_ref()?, balance.until?);
    let at_the_end = forecast.map(|forecast| (forecast.about - balance.most).min(beyond.most)).filter(|more| *more > 0);
    let foretold = at_the_end.map(|more| format!("At this pace it is about {} by then.", beyond.cost(more)));
    if balance.over() == 0 {
        return foretold.map(|words| format!("Nothing of it is beyond what is included yet. {words}"));
    }
    let (many, cost) = (meter.counted(balance.over()), beyond.cost(balance.over()));
    let so_far =
        format!("{many} beyond what is included so far: {cost}, tax apart, on the bill of {}.", spell_date(until));
    Some(match foretold {
        Some(words) => format!("{so_far} {words}"),
        None => so_far,
    })
}

/// Where the last uses of a period are billed.
fn counted_late(meter: &Meter, beyond: &Beyond) -> String {
    let late = "Polar counts up to 3 hours late: what is used at the end of a period may be on the bill after it, and counts in both.";
    match beyond.late {
        0 => late.to_owned(),
        units => format!("{late} So {} from before this period count in it too.", meter.counted(units)),
    }
}

/// What more costs, what it cost so far, and the way to the limit.
#[component]
pub fn More(
    /// The meter's key.
    key: String,
    /// Its words.
    meter: Meter,
    /// What there is of it.
    balance: Balance,
    /// How it goes on.
    forecast: Option<Forecast>,
    /// What is chosen.
    limit: Option<Money>,
) -> impl IntoView {
    let beyond = balance.beyond.clone()?;
    let price = format!("{} are included. {}", balance.most, per_unit(&meter, &beyond));
    let allows = what_it_allows(&meter, &beyond, limit.as_ref());
    let cost = so_far(&meter, &balance, forecast).map(|words| view! { <p><strong>{words}</strong></p> });
    let label = if limit.is_some_and(|limit| !limit.is_zero()) { "Change the limit" } else { "Set a spending limit" };
    Some(view! {
        <h3>"More than is included"</h3>
        <p>{price}" "{allows}</p>
        {cost}
        <p class="fine">{counted_late(&meter, &beyond)}</p>
        <p class="actions">
            <a class="button second small" href=format!("/usage/limit?meter={key}")>
                {label}
            </a>
        </p>
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        instant::DAY,
        rate::Rate,
        usage::{Bill, Per},
    };

    fn meter() -> Meter {
        let word = str::to_owned;
        Meter { name: word("QR codes"), one: word("QR code"), many: word("QR codes") }
    }

    fn balance(used: i64, most: i64) -> Balance {
        let each = Rate::parse("4").expect("a rate");
        let beyond = Some(Beyond { each, currency: "usd".into(), cap: None, most, late: 0 });
        let (until, per, bill) = (Some(DAY), Per::Period, Bill::Paid);
        Balance { meter: "codes".into(), used, most: 300, beyond, until, per, bill }
    }

    #[test]
    fn a_limit_is_told_in_money_and_in_units() {
        let beyond = balance(0, 0).beyond.expect("more");
        assert_eq!(per_unit(&meter(), &beyond), "Each QR code beyond that costs $0.04.");
        let allows = |limit: Option<Money>| what_it_allows(&meter(), &beyond, limit.as_ref());
        assert_eq!(
            allows(Some(Money::new(500, "usd"))),
            "Your spending limit is $5 in each period: 125 QR codes more. Then it stops."
        );
        for none in [None, Some(Money::new(0, "usd")), Some(Money::new(500, "eur"))] {
            assert!(allows(none).starts_with("You have set no spending limit"));
        }
    }

    #[test]
    fn what_counts_in_two_periods_is_told() {
        let beyond = balance(0, 0).beyond.expect("more");
        assert!(counted_late(&meter(), &beyond).ends_with("counts in both."));
        let words = counted_late(&meter(), &Beyond { late: 2, ..beyond });
        assert!(words.ends_with("So 2 QR codes from before this period count in it too."), "{words}");
    }

    #[test]
    fn what_it_costs_is_told_once_there_is_something() {
        let told = |used, forecast| so_far(&meter(), &balance(used, 125), forecast);
        assert_eq!(told(300, None), None);
        let cost = "23 QR codes beyond what is included so far: $0.92, tax apart, on the bill of 2 January 1970.";
        assert_eq!(told(323, None).as_deref(), Some(cost));
        let pace = |about| Some(Forecast { about, runs_out_at: None });
        assert_eq!(told(323, pace(360)), Some(format!("{cost} At this pace it is about $2.40 by then.")));
        assert!(
            told(323, pace(900)).is_some_and(|words| words.ends_with("about $5 by then.")),
            "never beyond the limit"
        );
        assert!(told(150, pace(310)).is_some_and(|words| words.contains("$0.40")));
        assert_eq!(told(150, pace(290)), None);
    }
}

//! What somebody has used of a meter and may still use. A window is a stretch of time with so much of it; several windows may
//! be open at once, and each counts what was used in its time. So nothing is ever handed from one to another, and nothing
//! can be counted in the wrong one.

use super::{
    beyond::Beyond,
    instant::{DAY, Millis, month_of},
    meter::Allowance,
};
use serde_json::Value;

/// One use of something that is metered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The meter's key in `plans.toml`.
    pub meter: String,
    /// So much; at least 1.
    pub amount: i64,
    /// Given by who asks: the same key again is the same use.
    pub key: String,
    /// What Polar is to know about it besides: a flat JSON object.
    pub properties: Value,
}

/// For how long a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Per {
    /// A period of a subscription: Polar counts it too.
    Period,
    /// A calendar month (UTC), counted here alone.
    Month,
    /// A calendar day (UTC), counted here alone.
    Day,
}

impl Per {
    /// Whether uses are counted here alone.
    #[must_use]
    pub fn is_kept(self) -> bool {
        self != Self::Period
    }
}

/// Whether a window is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bill {
    /// It is, or need not be.
    Paid,
    /// Its bill is on its way: it cannot be said yet what may be used.
    Awaited,
    /// Its bill failed: nothing may be used before it is settled.
    Unpaid,
}

impl Bill {
    /// As stored.
    #[must_use]
    pub fn stored(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Awaited => "awaited",
            Self::Unpaid => "unpaid",
        }
    }

    /// Reads what [`Bill::stored`] wrote; a word that is not known gives nothing away.
    #[must_use]
    pub fn of_stored(text: &str) -> Self {
        match text {
            "paid" => Self::Paid,
            "unpaid" => Self::Unpaid,
            _ => Self::Awaited,
        }
    }
}

/// How much may be used in which stretch of time; billing time, the end does not belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// What kind of stretch it is.
    pub per: Per,
    /// Its beginning.
    pub starts_at: Millis,
    /// Its end.
    pub ends_at: Millis,
    /// So much is included.
    pub most: i64,
    /// Whether it is paid for.
    pub bill: Bill,
    /// More of it, where more is sold.
    pub beyond: Option<Beyond>,
}

impl Window {
    /// So much may be used in all: what is included, and what the customer pays beyond that.
    #[must_use]
    pub fn whole(&self) -> i64 {
        self.most.saturating_add(self.beyond.as_ref().map_or(0, |beyond| beyond.most))
    }

    /// What stands for a period that must have begun and that nothing was heard of yet.
    #[must_use]
    pub fn awaited(now: Millis) -> Self {
        Self { per: Per::Period, starts_at: now, ends_at: now, most: 0, bill: Bill::Awaited, beyond: None }
    }

    /// The window of an allowance that is counted here alone, around `now`.
    #[must_use]
    pub fn here(allowance: Allowance, now: Millis) -> Self {
        match allowance {
            Allowance::ADay(most) => {
                let starts_at = now.div_euclid(DAY) * DAY;
                Self { per: Per::Day, starts_at, ends_at: starts_at + DAY, most, bill: Bill::Paid, beyond: None }
            }
            Allowance::AMonth(most) => {
                let (starts_at, ends_at) = month_of(now);
                Self { per: Per::Month, starts_at, ends_at, most, bill: Bill::Paid, beyond: None }
            }
        }
    }
}

/// What somebody has of a meter now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The meter's key in `plans.toml`.
    pub meter: String,
    /// What was used, and is set aside for work that is being done.
    pub used: i64,
    /// So much is included.
    pub most: i64,
    /// More of it, where more is sold.
    pub beyond: Option<Beyond>,
    /// When it begins anew, billing time; `None` where there is nothing.
    pub until: Option<Millis>,
    /// For how long it is.
    pub per: Per,
    /// The bill of what was bought; paid where nothing was.
    pub bill: Bill,
}

impl Balance {
    /// What is left of what is included.
    #[must_use]
    pub fn included(&self) -> i64 {
        (self.most - self.used).max(0)
    }

    /// What may be used still, what is paid beyond included.
    #[must_use]
    pub fn left(&self) -> i64 {
        let beyond = self.beyond.as_ref().map_or(0, |beyond| beyond.most);
        (self.most.saturating_add(beyond) - self.used).max(0)
    }

    /// What was used beyond what is included.
    #[must_use]
    pub fn over(&self) -> i64 {
        (self.used - self.most).max(0)
    }
}

/// Windows with what is used of each.
pub type Standing = [(Window, i64)];

/// The window that `amount` is taken from: what costs nothing goes before what does, what was bought before what is counted
/// here alone, and of two equal ones the fuller. `None` if none has enough.
#[must_use]
pub fn choose(standing: &Standing, amount: i64) -> Option<Window> {
    let after = |used: i64| used.saturating_add(amount);
    let enough = standing.iter().filter(|(window, used)| window.bill == Bill::Paid && after(*used) <= window.whole());
    let costs = |(window, used): &&(Window, i64)| after(*used) > window.most;
    enough.min_by_key(|one| (costs(one), one.0.per, one.1 - one.0.most)).map(|(window, _)| window.clone())
}

/// The window that is to be shown, and what is used of it: the one that the next use would be taken from; if there is none, the
/// one that was bought.
#[must_use]
pub fn shown(standing: &Standing) -> Option<&(Window, i64)> {
    let next = choose(standing, 1);
    let paid = || standing.iter().filter(|(window, _)| window.bill == Bill::Paid).min_by_key(|(window, _)| window.per);
    standing.iter().find(|(window, _)| Some(window) == next.as_ref()).or_else(paid)
}

/// The paid window of which more is sold, and what is used of it: also on a day on which what everybody has goes first.
#[must_use]
pub fn selling(standing: &Standing) -> Option<&(Window, i64)> {
    standing.iter().find(|(window, _)| window.bill == Bill::Paid && window.beyond.is_some())
}

/// What somebody has, by the window that is [`shown`].
#[must_use]
pub fn balance(meter: &str, standing: &Standing) -> Balance {
    balance_of(meter, shown(standing), standing)
}

/// As [`balance`], by this window, or by none.
#[must_use]
pub fn balance_of(meter: &str, shown: Option<&(Window, i64)>, standing: &Standing) -> Balance {
    let (used, most) = shown.map_or((0, 0), |(window, used)| (*used, window.most));
    let (until, per) = shown.map_or((None, Per::Period), |(window, _)| (Some(window.ends_at), window.per));
    let beyond = shown.and_then(|(window, _)| window.beyond.clone());
    Balance { meter: meter.to_owned(), used, most, beyond, until, per, bill: bill(standing) }
}

/// One that is paid is enough; else one that may be paid any moment.
fn bill(standing: &Standing) -> Bill {
    let bought = || standing.iter().filter(|(window, _)| window.per == Per::Period).map(|(window, _)| window.bill);
    let is_none_or_paid = bought().next().is_none() || bought().any(|bill| bill == Bill::Paid);
    match bought().any(|bill| bill == Bill::Awaited) {
        _ if is_none_or_paid => Bill::Paid,
        true => Bill::Awaited,
        false => Bill::Unpaid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rate::Rate;

    fn window(per: Per, most: i64, paid: bool) -> Window {
        let bill = if paid { Bill::Paid } else { Bill::Unpaid };
        Window { per, starts_at: 0, ends_at: DAY, most, bill, beyond: None }
    }

    fn with_more(window: Window, most: i64) -> Window {
        let each = Rate::parse("4").expect("a rate");
        Window { beyond: Some(Beyond { each, currency: "usd".into(), cap: None, most, late: 0 }), ..window }
    }

    #[test]
    fn what_costs_something_goes_last_and_no_further_than_allowed() {
        let (day, period) = (window(Per::Day, 3, true), with_more(window(Per::Period, 300, true), 10));
        assert_eq!(choose(&[(day.clone(), 0), (period.clone(), 299)], 1), Some(period.clone()));
        assert_eq!(choose(&[(day.clone(), 0), (period.clone(), 300)], 1), Some(day.clone()), "nobody pays for a gift");
        assert_eq!(choose(&[(day.clone(), 3), (period.clone(), 309)], 1), Some(period.clone()));
        assert_eq!(choose(&[(day.clone(), 3), (period.clone(), 310)], 1), None);
        assert_eq!(choose(&[(period.clone(), 295)], 15), Some(period.clone()), "a part of it is paid");
        assert_eq!(choose(&[(period.clone(), 295)], 16), None);
        let unpaid = with_more(window(Per::Period, 300, false), 10);
        assert_eq!(choose(&[(unpaid, 0)], 1), None);
        let next_day = [(day.clone(), 0), (period.clone(), 304)];
        assert_eq!(balance("codes", &next_day).per, Per::Day);
        assert_eq!(selling(&next_day), Some(&(period.clone(), 304)), "what it costs is told on every day");
        let over = balance("codes", &[(day, 3), (period, 304)]);
        assert_eq!((over.included(), over.left(), over.over()), (0, 6, 4));
    }

    #[test]
    fn what_was_bought_goes_first_and_what_is_unpaid_gives_nothing() {
        let (day, period) = (window(Per::Day, 3, true), window(Per::Period, 300, true));
        let of = |day_used, used, amount| choose(&[(day.clone(), day_used), (period.clone(), used)], amount);
        assert_eq!(of(0, 0, 1), Some(period.clone()));
        assert_eq!(of(0, 300, 1), Some(day.clone()), "nobody has less than everybody");
        assert_eq!((of(3, 300, 1), of(0, 0, i64::MAX)), (None, None));
        assert_eq!(choose(&[(day.clone(), 0), (window(Per::Period, 300, false), 0)], 4), None);
    }

    #[test]
    fn of_two_that_were_bought_the_fuller_goes_first() {
        let (small, large) = (window(Per::Period, 300, true), window(Per::Period, 2000, true));
        let of = |used| choose(&[(small.clone(), 10), (large.clone(), used)], 1);
        assert_eq!((of(10), of(1990)), (Some(large.clone()), Some(small.clone())));
    }

    #[test]
    fn the_balance_is_of_the_window_that_is_next() {
        let (day, period) = (window(Per::Day, 3, true), window(Per::Period, 300, true));
        let of = |day_used, used| balance("codes", &[(day.clone(), day_used), (period.clone(), used)]);
        assert_eq!(of(1, 299).left(), 1);
        let none = of(3, 300);
        assert_eq!((none.left(), none.per), (0, Per::Period));
        let with = |other: Window| balance("codes", &[(window(Per::Period, 300, false), 0), (other, 0)]).bill;
        assert_eq!((with(day.clone()), with(Window::awaited(0))), (Bill::Unpaid, Bill::Awaited));
        assert_eq!(with(period.clone()), Bill::Paid);
        assert_eq!((balance("codes", &[]).most, balance("codes", &[]).until), (0, None));
    }

    #[test]
    fn days_and_months_are_those_of_the_calendar() {
        let at = time::macros::datetime!(2026-12-31 23:59:59.5 UTC).unix_timestamp() * 1000;
        let day = Window::here(Allowance::ADay(3), at);
        assert!(day.starts_at <= at && at < day.ends_at && day.ends_at - day.starts_at == DAY);
        let month = Window::here(Allowance::AMonth(100), at);
        assert_eq!(month.ends_at - month.starts_at, 31 * DAY);
        assert_eq!(month.ends_at, day.ends_at, "the year ends with both");
    }
}

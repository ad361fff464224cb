//! What somebody has used of a meter and may still use. A window is a stretch of time with so much of it; several windows may
//! be open at once, and each counts what was used in its time. So nothing is ever handed from one to another, and nothing
//! can be counted in the wrong one.

use super::{
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

/// How much may be used in which stretch of time; billing time, the end does not belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// What kind of stretch it is.
    pub per: Per,
    /// Its beginning.
    pub starts_at: Millis,
    /// Its end.
    pub ends_at: Millis,
    /// So much may be used.
    pub most: i64,
    /// Whether it is paid; what is not bought is always so.
    pub paid: bool,
}

impl Window {
    /// The window of an allowance that is counted here alone, around `now`.
    #[must_use]
    pub fn here(allowance: Allowance, now: Millis) -> Self {
        match allowance {
            Allowance::ADay(most) => {
                let starts_at = now.div_euclid(DAY) * DAY;
                Self { per: Per::Day, starts_at, ends_at: starts_at + DAY, most, paid: true }
            }
            Allowance::AMonth(most) => {
                let (starts_at, ends_at) = month_of(now);
                Self { per: Per::Month, starts_at, ends_at, most, paid: true }
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
    /// So much may be used in all.
    pub most: i64,
    /// When it begins anew, billing time; `None` where there is nothing.
    pub until: Option<Millis>,
    /// For how long it is.
    pub per: Per,
    /// A period has begun whose bill is not paid yet.
    pub awaits_payment: bool,
}

impl Balance {
    /// What is left.
    #[must_use]
    pub fn left(&self) -> i64 {
        (self.most - self.used).max(0)
    }
}

/// Windows with what is used of each.
pub type Standing = [(Window, i64)];

/// The window that `amount` is taken from: what was bought goes before what is counted here alone, and of two equal ones the
/// fuller. `None` if none has enough.
#[must_use]
pub fn choose(standing: &Standing, amount: i64) -> Option<Window> {
    let enough = standing.iter().filter(|(window, used)| window.paid && used.saturating_add(amount) <= window.most);
    enough.min_by_key(|(window, used)| (window.per, used - window.most)).map(|(window, _)| *window)
}

/// What is to be shown: the window that the next use would be taken from; if there is none, the one that was bought.
#[must_use]
pub fn balance(meter: &str, standing: &Standing) -> Balance {
    let awaits_payment = standing.iter().any(|(window, _)| !window.paid);
    let next = choose(standing, 1);
    let paid = || standing.iter().filter(|(window, _)| window.paid).min_by_key(|(window, _)| window.per);
    let shown = standing.iter().find(|(window, _)| Some(*window) == next).or_else(paid);
    match shown {
        Some((window, used)) => {
            let (until, per) = (Some(window.ends_at), window.per);
            Balance { meter: meter.to_owned(), used: *used, most: window.most, until, per, awaits_payment }
        }
        None => {
            Balance { meter: meter.to_owned(), used: 0, most: 0, until: None, per: Per::Period, awaits_payment }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(per: Per, most: i64, paid: bool) -> Window {
        Window { per, starts_at: 0, ends_at: DAY, most, paid }
    }

    #[test]
    fn what_was_bought_goes_first_and_what_is_unpaid_gives_nothing() {
        let (day, period) = (window(Per::Day, 3, true), window(Per::Period, 300, true));
        assert_eq!(choose(&[(day, 0), (period, 0)], 1), Some(period));
        assert_eq!(choose(&[(day, 0), (period, 300)], 1), Some(day), "nobody has less than everybody");
        assert_eq!(choose(&[(day, 3), (period, 300)], 1), None);
        assert_eq!(choose(&[(day, 0), (window(Per::Period, 300, false), 0)], 4), None);
        assert_eq!(choose(&[(day, 0)], i64::MAX), None);
    }

    #[test]
    fn of_two_that_were_bought_the_fuller_goes_first() {
        let (small, large) = (window(Per::Period, 300, true), window(Per::Period, 2000, true));
        assert_eq!(choose(&[(small, 10), (large, 10)], 1), Some(large));
        assert_eq!(choose(&[(small, 10), (large, 1990)], 1), Some(small));
    }

    #[test]
    fn the_balance_is_of_the_window_that_is_next() {
        let (day, period) = (window(Per::Day, 3, true), window(Per::Period, 300, true));
        assert_eq!(balance("codes", &[(day, 1), (period, 299)]).left(), 1);
        let none = balance("codes", &[(day, 3), (period, 300)]);
        assert_eq!((none.left(), none.per), (0, Per::Period));
        assert!(balance("codes", &[(window(Per::Period, 300, false), 0), (day, 3)]).awaits_payment);
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

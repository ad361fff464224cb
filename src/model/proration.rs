//! What a change of plan costs in the middle of a paid time, computed as Polar does (C§2.8, webhook 0108): the rest of the
//! new plan's time is billed, and the rest of the old one's is credit. Tax comes on top, or is inside, as with every bill.

use super::instant::{Micros, days_of_month, parse_us, split_date, with_date};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Everything of a percentage, in basis points.
const ALL: i64 = 10_000;

/// A reduction that a subscription has.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Discount {
    /// `percentage` or `fixed`.
    pub r#type: String,
    /// Of a percentage: hundredths of a percent.
    pub basis_points: Option<i64>,
    /// Of a fixed one: minor units in the currency of the subscription.
    pub amount: Option<i64>,
    /// Of a fixed one with several currencies: minor units of each.
    #[serde(default)]
    pub amounts: BTreeMap<String, i64>,
    /// `once`, `repeating` or `forever`.
    pub duration: String,
}

impl Discount {
    /// What it takes off a price: halves are rounded up, and never more than there is. `None` for a kind that nobody knows.
    #[must_use]
    pub fn off(&self, amount: i64, currency: &str) -> Option<i64> {
        match self.r#type.as_str() {
            "percentage" => {
                let exact = i128::from(amount) * i128::from(self.basis_points?);
                i64::try_from((exact * 2 + i128::from(ALL)).div_euclid(2 * i128::from(ALL))).ok()
            }
            "fixed" => Some(self.amounts.get(currency).copied().or(self.amount)?.min(amount)),
            _ => None,
        }
    }
}

/// Some paid time, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// When it began.
    pub start: Micros,
    /// When it ends.
    pub end: Micros,
}

impl Period {
    /// From Polar's two instants.
    #[must_use]
    pub fn read(start: Option<&str>, end: Option<&str>) -> Option<Self> {
        Some(Self { start: parse_us(start?)?, end: parse_us(end?)? }).filter(|period| period.start < period.end)
    }

    /// One that begins at `start` and lasts so many units of Polar's words for them.
    #[must_use]
    pub fn beginning(start: Micros, unit: &str, count: i64) -> Option<Self> {
        const DAY: Micros = 86_400_000_000;
        let end = match unit {
            "day" => start + count * DAY,
            "week" => start + 7 * count * DAY,
            "month" => months_after(start, count)?,
            "year" => months_after(start, 12 * count)?,
            _ => return None,
        };
        Some(Self { start, end })
    }

    /// What of a price for the whole of it falls on the time after `now`: halves go to the even neighbour, as Polar's
    /// decimals do.
    #[must_use]
    pub fn rest_of(&self, amount: i64, now: Micros) -> i64 {
        let (left, whole) = (i128::from(self.end - now), i128::from(self.end - self.start));
        if left <= 0 || whole <= 0 {
            return 0;
        }
        let exact = i128::from(amount) * left;
        let (floor, over) = (exact.div_euclid(whole), 2 * exact.rem_euclid(whole));
        let up = over > whole || (over == whole && floor % 2 != 0);
        i64::try_from(floor + i128::from(up)).unwrap_or(amount)
    }
}

/// The same day and time so many months later; the last day of a month that is too short.
fn months_after(at: Micros, months: i64) -> Option<Micros> {
    let (year, month, day) = split_date(at)?;
    let total = i64::from(year) * 12 + i64::from(month) - 1 + months;
    let year = i32::try_from(total.div_euclid(12)).ok()?;
    let month = u8::try_from(total.rem_euclid(12)).ok()? + 1;
    with_date(at, (year, month, day.min(days_of_month(year, month)?)))
}

/// One fixed price and the time that it is for.
#[derive(Clone, Copy, Debug)]
pub struct Side<'s> {
    /// Minor units for the whole time.
    pub price: i64,
    /// Its currency.
    pub currency: &'s str,
    /// What is taken off.
    pub discount: Option<&'s Discount>,
    /// The time.
    pub period: Period,
}

impl Side<'_> {
    /// What the whole time costs; `None` with a discount of a kind that nobody knows.
    #[must_use]
    pub fn whole(&self) -> Option<i64> {
        let off = self.discount.map_or(Some(0), |discount| discount.off(self.price, self.currency))?;
        Some(self.price - off)
    }

    fn rest(&self, now: Micros) -> Option<i64> {
        Some(self.period.rest_of(self.whole()?, now))
    }
}

/// The rest of the new less the rest of the old, in minor units: below zero it is credit.
#[must_use]
pub fn difference(old: &Side<'_>, new: &Side<'_>, now: Micros) -> Option<i64> {
    Some(new.rest(now)? - old.rest(now)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Micros {
        parse_us(text).unwrap()
    }

    fn discount(text: &str) -> Discount {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn rests_are_rounded_half_to_even_and_are_never_negative() {
        let rest = |amount, now, end| Period { start: 0, end }.rest_of(amount, now);
        assert_eq!(rest(2_500, 1, 10_000), 2_500);
        assert_eq!(rest(1_000, 2, 3), 333);
        assert_eq!((rest(1, 1, 2), rest(3, 1, 2)), (0, 2));
        assert_eq!(rest(1_000, 15, 10), 0);
    }

    #[test]
    fn reductions_round_halves_up_and_end_at_nothing() {
        let third = discount(r#"{"type":"percentage","basis_points":3350,"duration":"forever"}"#);
        assert_eq!((third.off(1_000, "usd"), third.off(10, "usd")), (Some(335), Some(3)));
        let half = discount(r#"{"type":"percentage","basis_points":5000,"duration":"forever"}"#);
        assert_eq!(half.off(5, "usd"), Some(3));
        let fixed = discount(r#"{"type":"fixed","amount":500,"currency":"usd","duration":"once"}"#);
        assert_eq!((fixed.off(1_000, "usd"), fixed.off(300, "usd")), (Some(500), Some(300)));
        assert_eq!(discount(r#"{"type":"by_the_moon","duration":"once"}"#).off(1_000, "usd"), None);
    }

    #[test]
    fn months_end_on_their_last_day() {
        let end = |unit, count| Period::beginning(at("2028-01-31T10:00:00Z"), unit, count).map(|period| period.end);
        assert_eq!(end("month", 1), Some(at("2028-02-29T10:00:00Z")));
        assert_eq!(end("year", 1), Some(at("2029-01-31T10:00:00Z")));
        assert_eq!(end("week", 2), Some(at("2028-02-14T10:00:00Z")));
        assert_eq!(end("moon", 1), None);
    }

    #[test]
    fn a_dearer_plan_costs_the_difference_for_the_rest_and_a_cheaper_one_is_credit() {
        let period = Period { start: at("2027-04-01T00:00:00Z"), end: at("2027-05-01T00:00:00Z") };
        let side = |price| Side { price, currency: "usd", discount: None, period };
        let now = at("2027-04-16T00:00:00Z");
        assert_eq!(difference(&side(1_000), &side(2_500), now), Some(750));
        assert_eq!(difference(&side(2_500), &side(1_000), now), Some(-750));
    }
}

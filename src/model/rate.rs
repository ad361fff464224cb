//! What one unit of a meter costs: often less than the smallest coin, so it is an exact decimal number of minor units, and
//! only a sum is rounded, once, as Polar does (C§2.2, webhook 0362).

use super::money;
use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Polar takes so many decimals.
const DECIMALS: u32 = 12;

/// Polar takes less than this.
const BEYOND: i64 = 100_000;

/// The price of one unit, in minor units of a currency that stands beside it; more than nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate(Decimal);

impl Rate {
    /// Reads a decimal number as Polar writes it: `4`, `0.100000000000`. `None` for what is no price.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let price = text.parse::<Decimal>().ok()?.normalize();
        let fits = price > Decimal::ZERO && price < Decimal::from(BEYOND) && price.scale() <= DECIMALS;
        fits.then_some(Self(price))
    }

    /// What so many units cost, in minor units, halves up.
    #[must_use]
    pub fn cost(self, units: i64) -> i64 {
        let exact = self.0.checked_mul(Decimal::from(units.max(0))).unwrap_or(Decimal::MAX);
        let whole = exact.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
        whole.to_i64().unwrap_or(i64::MAX)
    }

    /// So many units cost no more than `most` minor units.
    #[must_use]
    pub fn units_for(self, most: i64) -> i64 {
        let units = Decimal::from(most.max(0)).checked_div(self.0).map(|units| units.floor());
        units.and_then(|units| units.to_i64()).unwrap_or(i64::MAX)
    }

    /// As people write it: `$0.04`, `$0.001`, `¥1.5`.
    #[must_use]
    pub fn words(self, currency: &str) -> String {
        let places = money::decimals(currency);
        let mut whole = (self.0 / Decimal::from(10_u64.pow(places))).normalize();
        if whole.scale() > 0 && whole.scale() < places {
            whole.rescale(places);
        }
        money::named(currency, &whole.to_string())
    }
}

impl fmt::Display for Rate {
    /// As Polar takes it: `4`, `0.1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

impl TryFrom<String> for Rate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let why = || format!("{text:?} is no price of a unit: a number above 0 with at most {DECIMALS} decimals");
        Self::parse(&text).ok_or_else(why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(text: &str) -> Rate {
        Rate::parse(text).expect("a rate")
    }

    #[test]
    fn what_is_no_price_is_refused() {
        for odd in ["", "0", "-1", "four", "100000", "0.0000000000001", "1e3x", "NaN"] {
            assert_eq!(Rate::parse(odd), None, "{odd}");
        }
        assert_eq!(rate("0.100000000000"), rate("0.1"));
        assert_eq!(rate("4.000").to_string(), "4");
    }

    #[test]
    fn a_sum_is_exact_and_rounded_once() {
        assert_eq!(rate("0.1").cost(15_000), 1_500, "webhook 0362");
        assert_eq!((rate("0.1").cost(4), rate("0.1").cost(5), rate("0.1").cost(14)), (0, 1, 1));
        assert_eq!((rate("4").cost(0), rate("4").cost(-3)), (0, 0));
        assert_eq!(rate("99999").cost(i64::MAX), i64::MAX);
    }

    #[test]
    fn a_limit_in_money_is_never_passed() {
        assert_eq!((rate("4").units_for(500), rate("3").units_for(500), rate("4").units_for(3)), (125, 166, 0));
        assert_eq!((rate("4").units_for(-1), rate("0.000000000001").units_for(i64::MAX)), (0, i64::MAX));
        for (price, most) in [("0.7", 10), ("3", 500), ("0.33", 1), ("12.5", 99)] {
            let units = rate(price).units_for(most);
            assert!(rate(price).cost(units) <= most, "{price} {most}");
        }
    }

    #[test]
    fn it_is_written_as_people_do() {
        let words = |price, currency| rate(price).words(currency);
        assert_eq!((words("4", "usd"), words("0.1", "usd")), ("$0.04".into(), "$0.001".into()));
        assert_eq!((words("150", "usd"), words("1200", "eur")), ("$1.50".into(), "€12".into()));
        assert_eq!((words("1.5", "jpy"), words("50", "chf")), ("¥1.5".into(), "CHF 0.50".into()));
    }
}

//! Meters: what is used up, and how much of it a plan allows.

use super::catalog::Interval;
use serde::Deserialize;

/// Something that is used up. Its key in `plans.toml` is the name of Polar's events and of our records.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meter {
    /// As a heading: `QR codes`.
    pub name: String,
    /// One of them in a sentence: `QR code`.
    pub one: String,
    /// Several of them in a sentence: `QR codes`.
    pub many: String,
}

impl Meter {
    /// `1 QR code`, `3 QR codes`.
    #[must_use]
    pub fn counted(&self, units: i64) -> String {
        format!("{units} {}", if units == 1 { &self.one } else { &self.many })
    }
}

/// How much of a meter a plan allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowance {
    /// So many a day (UTC), counted here alone.
    ADay(i64),
    /// So many a month; a subscription is given them by Polar, at each renewal for the whole period.
    AMonth(i64),
}

impl Allowance {
    /// What a subscription is given at each renewal: the months of its period at once, and a period shorter than a month as
    /// much as a month. `None` where Polar gives nothing: by the day, and for what is paid once, which Polar would give only
    /// once.
    #[must_use]
    pub fn per_period(self, interval: &Interval) -> Option<i64> {
        let (Self::AMonth(units), Interval::Every { unit, count }) = (self, interval) else { return None };
        let months = match unit.as_str() {
            "month" => *count,
            "year" => count.saturating_mul(12),
            _ => 1,
        };
        Some(units.saturating_mul(months))
    }

    /// So many in a month of thirty days: by this, plans are compared.
    #[must_use]
    pub fn in_a_month(self) -> i64 {
        match self {
            Self::ADay(units) => units.saturating_mul(30),
            Self::AMonth(units) => units,
        }
    }

    /// `3 a day`, `300 a month`.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::ADay(units) => format!("{units} a day"),
            Self::AMonth(units) => format!("{units} a month"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewal_gives_the_months_of_its_period() {
        let every = |unit: &str, count| Interval::Every { unit: unit.to_owned(), count };
        let given = |interval| Allowance::AMonth(300).per_period(&interval);
        assert_eq!(given(every("month", 1)), Some(300));
        assert_eq!(given(every("month", 3)), Some(900));
        assert_eq!(given(every("year", 1)), Some(3600));
        assert_eq!((given(every("week", 1)), given(every("day", 10))), (Some(300), Some(300)));
        assert_eq!(given(Interval::Once), None);
        assert_eq!(Allowance::ADay(3).per_period(&every("month", 1)), None);
    }

    #[test]
    fn allowances_and_numbers_are_told_in_words() {
        assert_eq!(Allowance::ADay(3).words(), "3 a day");
        assert_eq!(Allowance::AMonth(300).words(), "300 a month");
        let word = str::to_owned;
        let codes = Meter { name: word("QR codes"), one: word("QR code"), many: word("QR codes") };
        assert_eq!((codes.counted(1), codes.counted(3)), (word("1 QR code"), word("3 QR codes")));
    }
}

//! The bars of a chart of uses: one for each day of a stretch of time, one for each month of a long one.

use super::instant::{DAY, Millis, month_of};

/// A stretch of more days than this is shown by the month.
const MOST_DAYS: i64 = 62;

/// What was used in one day or month (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Its beginning.
    pub from: Millis,
    /// Its end, which does not belong to it.
    pub until: Millis,
    /// So much.
    pub amount: i64,
}

impl Bar {
    /// Whether it is one day.
    #[must_use]
    pub fn is_day(&self) -> bool {
        self.until - self.from == DAY
    }
}

/// The bars from `from` until before `until`, out of what was used by day; a day is a number of days since 1970.
#[must_use]
pub fn bars(days: &[(i64, i64)], (from, until): (Millis, Millis)) -> Vec<Bar> {
    let by_day = until - from <= MOST_DAYS * DAY;
    let (mut bars, mut at) = (Vec::new(), from.div_euclid(DAY) * DAY);
    while at < until {
        let (from, until) = if by_day { (at, at + DAY) } else { month_of(at) };
        let within = days.iter().filter(|(day, _)| (from..until).contains(&day.saturating_mul(DAY)));
        bars.push(Bar { from, until, amount: within.map(|(_, amount)| amount).sum() });
        at = until;
    }
    bars
}

/// What was used by calendar month, the newest first, out of what was used by day.
#[must_use]
pub fn months(days: &[(i64, i64)]) -> Vec<Bar> {
    let mut months: Vec<Bar> = Vec::new();
    for (day, amount) in days {
        let (from, until) = month_of(day.saturating_mul(DAY));
        match months.iter_mut().find(|month| month.from == from) {
            Some(month) => month.amount += amount,
            None => months.push(Bar { from, until, amount: *amount }),
        }
    }
    months.sort_unstable_by_key(|month| std::cmp::Reverse(month.from));
    months
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn at(at: time::OffsetDateTime) -> Millis {
        at.unix_timestamp() * 1000
    }

    #[test]
    fn a_period_that_begins_at_noon_has_its_first_and_last_day() {
        let (from, until) = (at(datetime!(2026-11-03 12:00 UTC)), at(datetime!(2026-12-03 12:00 UTC)));
        let first = from.div_euclid(DAY);
        let bars = bars(&[(first, 2), (first + 30, 5), (first + 31, 9)], (from, until));
        assert_eq!(bars.len(), 31);
        assert_eq!((bars[0].amount, bars[30].amount, bars.iter().map(|bar| bar.amount).sum::<i64>()), (2, 5, 7));
        assert!(bars.iter().all(Bar::is_day) && bars.is_sorted_by_key(|bar| bar.from));
    }

    #[test]
    fn a_year_is_shown_by_the_month_and_loses_nothing() {
        let (from, until) = (at(datetime!(2026-11-03 12:00 UTC)), at(datetime!(2027-11-03 12:00 UTC)));
        let days: Vec<_> = (from.div_euclid(DAY)..=until.div_euclid(DAY)).map(|day| (day, 1)).collect();
        let bars = bars(&days, (from, until));
        assert_eq!((bars.len(), bars[0].amount, bars[12].amount), (13, 28, 3));
        assert_eq!(bars.iter().map(|bar| bar.amount).sum::<i64>(), 366);
        assert!(!bars.iter().any(Bar::is_day));
    }

    #[test]
    fn months_are_told_the_newest_first() {
        let day = |at: time::OffsetDateTime| self::at(at) / DAY;
        let days = [(day(datetime!(2026-01-31 0:00 UTC)), 1), (day(datetime!(2026-02-01 0:00 UTC)), 2)];
        let days = [days[0], days[1], (days[1].0 + 1, 3)];
        let told: Vec<_> = months(&days).iter().map(|month| (month.from, month.amount)).collect();
        assert_eq!(told, [(at(datetime!(2026-02-01 0:00 UTC)), 5), (at(datetime!(2026-01-01 0:00 UTC)), 1)]);
        assert_eq!(bars(&[], (0, 0)), []);
    }
}

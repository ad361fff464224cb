//! When somebody is told by mail that much of what they bought is used: at which percents, of which window.

use super::usage::{Bill, Per, Standing, Window};

/// What can be chosen, in percent.
pub const OFFERED: [i64; 4] = [50, 80, 90, 100];

/// What it is for whoever chose nothing.
pub const USUAL: [i64; 2] = [80, 100];

/// The highest of `percents` that is reached; one use that leaps over several is told of once.
#[must_use]
pub fn reached(percents: &[i64], used: i64, most: i64) -> Option<i64> {
    let is_reached = |percent: &i64| i128::from(used) * 100 >= i128::from(most) * i128::from(*percent);
    percents.iter().copied().filter(is_reached).max()
}

/// Whether somebody may be told of this window at all: it is paid, and no day, which would be told of each day.
#[must_use]
pub fn is_told(window: &Window) -> bool {
    window.per != Per::Day && window.bill == Bill::Paid
}

/// The window that a use is told of which was counted beside the limits: of those that count it, the one with the most left.
#[must_use]
pub fn watched(standing: &Standing, kept: bool) -> Option<(Window, i64)> {
    let counting = standing.iter().filter(|(window, _)| is_told(window) && window.per.is_kept() == kept);
    counting.max_by_key(|(window, used)| window.most - used).cloned()
}

/// As stored: `80,100`.
#[must_use]
pub fn stored(percents: &[i64]) -> String {
    percents.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}

/// Reads what [`stored`] wrote.
#[must_use]
pub fn of_stored(text: &str) -> Vec<i64> {
    text.split(',').filter_map(|percent| percent.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(per: Per, most: i64) -> Window {
        Window { per, starts_at: 0, ends_at: 1, most, bill: Bill::Paid, beyond: None }
    }

    #[test]
    fn the_highest_that_is_reached_is_told() {
        assert_eq!(reached(&USUAL, 239, 300), None);
        assert_eq!((reached(&USUAL, 240, 300), reached(&USUAL, 299, 300)), (Some(80), Some(80)));
        assert_eq!((reached(&USUAL, 300, 300), reached(&USUAL, 400, 300)), (Some(100), Some(100)));
        assert_eq!((reached(&[], 300, 300), reached(&USUAL, i64::MAX, i64::MAX)), (None, Some(100)));
        assert_eq!((reached(&[50], 1, 3), reached(&[50], 2, 3)), (None, Some(50)), "a part of one is not reached");
    }

    #[test]
    fn days_and_what_is_not_paid_are_not_told() {
        let (day, month, period) = (window(Per::Day, 3), window(Per::Month, 100), window(Per::Period, 300));
        let unpaid = Window { bill: Bill::Unpaid, ..window(Per::Period, 2000) };
        let standing = [(day.clone(), 3), (month.clone(), 100), (period.clone(), 290), (unpaid.clone(), 0)];
        assert_eq!(
            (watched(&standing, true), watched(&standing, false)),
            (Some((month, 100)), Some((period.clone(), 290)))
        );
        assert_eq!((watched(&[(day, 3)], true), watched(&[(unpaid, 0)], false)), (None, None));
        let larger = window(Per::Period, 2000);
        assert_eq!(watched(&[(period, 290), (larger.clone(), 290)], false), Some((larger, 290)));
    }

    #[test]
    fn what_is_stored_is_read_again() {
        for percents in [&OFFERED[..], &[100], &[]] {
            assert_eq!(of_stored(&stored(percents)), percents);
        }
    }
}

//! What will be used of a window at its end if it goes on as it did: a straight line, told roughly, and not before there is
//! something to draw it through.

use super::{
    instant::{DAY, Millis},
    usage::{Bill, Per, Window},
};

/// Before this part of a window nothing is foretold: one busy morning is no pace.
const EARLIEST: i64 = 20;

/// How it will end at this pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// About so much will be used by the end.
    pub about: i64,
    /// When nothing is left, where that is before the end.
    pub runs_out_at: Option<Millis>,
}

/// How a window will end of which so much is used by `now`. `None` for days, for what is not paid, when nothing is used or
/// everything is, and in its first days.
#[must_use]
pub fn forecast(window: &Window, used: i64, now: Millis) -> Option<Forecast> {
    let (span, gone) = (window.ends_at - window.starts_at, now - window.starts_at);
    let is_open = gone >= DAY.max(span / EARLIEST) && now < window.ends_at;
    let whole = window.whole();
    let is_some = (1..whole).contains(&used);
    if window.per == Per::Day || window.bill != Bill::Paid || !is_open || !is_some {
        return None;
    }
    let runs_out_at = window.starts_at.saturating_add(scaled(whole, gone, used));
    let runs_out_at = Some(runs_out_at).filter(|at| *at < window.ends_at);
    let about = rough(scaled(used, span, gone));
    // Rounding must not tell of a lack that there is not.
    let about = if runs_out_at.is_some() { about } else { about.min(whole) };
    Some(Forecast { about: about.max(used), runs_out_at })
}

/// `value * by / of`, without running over.
fn scaled(value: i64, by: i64, of: i64) -> i64 {
    let scaled = i128::from(value) * i128::from(by) / i128::from(of);
    i64::try_from(scaled).unwrap_or(i64::MAX)
}

/// Rounded to two figures: 413 is about 410.
fn rough(value: i64) -> i64 {
    let digits = value.checked_ilog10().unwrap_or(0);
    let unit = 10_i64.pow(digits.saturating_sub(1));
    value.saturating_add(unit / 2) / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{beyond::Beyond, rate::Rate};

    const MONTH: Window = Window {
        per: Per::Month,
        starts_at: 1000 * DAY,
        ends_at: 1030 * DAY,
        most: 300,
        bill: Bill::Paid,
        beyond: None,
    };

    fn on_day(day: i64, used: i64) -> Option<Forecast> {
        forecast(&MONTH, used, (1000 + day) * DAY)
    }

    #[test]
    fn a_pace_that_is_too_fast_says_when_it_runs_out() {
        assert_eq!(
            on_day(10, 137),
            Some(Forecast { about: 410, runs_out_at: Some(1000 * DAY + 300 * 10 * DAY / 137) })
        );
        assert_eq!(on_day(10, 100), Some(Forecast { about: 300, runs_out_at: None }), "just enough is enough");
        assert_eq!(on_day(15, 30), Some(Forecast { about: 60, runs_out_at: None }));
        assert_eq!(on_day(29, 299).map(|it| it.about >= 299), Some(true), "never less than is used");
    }

    #[test]
    fn what_is_rounded_tells_of_no_lack() {
        let odd = Window { most: 999, ..MONTH };
        assert_eq!(forecast(&odd, 499, 1015 * DAY + DAY / 2), Some(Forecast { about: 970, runs_out_at: None }));
        assert_eq!(forecast(&odd, 499, 1015 * DAY), Some(Forecast { about: 999, runs_out_at: None }));
    }

    #[test]
    fn what_is_paid_beyond_counts_with_what_is_included() {
        let each = Rate::parse("4").expect("a rate");
        let beyond = Some(Beyond { each, currency: "usd".into(), cap: None, most: 125, late: 0 });
        let more = Window { beyond, ..MONTH };
        assert_eq!(forecast(&more, 137, 1010 * DAY), Some(Forecast { about: 410, runs_out_at: None }));
        assert_eq!(forecast(&more, 310, 1020 * DAY).map(|it| it.runs_out_at.is_some()), Some(true), "425 are not 465");
    }

    #[test]
    fn nothing_is_foretold_without_a_ground() {
        assert_eq!((on_day(1, 5), on_day(10, 0), on_day(10, 300), on_day(30, 5)), (None, None, None, None));
        let day = Window { per: Per::Day, ..MONTH };
        let unpaid = Window { bill: Bill::Unpaid, ..MONTH };
        assert_eq!((forecast(&day, 5, 1010 * DAY), forecast(&unpaid, 5, 1010 * DAY)), (None, None));
        let week = Window { ends_at: 1007 * DAY, ..MONTH };
        assert!(forecast(&week, 5, 1000 * DAY + DAY / 2).is_none() && forecast(&week, 5, 1001 * DAY).is_some());
    }

    #[test]
    fn numbers_at_their_ends_do_not_run_over() {
        let vast = Window { most: i64::MAX, ..MONTH };
        let told = forecast(&vast, i64::MAX - 1, 1015 * DAY).map(|it| it.about);
        assert_eq!(told, Some(i64::MAX - 1));
        assert_eq!([0, 9, 10, 99, 104, 105, 995].map(rough), [0, 9, 10, 99, 100, 110, 1000]);
    }
}

//! What Polar holds of somebody's meter beside what we hold: the same, something else for a reason that is no concern, or
//! something else. Polar's balance comes late, begins anew at renewals alone, and counts a use when it arrives (C§2.11).

use super::{
    instant::{HOUR, Millis},
    usage::Bill,
};
use std::cmp::Ordering;

/// Polar's balances are up to so much late.
pub const LAG: Millis = 3 * HOUR;

/// Sums of whole numbers are compared as Polar tells them.
const SAME: f64 = 1e-6;

const TURNED: &str = "a period began or ended within the last 3 hours, and Polar's balance comes late";
const AWAITED: &str = "the bill of a period is awaited";
const UNPAID: &str = "the bill of a period is unpaid";
const SWITCHED: &str = "the plan was changed within the period";
const REGIVEN: &str = "what Polar gives was changed within the period, and counts from the next renewal on";
const SEVERAL: &str = "several subscriptions give of it, and Polar begins anew at the renewal of any";
const EARLIER: &str = "it goes on from before the period, as Polar begins anew at renewals alone";
const CARRIED: &str = "what goes along to a period follows what was counted before it, and what was used around a renewal \
                       counts when it arrives";
const NEAR: &str =
    "what was sent in the last 3 hours comes late, and what was used around a renewal counts when it arrives";

/// Where Polar's sum stands beside ours, which lies between `least` and `most`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "sums of uses are far below 2^53")]
pub fn beside(theirs: f64, (least, most): (i64, i64)) -> Ordering {
    match theirs {
        theirs if theirs < least as f64 - SAME => Ordering::Less,
        theirs if theirs > most as f64 + SAME => Ordering::Greater,
        _ => Ordering::Equal,
    }
}

/// What Polar holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Theirs {
    /// Units that were given.
    pub credited: i64,
    /// Units that were used since Polar began anew.
    pub consumed: f64,
}

/// A period that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its beginning, billing time.
    pub starts_at: Millis,
    /// So much may be used.
    pub most: i64,
    /// Whether it is paid for.
    pub bill: Bill,
}

/// What was sent of what was used since an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// What Polar took.
    pub least: i64,
    /// That, and what is on its way.
    pub most: i64,
    /// So much of it Polar may not count: it was sent within [`LAG`], or used within that after the instant.
    pub loose: i64,
    /// So much of what was used before Polar may count too: within [`LAG`] before the instant, or sent after it.
    pub beyond: i64,
}

/// What we hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ours {
    /// Every period that is open.
    pub periods: Vec<Period>,
    /// Since the last of them began; then since other instants from which Polar may count. Empty if none is open: what
    /// was used then takes nothing away.
    pub sent: Vec<Sent>,
    /// Whether a period began or ended within [`LAG`].
    pub turned: bool,
    /// Whether the plan was changed since the first of the open periods began.
    pub switched: bool,
    /// Whether what Polar gives was changed since then.
    pub regiven: bool,
    /// Whether what is left of a period goes along to the next.
    pub rolls_over: bool,
}

/// How both stand to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The same.
    Equal,
    /// Not the same, for a reason that is no concern: both in words.
    Explained(String),
    /// Not the same, in words.
    Differs(String),
}

/// A difference, and why it is no concern.
struct Difference {
    words: String,
    why: Option<&'static str>,
}

impl Difference {
    fn told(&self) -> String {
        self.why.map_or_else(|| self.words.clone(), |why| format!("{}: {why}", self.words))
    }
}

/// Holds Polar's balance against what we hold.
#[must_use]
pub fn judge(theirs: Theirs, ours: &Ours) -> Verdict {
    verdict([credits(theirs.credited, ours), uses(theirs.consumed, ours)].into_iter().flatten().collect())
}

/// Of somebody at whom Polar has no balance: it has one from the first credit on.
#[must_use]
pub fn judge_missing(ours: &Ours) -> Verdict {
    let was_used = ours.sent.first().is_some_and(|sent| sent.most > 0);
    match (ours.turned, was_used) {
        (true, false) => Verdict::Equal,
        (turned, _) => {
            let words = format!("Polar has no balance, we give {}", ours.given());
            verdict(vec![Difference { words, why: turned.then_some(TURNED) }])
        }
    }
}

fn verdict(found: Vec<Difference>) -> Verdict {
    let words = found.iter().map(Difference::told).collect::<Vec<_>>().join("; ");
    match found.iter().all(|difference| difference.why.is_some()) {
        _ if found.is_empty() => Verdict::Equal,
        true => Verdict::Explained(words),
        false => Verdict::Differs(words),
    }
}

fn credits(theirs: i64, ours: &Ours) -> Option<Difference> {
    let given = ours.given();
    let why = || {
        let changed = ours.switched.then_some(SWITCHED).or(ours.regiven.then_some(REGIVEN));
        let several = ours.gives_some_of(theirs).then_some(SEVERAL);
        ours.excuse().or(changed).or(several).or(ours.carries_about(theirs).then_some(CARRIED))
    };
    (theirs != given).then(|| Difference { words: format!("Polar gives {theirs}, we give {given}"), why: why() })
}

fn uses(theirs: f64, ours: &Ours) -> Option<Difference> {
    let (present, others) = ours.sent.split_first()?;
    if present.is(theirs) {
        return None;
    }
    let earlier = |is: fn(&Sent, f64) -> bool| others.iter().any(|sent| is(sent, theirs)).then_some(EARLIER);
    let near = present.is_near(theirs).then_some(NEAR);
    let why = ours.excuse().or(earlier(Sent::is)).or(near).or(earlier(Sent::is_near));
    Some(Difference { words: format!("Polar counts {theirs} used, we sent {} of the period", present.least), why })
}

impl Sent {
    fn is(&self, theirs: f64) -> bool {
        beside(theirs, (self.least, self.most)).is_eq()
    }

    fn is_near(&self, theirs: f64) -> bool {
        beside(theirs, (self.least - self.loose, self.most + self.beyond)).is_eq()
    }
}

impl Ours {
    fn paid(&self) -> impl Iterator<Item = &Period> {
        self.periods.iter().filter(|period| period.bill == Bill::Paid)
    }

    fn given(&self) -> i64 {
        self.paid().fold(0, |sum, period| sum.saturating_add(period.most))
    }

    fn is_open_with(&self, bill: Bill) -> bool {
        self.periods.iter().any(|period| period.bill == bill)
    }

    /// What may make anything differ for a while.
    fn excuse(&self) -> Option<&'static str> {
        let awaited = self.is_open_with(Bill::Awaited).then_some(AWAITED);
        let unpaid = self.is_open_with(Bill::Unpaid).then_some(UNPAID);
        awaited.or(unpaid).or(self.turned.then_some(TURNED))
    }

    /// Whether it differs by no more than was used around the last renewal.
    fn carries_about(&self, theirs: i64) -> bool {
        let around = |sent: &Sent| (self.given() - sent.loose..=self.given() + sent.beyond).contains(&theirs);
        self.rolls_over && self.sent.first().is_some_and(around)
    }

    /// Whether it is what some of several subscriptions give that do not renew together.
    fn gives_some_of(&self, theirs: i64) -> bool {
        let begins: Vec<Millis> = self.paid().map(|period| period.starts_at).collect();
        let do_not_renew_together = begins.iter().any(|at| Some(at) != begins.first());
        let least = self.paid().map(|period| period.most).min();
        do_not_renew_together && least.is_some_and(|least| (least..=self.given()).contains(&theirs))
    }
}

#[cfg(test)]
mod tests;

//! Rate limits (C§1.5): all are off until they are switched on, so that tests run at full speed.

use std::collections::{HashMap, VecDeque};

use crate::sandbox::clock::{Clock, Stamp};
use crate::sandbox::state::State;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
/// How long a token is known after it was seen to be valid.
const KNOWN: i64 = 300 * SECOND;
/// Requests a minute with a token that is not known yet.
const UNKNOWN_PER_MINUTE: usize = 60;
/// Confirmations a minute and an hour; one too many blocks for half an hour.
const CONFIRMS: [(i64, usize); 2] = [(MINUTE, 6), (HOUR, 20)];
const BLOCK: i64 = 30 * MINUTE;

/// What was asked lately, by the machine's own time.
#[derive(Default)]
pub struct Limits {
    all: VecDeque<Stamp>,
    confirms: VecDeque<Stamp>,
    blocked_until: Option<Stamp>,
    /// Tokens and until when they are known.
    known: HashMap<String, Stamp>,
    unknown: HashMap<String, VecDeque<Stamp>>,
}

impl State {
    /// Counts a request of the organization; gives the seconds to wait if it is one too many.
    pub fn admit(&mut self) -> Option<i64> {
        let limit = usize::try_from(self.faults.rate_limit?).unwrap_or(usize::MAX);
        count(&mut self.limits.all, Clock::wall(), MINUTE, limit)
    }

    /// Counts a request with a token that was not seen to be valid within five minutes; many at once are refused, and
    /// so are many with a token that is none.
    pub fn admit_token(&mut self, token: &str) -> Option<i64> {
        let wall = Clock::wall();
        if !self.faults.limit_new_tokens || self.limits.known.get(token).is_some_and(|until| *until > wall) {
            return None;
        }
        count(self.limits.unknown.entry(token.to_owned()).or_default(), wall, MINUTE, UNKNOWN_PER_MINUTE)
    }

    /// Remembers a token that was seen to be valid.
    pub fn know(&mut self, token: &str) {
        if self.faults.limit_new_tokens {
            self.limits.known.insert(token.to_owned(), Stamp(Clock::wall().0 + KNOWN));
        }
    }

    /// Counts a confirmation of a checkout.
    pub fn admit_confirm(&mut self) -> Option<i64> {
        if !self.faults.limit_confirms {
            return None;
        }
        let wall = Clock::wall();
        if let Some(until) = self.limits.blocked_until.filter(|until| *until > wall) {
            return Some(seconds(until.0 - wall.0));
        }
        let (longest, _) = CONFIRMS[1];
        let confirms = &mut self.limits.confirms;
        confirms.retain(|at| at.0 > wall.0 - longest);
        let full = |(span, most): &(i64, usize)| confirms.iter().filter(|at| at.0 > wall.0 - span).count() >= *most;
        if CONFIRMS.iter().any(full) {
            self.limits.blocked_until = Some(Stamp(wall.0 + BLOCK));
            return Some(seconds(BLOCK));
        }
        confirms.push_back(wall);
        None
    }
}

/// One more within `span`, or how long to wait until there is room for one.
fn count(times: &mut VecDeque<Stamp>, wall: Stamp, span: i64, most: usize) -> Option<i64> {
    times.retain(|at| at.0 > wall.0 - span);
    if times.len() >= most {
        return Some(times.front().map_or(1, |first| seconds(first.0 + span - wall.0)));
    }
    times.push_back(wall);
    None
}

fn seconds(us: i64) -> i64 {
    (us / SECOND).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_requests_are_admitted_in_a_minute() {
        let mut state = State::new();
        assert!((0..1_000).all(|_| state.admit().is_none()), "no limit unless it is switched on");
        state.faults.rate_limit = Some(2);
        assert_eq!((state.admit(), state.admit()), (None, None));
        assert!(state.admit().is_some_and(|seconds| (1..=60).contains(&seconds)));
        state.limits.all.iter_mut().for_each(|at| at.0 -= MINUTE);
        assert_eq!(state.admit(), None);
    }

    #[test]
    fn a_token_is_new_until_it_was_seen_and_again_after_five_minutes() {
        let mut state = State::new();
        assert!((0..100).all(|_| state.admit_token("t").is_none()), "no limit unless it is switched on");
        state.faults.limit_new_tokens = true;
        assert!((0..60).all(|_| state.admit_token("t").is_none()));
        assert!(state.admit_token("t").is_some());
        assert_eq!(state.admit_token("another"), None);
        state.know("t");
        assert_eq!(state.admit_token("t"), None);
        state.limits.known.values_mut().for_each(|until| until.0 -= KNOWN);
        assert!(state.admit_token("t").is_some());
    }

    #[test]
    fn one_confirmation_too_many_blocks_for_half_an_hour() {
        let mut state = State::new();
        state.faults.limit_confirms = true;
        assert!((0..6).all(|_| state.admit_confirm().is_none()));
        assert_eq!(state.admit_confirm(), Some(1_800));
        assert!(state.admit_confirm().is_some_and(|seconds| seconds > 1_700));
        state.limits.blocked_until = None;
        for round in 0..3 {
            state.limits.confirms.iter_mut().for_each(|at| at.0 -= MINUTE);
            let admitted = (0..6).filter(|_| state.admit_confirm().is_none()).count();
            assert_eq!(admitted, if round < 2 { 6 } else { 2 }, "twenty an hour");
        }
    }
}

//! The queue of deliveries: first in, first out for each endpoint, with Polar's retries (C§3.3).

use std::collections::HashSet;

use uuid::Uuid;

use super::events::{Attempt, Event};
use crate::sandbox::clock::{Clock, Stamp};
use crate::sandbox::life::jobs::What;
use crate::sandbox::secrets;
use crate::sandbox::state::State;

/// Attempts in all before an event is given up.
const ATTEMPTS: u32 = 10;
/// A first attempt that fails is repeated after this; each further wait is twice as long.
const FIRST_RETRY_MS: f64 = 2_000.0;
/// No wait between attempts is longer.
const LONGEST_RETRY_MS: f64 = 1_200_000.0;
/// Before the first attempt.
const DELAY_MS: i64 = 50;
/// Without a new event for so long, the shuffled ones that wait are sent: longer than any wait between an event and what
/// follows from it, so that the same ones meet each time.
const PAUSE_MS: i64 = 1_500;
/// Shuffled deliveries move back by fewer places than this.
const SPREAD: u64 = 16;
/// Later events wait for an untried one no longer than this.
const PATIENCE_MS: i64 = 60_000;
/// More attempts than an event has: numbers of the seeded series for each event.
const ROOM: u64 = 64;

/// What goes over the wire.
pub struct Parcel {
    pub id: Uuid,
    pub kind: String,
    pub url: String,
    pub key: Vec<u8>,
    pub body: String,
    /// Its signature is made wrong on purpose.
    pub corrupt: bool,
}

impl State {
    /// Takes what may be sent now, and says how many microseconds later to look again.
    pub fn take_due(&mut self) -> (Vec<Parcel>, Option<u64>) {
        self.skip_unwanted();
        if !self.faults.sender || self.faults.down {
            return (Vec::new(), None);
        }
        let wall = Clock::wall();
        let pause = self.pause(wall);
        let late = |event: &&Event| !event.is_orderly() && !event.in_flight && !event.finished && event.due <= wall;
        let mut ready: Vec<Uuid> = self.events.iter().filter(late).map(|event| event.id).collect();
        ready.extend(self.endpoints.iter().filter(|one| one.enabled).filter_map(|one| self.next_of(one.id, wall)));
        for event in self.events.iter_mut().filter(|event| ready.contains(&event.id)) {
            event.in_flight = true;
        }
        let waiting = self.events.iter().filter(|event| !event.finished && !event.in_flight && event.due > wall);
        let next = waiting.map(|event| event.due).chain(pause).min().map(|at| (at.0 - wall.0).unsigned_abs());
        (ready.into_iter().filter_map(|id| self.parcel(id)).collect(), next)
    }

    /// Of the deliveries that go one by one, the next for this endpoint.
    fn next_of(&self, endpoint_id: Uuid, wall: Stamp) -> Option<Uuid> {
        let fresh = |event: &Event| wall < event.created_at.plus_ms(PATIENCE_MS);
        let orderly = |event: &&Event| event.endpoint_id == endpoint_id && !event.finished && event.is_orderly();
        let queue = self.events.iter().filter(orderly);
        if queue.clone().any(|event| event.in_flight && fresh(event)) {
            return None;
        }
        let waits = |event: &&Event| !event.in_flight && (event.due <= wall || fresh(event));
        let first = queue.filter(waits).min_by_key(|event| self.place(event))?;
        // No later event can come before this one: its place is at least its number.
        let settled = first.number < self.shuffled || self.place(first).1 <= self.emitted;
        (first.due <= wall && (settled || !self.faults.shuffle)).then_some(first.id)
    }

    /// Its place among the deliveries of its endpoint: that of the event, or moved from there by the seed, but not past a pause.
    fn place(&self, event: &Event) -> (bool, u64, u64) {
        if !self.faults.shuffle {
            return (false, event.number, event.number);
        }
        let moved = secrets::series(self.faults.seed, !index(event)) % SPREAD;
        (event.number >= self.shuffled, event.number + moved, event.number)
    }

    /// Closes a group of shuffled deliveries after a pause; when to look again if there was none yet.
    fn pause(&mut self, wall: Stamp) -> Option<Stamp> {
        let end = self.events.last().filter(|_| self.shuffled < self.emitted)?.created_at.plus_ms(PAUSE_MS);
        if end > wall {
            return Some(end).filter(|_| self.faults.shuffle);
        }
        self.shuffled = self.emitted;
        None
    }

    /// What comes due while its endpoint is off or gone is not sent any more; a retry that comes due after somebody enabled
    /// the endpoint is (C§11).
    fn skip_unwanted(&mut self) {
        let wall = Clock::wall();
        let on: HashSet<Uuid> = self.endpoints.iter().filter(|one| one.enabled).map(|one| one.id).collect();
        let late = |event: &Event| event.due <= wall && !event.in_flight;
        let waits = |event: &&mut Event| !event.finished && late(event) && !on.contains(&event.endpoint_id);
        for event in self.events.iter_mut().filter(waits) {
            (event.finished, event.skipped) = (true, true);
        }
    }

    fn parcel(&self, id: Uuid) -> Option<Parcel> {
        let event = self.events.iter().find(|event| event.id == id)?;
        let endpoint = self.endpoint(event.endpoint_id)?;
        Some(Parcel {
            id,
            kind: event.kind.clone(),
            url: endpoint.url.clone(),
            key: endpoint.secret.key(),
            body: event.body.clone(),
            corrupt: self.faults.happens(self.faults.corrupt_percent, index(event)),
        })
    }

    /// Writes down what became of an attempt and plans the next one.
    pub fn record(&mut self, id: Uuid, attempt: Attempt) {
        let (wall, scale) = (Clock::wall(), self.faults.retry_scale);
        let Some(event) = self.events.iter_mut().find(|event| event.id == id) else { return };
        let success = attempt.succeeded();
        event.attempts.push(attempt);
        event.in_flight = false;
        if success {
            event.delivered = true;
            event.finished = event.copies == 0;
            event.copies = event.copies.saturating_sub(1);
            event.due = wall;
            return;
        }
        event.failures += 1;
        event.finished = event.failures >= ATTEMPTS;
        event.due = wall.plus_ms(retry_wait_ms(event.failures, scale));
        let given_up = (event.finished && !event.delivered).then_some(event.endpoint_id);
        if let Some(endpoint_id) = given_up.filter(|id| self.is_hopeless(*id)) {
            self.later_once(What::Disable(endpoint_id));
        }
    }

    /// Milliseconds between an event and its first attempt.
    pub fn first_wait_ms(&self) -> i64 {
        let hold = i64::try_from(self.faults.hold_ms).unwrap_or(i64::MAX / 2);
        hold + DELAY_MS
    }
}

/// The number of an attempt among all there ever could be: the index into a series that is the same for the same seed.
fn index(event: &Event) -> u64 {
    event.number.wrapping_mul(ROOM).wrapping_add(event.attempts.len() as u64)
}

/// 2, 4, 8 … seconds after the first, second … failure, scaled.
#[expect(clippy::cast_possible_truncation, reason = "waits are far below 2^53 milliseconds")]
fn retry_wait_ms(failures: u32, scale: f64) -> i64 {
    let wait = FIRST_RETRY_MS * f64::from(1_u32 << failures.saturating_sub(1).min(10));
    (wait.min(LONGEST_RETRY_MS) * scale) as i64
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn emit(state: &mut State) -> Uuid {
        state.emit("order.paid", json!({})).expect("the app is told")
    }

    fn answer(code: u16) -> Attempt {
        Attempt { id: secrets::id(), at: Clock::wall(), http_code: Some(code), response: String::new() }
    }

    fn due_now(state: &mut State) -> Vec<Uuid> {
        for event in &mut state.events {
            event.due = Stamp(0);
        }
        state.take_due().0.into_iter().map(|parcel| parcel.id).collect()
    }

    #[test]
    fn first_attempts_go_one_by_one_in_order_and_a_failure_lets_later_ones_pass() {
        let mut state = State::new();
        let (one, two) = (emit(&mut state), emit(&mut state));
        assert_eq!(due_now(&mut state), [one]);
        assert!(due_now(&mut state).is_empty(), "the second waits while the first is under way");
        state.record(one, answer(500));
        assert_eq!(due_now(&mut state), [one, two]);
    }

    #[test]
    fn an_event_is_given_up_after_ten_attempts_and_can_be_asked_for_again() {
        let mut state = State::new();
        let id = emit(&mut state);
        for _ in 0..10 {
            assert_eq!(due_now(&mut state), [id]);
            state.record(id, answer(302));
        }
        assert!(due_now(&mut state).is_empty());
        assert!(state.redeliver(id));
        assert_eq!(due_now(&mut state), [id]);
    }

    #[test]
    fn waits_double_from_two_seconds() {
        let waits: Vec<i64> = (1..=9).map(|failures| retry_wait_ms(failures, 1.0)).collect();
        assert_eq!(waits, [2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 512_000]);
        assert_eq!(retry_wait_ms(3, 0.01), 80);
    }

    #[test]
    fn duplicates_are_sent_after_the_first_success() {
        let mut state = State::new();
        state.faults.duplicate = 2;
        let id = emit(&mut state);
        for _ in 0..3 {
            assert_eq!(due_now(&mut state), [id]);
            state.record(id, answer(202));
        }
        assert!(due_now(&mut state).is_empty());
    }

    #[test]
    fn ten_events_given_up_switch_the_endpoint_off_and_nothing_is_written_down_any_more() {
        let mut state = State::new();
        let ids: Vec<Uuid> = (0..11).map(|_| emit(&mut state)).collect();
        for id in &ids[..10] {
            for _ in 0..10 {
                state.record(*id, answer(500));
            }
        }
        assert!(state.endpoints[0].enabled, "half a minute of grace");
        state.hurry();
        assert!(!state.endpoints[0].enabled);
        assert!(due_now(&mut state).is_empty());
        assert!(state.events[10].skipped && state.events[10].succeeded().is_none());
        assert_eq!(state.emit("order.paid", json!({})), None);
        assert!(state.redeliver(ids[0]), "asked for, and not sent");
        assert!(due_now(&mut state).is_empty());
        assert_eq!(state.events[0].succeeded(), Some(false));
    }

    #[test]
    fn one_event_that_was_taken_keeps_the_endpoint_on() {
        let mut state = State::new();
        let ids: Vec<Uuid> = (0..11).map(|_| emit(&mut state)).collect();
        state.record(ids[5], answer(200));
        for id in ids.iter().filter(|id| **id != ids[5]) {
            for _ in 0..10 {
                state.record(*id, answer(500));
            }
        }
        state.hurry();
        assert!(state.endpoints[0].enabled);
    }

    #[test]
    fn an_untried_event_holds_later_ones_back_for_a_minute_only() {
        let mut state = State::new();
        let (one, two) = (emit(&mut state), emit(&mut state));
        assert_eq!(due_now(&mut state), [one]);
        assert!(due_now(&mut state).is_empty());
        state.events[0].created_at = Clock::wall().plus_ms(-PATIENCE_MS);
        assert_eq!(due_now(&mut state), [two]);
    }

    #[test]
    fn the_same_seed_drops_and_corrupts_the_same() {
        let history = |seed| {
            let mut state = State::new();
            (state.faults.seed, state.faults.drop_percent, state.faults.corrupt_percent) = (seed, 30, 50);
            let ids: Vec<Uuid> = (0..40).map(|_| emit(&mut state)).collect();
            let corrupt: Vec<bool> = ids.iter().filter_map(|id| state.parcel(*id)).map(|one| one.corrupt).collect();
            (state.events.iter().map(|event| event.skipped).collect::<Vec<_>>(), corrupt)
        };
        assert_eq!(history(7), history(7));
        assert_ne!(history(7), history(8));
        assert!(history(7).0.contains(&true) && history(7).0.contains(&false));
    }
}

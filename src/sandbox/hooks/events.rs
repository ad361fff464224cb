//! Events waiting for delivery and those delivered: first in, first out, with Polar's retries (C§3.3).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::sandbox::clock::{Clock, Stamp};
use crate::sandbox::secrets;
use crate::sandbox::state::State;

/// Attempts in all before an event is given up.
const ATTEMPTS: u32 = 10;
/// A first attempt that fails is repeated after this; each further wait is twice as long.
const FIRST_RETRY_MS: f64 = 2_000.0;
/// Before the first attempt.
const DELAY_MS: i64 = 50;
/// Shuffled deliveries happen within this time of their event.
const SHUFFLE_MS: u64 = 1_500;
/// Later events wait for an untried one no longer than this.
const PATIENCE_MS: i64 = 60_000;
/// Finished events that are kept for the log.
const KEPT: usize = 300;

/// The kinds that the endpoint subscribes to: all of Polar's (http/174).
pub const KINDS: &[&str] = &[
    "benefit.created",
    "benefit.updated",
    "benefit_grant.created",
    "benefit_grant.cycled",
    "benefit_grant.revoked",
    "benefit_grant.updated",
    "checkout.created",
    "checkout.expired",
    "checkout.updated",
    "customer.created",
    "customer.deleted",
    "customer.state_changed",
    "customer.updated",
    "customer_seat.assigned",
    "customer_seat.claimed",
    "customer_seat.revoked",
    "discount.created",
    "discount.deleted",
    "discount.updated",
    "member.created",
    "member.deleted",
    "member.updated",
    "order.created",
    "order.paid",
    "order.refunded",
    "order.updated",
    "organization.updated",
    "product.created",
    "product.updated",
    "refund.created",
    "refund.updated",
    "subscription.active",
    "subscription.canceled",
    "subscription.created",
    "subscription.cycled",
    "subscription.past_due",
    "subscription.paused",
    "subscription.resumed",
    "subscription.revoked",
    "subscription.uncanceled",
    "subscription.updated",
];

/// One attempt and what came back; no status means no answer.
#[derive(Clone, Serialize, Deserialize)]
pub struct Attempt {
    pub at: Stamp,
    pub http_code: Option<u16>,
    pub response: String,
}

/// One event: its id is the `webhook-id`, its body never changes.
#[derive(Serialize, Deserialize)]
pub struct Event {
    pub id: Uuid,
    pub kind: String,
    pub body: String,
    /// Of `data`, to find the event of an object.
    pub object: Option<String>,
    pub status: Option<String>,
    created_at: Stamp,
    due: Stamp,
    /// Failed attempts since the event was last asked for.
    failures: u32,
    pub attempts: Vec<Attempt>,
    /// Answered 2xx at least once.
    pub delivered: bool,
    /// Nothing more to do.
    pub finished: bool,
    /// Extra deliveries still to make.
    copies: u32,
    #[serde(skip)]
    in_flight: bool,
}

/// What goes over the wire.
pub struct Parcel {
    pub id: Uuid,
    pub body: String,
}

impl State {
    /// Sends an event about `data` to the app; returns its id.
    pub fn emit(&mut self, kind: &str, data: Value) -> Uuid {
        let word = |key: &str| data[key].as_str().map(str::to_owned);
        let (object, status) = (word("id"), word("status"));
        let wall = Clock::wall();
        let event = Event {
            id: secrets::id(),
            kind: kind.to_owned(),
            body: json!({"type": kind, "timestamp": self.clock.now(), "data": data}).to_string(),
            object,
            status,
            created_at: wall,
            due: wall.plus_ms(self.first_wait_ms()),
            failures: 0,
            attempts: Vec::new(),
            delivered: false,
            finished: false,
            copies: self.faults.duplicate,
            in_flight: false,
        };
        let id = event.id;
        self.events.push(event);
        self.emitted += 1;
        self.forget();
        id
    }

    /// Delivers an event again, with its id and body (C§3.3).
    pub fn redeliver(&mut self, id: Uuid) -> bool {
        let wall = Clock::wall();
        let Some(event) = self.events.iter_mut().find(|event| event.id == id) else { return false };
        (event.finished, event.failures, event.copies, event.due) = (false, 0, 0, wall);
        true
    }

    /// Takes what may be sent now, and says how many microseconds later to look again.
    pub fn take_due(&mut self) -> (Vec<Parcel>, Option<u64>) {
        if !self.faults.sender {
            return (Vec::new(), None);
        }
        let (wall, shuffle) = (Clock::wall(), self.faults.shuffle);
        let (mut parcels, mut next, mut untried) = (Vec::new(), None::<i64>, false);
        for event in self.events.iter_mut().filter(|event| !event.finished) {
            let first = event.attempts.is_empty();
            let blocked = first && untried && !shuffle;
            untried |= first && wall < event.created_at.plus_ms(PATIENCE_MS);
            if event.in_flight || blocked {
                continue;
            }
            if event.due <= wall {
                event.in_flight = true;
                parcels.push(Parcel { id: event.id, body: event.body.clone() });
            } else {
                next = Some(next.map_or(event.due.0, |soonest| soonest.min(event.due.0)));
            }
        }
        (parcels, next.map(|due| (due - wall.0).unsigned_abs()))
    }

    /// Writes down what became of an attempt and plans the next one.
    pub fn record(&mut self, id: Uuid, attempt: Attempt) {
        let (wall, pause) = (Clock::wall(), self.first_wait_ms());
        let scale = self.faults.retry_scale;
        let Some(event) = self.events.iter_mut().find(|event| event.id == id) else { return };
        let success = attempt.http_code.is_some_and(|code| (200..300).contains(&code));
        event.attempts.push(attempt);
        event.in_flight = false;
        if !success {
            event.failures += 1;
            event.finished = event.failures >= ATTEMPTS;
            event.due = wall.plus_ms(retry_wait_ms(event.failures, scale));
            return;
        }
        event.delivered = true;
        event.finished = event.copies == 0;
        event.copies = event.copies.saturating_sub(1);
        event.due = wall.plus_ms(pause);
    }

    /// True once an event about this object in this status was answered 2xx.
    pub fn was_delivered(&self, kind: &str, object: &str, status: &str) -> bool {
        let same = |event: &&Event| event.object.as_deref() == Some(object) && event.status.as_deref() == Some(status);
        self.events.iter().filter(same).any(|event| event.kind == kind && event.delivered)
    }

    fn first_wait_ms(&self) -> i64 {
        if !self.faults.shuffle {
            return DELAY_MS;
        }
        let index = self.emitted + self.events.iter().map(|event| event.attempts.len() as u64).sum::<u64>();
        i64::try_from(secrets::series(self.faults.seed, index) % SHUFFLE_MS).unwrap_or(DELAY_MS)
    }

    fn forget(&mut self) {
        let finished = self.events.iter().filter(|event| event.finished).count();
        let mut surplus = finished.saturating_sub(KEPT);
        self.events.retain(|event| {
            let drop = event.finished && surplus > 0;
            surplus -= usize::from(drop);
            !drop
        });
    }
}

/// 2, 4, 8 … 512 seconds after the first, second … ninth failure, scaled.
#[expect(clippy::cast_possible_truncation, reason = "waits are far below 2^53 milliseconds")]
fn retry_wait_ms(failures: u32, scale: f64) -> i64 {
    (FIRST_RETRY_MS * f64::from(1_u32 << failures.saturating_sub(1).min(10)) * scale) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: u16) -> Attempt {
        Attempt { at: Clock::wall(), http_code: Some(code), response: String::new() }
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
        let (one, two) = (state.emit("order.paid", json!({})), state.emit("order.paid", json!({})));
        assert_eq!(due_now(&mut state), [one]);
        assert!(due_now(&mut state).is_empty(), "the second waits while the first is under way");
        state.record(one, answer(500));
        assert_eq!(due_now(&mut state), [one, two]);
    }

    #[test]
    fn an_event_is_given_up_after_ten_attempts_and_can_be_asked_for_again() {
        let mut state = State::new();
        let id = state.emit("order.paid", json!({}));
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
        let id = state.emit("order.paid", json!({}));
        for _ in 0..3 {
            assert_eq!(due_now(&mut state), [id]);
            state.record(id, answer(202));
        }
        assert!(due_now(&mut state).is_empty());
    }
}

//! Webhook events: one row for each endpoint that is told, kept for the log after its delivery (C§3.1, C§3.3).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::sandbox::clock::{Clock, Stamp};
use crate::sandbox::journal::entry::{Body, Told, What};
use crate::sandbox::journal::mask;
use crate::sandbox::secrets;
use crate::sandbox::state::State;

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
    #[serde(default)]
    pub id: Uuid,
    pub at: Stamp,
    pub http_code: Option<u16>,
    pub response: String,
}

impl Attempt {
    /// Only 2xx is success.
    pub fn succeeded(&self) -> bool {
        self.http_code.is_some_and(|code| (200..300).contains(&code))
    }
}

/// One event for one endpoint: its id is the `webhook-id`, its body never changes.
#[derive(Serialize, Deserialize)]
pub struct Event {
    pub id: Uuid,
    #[serde(default)]
    pub endpoint_id: Uuid,
    pub kind: String,
    pub body: String,
    /// Of `data`, to find the event of an object.
    pub object: Option<String>,
    pub status: Option<String>,
    pub created_at: Stamp,
    /// Its place among all events there ever were.
    #[serde(default)]
    pub number: u64,
    pub due: Stamp,
    /// Failed attempts since the event was last asked for.
    pub failures: u32,
    pub attempts: Vec<Attempt>,
    /// Answered 2xx at least once.
    pub delivered: bool,
    /// Nothing more to do.
    pub finished: bool,
    /// Finished without being sent: dropped on purpose, or its endpoint was switched off.
    #[serde(default)]
    pub skipped: bool,
    /// Extra deliveries still to make.
    pub copies: u32,
    #[serde(skip)]
    pub in_flight: bool,
}

impl Event {
    /// Goes in order, one by one: a first attempt, or one more after a success. Only failures are repeated on their own.
    pub fn is_orderly(&self) -> bool {
        self.attempts.last().is_none_or(Attempt::succeeded)
    }

    /// Whether the delivery worked out in the end; nothing while that is open.
    pub fn succeeded(&self) -> Option<bool> {
        if self.delivered { Some(true) } else { (self.finished && !self.skipped).then_some(false) }
    }
}

impl State {
    /// Sends an event about `data` to every endpoint that wants it; returns the id of the first, the app's own.
    pub fn emit(&mut self, kind: &str, data: Value) -> Option<Uuid> {
        let body = json!({"type": kind, "timestamp": self.clock.now(), "data": data}).to_string();
        let ids: Vec<Uuid> =
            self.listeners(kind).into_iter().map(|endpoint_id| self.enqueue(endpoint_id, kind, &data, &body)).collect();
        self.forget();
        ids.first().copied()
    }

    fn enqueue(&mut self, endpoint_id: Uuid, kind: &str, data: &Value, body: &str) -> Uuid {
        let word = |key: &str| data[key].as_str().map(str::to_owned);
        let (wall, number) = (Clock::wall(), self.emitted);
        let dropped = self.faults.happens(self.faults.drop_percent, number);
        let event = Event {
            id: secrets::id(),
            endpoint_id,
            kind: kind.to_owned(),
            body: body.to_owned(),
            object: word("id"),
            status: word("status"),
            created_at: wall,
            number,
            due: wall.plus_ms(self.first_wait_ms()),
            failures: 0,
            attempts: Vec::new(),
            delivered: false,
            finished: dropped,
            skipped: dropped,
            copies: self.faults.duplicate,
            in_flight: false,
        };
        let (id, body) = (event.id, Body::text(&mask::json(body)));
        self.events.push(event);
        self.journalize(What::Event(Told { webhook_id: id, endpoint_id, kind: kind.to_owned(), dropped, body }));
        self.emitted += 1;
        id
    }

    /// Delivers an event again, with its id and body (C§3.3). While its endpoint is off nothing happens.
    pub fn redeliver(&mut self, id: Uuid) -> bool {
        let wall = Clock::wall();
        let Some(place) = self.events.iter().position(|event| event.id == id) else { return false };
        if self.endpoint(self.events[place].endpoint_id).is_none_or(|endpoint| !endpoint.enabled) {
            return true;
        }
        let event = &mut self.events[place];
        (event.finished, event.skipped, event.failures, event.copies, event.due) = (false, false, 0, 0, wall);
        true
    }

    /// True once the app answered 2xx to an event about this object in this status.
    pub fn was_delivered(&self, kind: &str, object: &str, status: &str) -> bool {
        let own = self.identity.endpoint_id;
        let same = |event: &&Event| {
            event.endpoint_id == own
                && event.object.as_deref() == Some(object)
                && event.status.as_deref() == Some(status)
        };
        self.events.iter().filter(same).any(|event| event.kind == kind && event.delivered)
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

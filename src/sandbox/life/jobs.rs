//! What Polar does a moment later, in jobs: fulfilment, state changes, invoices; and what falls due by the clock.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{billing, dunning, fulfil, grants, metering, renewal, usage};
use crate::sandbox::api::checkout_view;
use crate::sandbox::api::checkouts::Status;
use crate::sandbox::api::refusal::Refusal;
use crate::sandbox::api::{customer_state, customers, invoices, refunds};
use crate::sandbox::app::App;
use crate::sandbox::clock::{Clock, Stamp};
use crate::sandbox::state::State;

/// How often the clock is looked at when nothing is queued.
const TICK: Duration = Duration::from_secs(1);

/// One thing to do soon.
#[derive(Serialize, Deserialize)]
pub struct Job {
    due: Stamp,
    what: What,
}

/// What to do.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// Deliver what a confirmed checkout bought.
    Fulfil(Uuid),
    /// Tell of the customer that a confirmed checkout made.
    CustomerCreated(Uuid),
    /// Tell of the customer that a confirmed checkout filled in.
    CustomerUpdated(Uuid),
    /// Send the customer's state; several changes in a row send it once.
    StateChanged(Uuid),
    /// Learn what an order's payment cost.
    Fee(Uuid),
    /// Make the order's invoice.
    Invoice(Uuid),
    /// Take the money of an order.
    Pay(Uuid),
    /// Let the receipt of an order be fetched.
    Receipt(Uuid),
    /// Hear of a refund from the payment provider.
    Refunded(Uuid),
    /// Void what an ended subscription still owes.
    Void(Uuid),
    /// Recompute the meters of a customer, a while after the last event.
    Meters(Uuid),
    /// Switch an endpoint off that takes nothing.
    Disable(Uuid),
}

impl What {
    /// Milliseconds until it is done: shorter than Polar's seconds, in the same order.
    fn wait_ms(self) -> i64 {
        match self {
            Self::CustomerCreated(_) | Self::CustomerUpdated(_) => 60,
            Self::Fulfil(_) | Self::Pay(_) | Self::Void(_) => 150,
            Self::StateChanged(_) => 400,
            Self::Fee(_) => 800,
            Self::Invoice(_) | Self::Receipt(_) | Self::Refunded(_) | Self::Meters(_) => 1_000,
            // The only wait that is Polar's own: an app has this long to come back.
            Self::Disable(_) => 30_000,
        }
    }
}

impl State {
    /// Queues something; what is queued already is only put off.
    pub fn later(&mut self, what: What) {
        self.jobs.retain(|job| job.what != what);
        let held = i64::try_from(self.faults.hold_jobs_ms).unwrap_or(i64::MAX / 2);
        self.jobs.push(Job { due: Clock::wall().plus_ms(what.wait_ms().saturating_add(held)), what });
    }

    /// Queues something, unless it is queued already.
    pub fn later_once(&mut self, what: What) {
        if self.jobs.iter().all(|job| job.what != what) {
            self.later(what);
        }
    }

    /// Does everything that is due; says whether there was anything.
    pub fn catch_up(&mut self) -> bool {
        let (wall, before) = (Clock::wall(), self.emitted);
        let (due, rest) = std::mem::take(&mut self.jobs).into_iter().partition(|job| job.due <= wall);
        self.jobs = rest;
        let mut due: Vec<Job> = due;
        // However late it is looked at, the order is that of the times.
        due.sort_by_key(|job| job.due);
        for job in &due {
            // What a job names may be gone after a reset; then there is nothing to do.
            let _ = match job.what {
                What::Fulfil(id) => fulfil::fulfil(self, id),
                What::CustomerCreated(id) => self.announced("customer.created", id),
                What::CustomerUpdated(id) => self.announced("customer.updated", id),
                What::Fee(id) => billing::fee(self, id),
                What::Invoice(id) => billing::invoice(self, id),
                What::Pay(id) => dunning::collect(self, id),
                What::Receipt(id) => invoices::receipt_made(self, id),
                What::Refunded(id) => refunds::reported(self, id),
                What::Void(id) => billing::void(self, id),
                What::StateChanged(id) => self.tell_state(id),
                What::Meters(id) => metering::recompute(self, id),
                What::Disable(id) => self.disable(id),
            };
        }
        self.expire();
        usage::reach(self);
        renewal::reach(self);
        dunning::reach(self);
        grants::reach(self);
        !due.is_empty() || self.emitted != before
    }

    /// Does what is queued without its waits, one after the other.
    pub fn hurry(&mut self) {
        while let Some(next) = self.jobs.iter_mut().min_by_key(|job| job.due) {
            next.due = Stamp(0);
            self.catch_up();
        }
    }

    fn announced(&mut self, kind: &str, id: Uuid) -> Result<(), Refusal> {
        self.customer(id)?;
        customers::announce(self, kind, id);
        Ok(())
    }

    fn tell_state(&mut self, id: Uuid) -> Result<(), Refusal> {
        let shown = customer_state::view(self, id)?;
        self.emit("customer.state_changed", shown);
        Ok(())
    }

    fn expire(&mut self) {
        let now = self.clock.peek();
        let due = self.checkouts.iter().filter(|one| one.swept_at().is_some_and(|at| at <= now));
        let due: Vec<Uuid> = due.map(|one| one.id).collect();
        for id in due {
            let at = self.clock.now();
            let Some(one) = self.checkouts.iter_mut().find(|one| one.id == id) else { continue };
            (one.status, one.modified_at) = (Status::Expired, Some(at));
            let shown: Value = self.checkout(id).map(|one| checkout_view::view(self, one)).unwrap_or_default();
            self.emit("checkout.expired", shown);
        }
    }

    fn next_wait(&self) -> Duration {
        let wall = Clock::wall();
        let next = self.jobs.iter().map(|job| (job.due.0 - wall.0).max(0).unsigned_abs()).min();
        next.map_or(TICK, |us| Duration::from_micros(us).min(TICK))
    }
}

/// Runs until the sandbox stops.
pub async fn run(app: Arc<App>) {
    let mut changes = app.changes();
    loop {
        if app.note(State::catch_up) {
            app.write(|_| ());
        }
        changes.mark_unchanged();
        let wait = app.read(State::next_wait);
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
            changed = changes.changed() => if changed.is_err() { return },
        }
    }
}

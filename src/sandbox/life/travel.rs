//! Moving the clock: stop by stop, so that everything due on the way happens at its own time and in order.

use uuid::Uuid;

use crate::sandbox::api::checkouts::Checkout;
use crate::sandbox::api::subscriptions::Subscription;
use crate::sandbox::clock::{Clock, Stamp};
use crate::sandbox::life::{renewal, usage};
use crate::sandbox::state::State;

/// Stops on one journey: a daily plan over some years.
const AT_MOST: usize = 10_000;
/// A hundred years: the clock goes no further ahead of the machine's.
pub const FURTHEST_MS: i64 = 100 * 366 * 86_400_000;

impl State {
    /// Moves the clock on by `ms` milliseconds and lets happen what is due until then.
    pub fn travel(&mut self, ms: i64) {
        self.hurry();
        let goal = self.clock.offset_ms.saturating_add(ms);
        for _ in 0..AT_MOST {
            let now = self.clock.peek();
            let Some(next) = self.next_due().filter(|next| *next > now) else { break };
            // A millisecond has a thousand microseconds, and the stop must not lie before what is due.
            let offset = (next.0 - Clock::wall().0).div_euclid(1_000) + 1;
            if offset >= goal {
                break;
            }
            self.clock.offset_ms = offset;
            self.catch_up();
            self.hurry();
        }
        self.clock.offset_ms = goal;
        self.catch_up();
    }

    /// Moves the clock to this instant.
    ///
    /// # Errors
    /// In words: the instant is past, or too far ahead.
    pub fn travel_to(&mut self, at: Stamp) -> Result<(), String> {
        let now = self.clock.peek();
        if at < now {
            return Err(format!("The clock does not go back: it is {now} already, and {at} is before that."));
        }
        self.go(at)
    }

    /// The same for an instant that may have come already.
    fn go(&mut self, at: Stamp) -> Result<(), String> {
        if at > Clock::wall().plus_ms(FURTHEST_MS) {
            return Err(format!("The clock goes at most a hundred years ahead of the machine's, and {at} is later."));
        }
        self.travel(((at.0 - self.clock.peek().0).div_euclid(1_000) + 1).max(0));
        Ok(())
    }

    /// Moves the clock to the end of the current period of this subscription, or of the one whose period ends first.
    ///
    /// # Errors
    /// In words: no period is running.
    pub fn travel_to_renewal(&mut self, id: Option<Uuid>) -> Result<(), String> {
        self.hurry();
        let runs = |one: &&Subscription| one.is_active() && id.is_none_or(|id| one.id == id);
        let next = self.subscriptions.iter().filter(runs).map(|one| one.current_period_end).min();
        self.go(next.ok_or("No subscription is active or on trial: there is nothing to renew.")?)
    }

    /// Moves the clock until this subscription, or every one that is past due now, is either paid or ended.
    ///
    /// # Errors
    /// In words: nobody is past due.
    pub fn travel_past_dunning(&mut self, id: Option<Uuid>) -> Result<(), String> {
        self.hurry();
        let behind = |one: &&Subscription| one.status == "past_due" && id.is_none_or(|id| one.id == id);
        let all: Vec<Uuid> = self.subscriptions.iter().filter(behind).map(|one| one.id).collect();
        if all.is_empty() {
            return Err("No subscription is past due.".to_owned());
        }
        for _ in 0..AT_MOST {
            let Some(next) = self.next_dunning(&all) else { break };
            self.go(next)?;
            self.hurry();
        }
        Ok(())
    }

    /// When something happens next to those of `all` that are past due.
    fn next_dunning(&self, all: &[Uuid]) -> Option<Stamp> {
        let behind = |one: &&Subscription| one.status == "past_due" && all.contains(&one.id);
        let (ids, ends): (Vec<_>, Vec<_>) =
            self.subscriptions.iter().filter(behind).map(|one| (Some(one.id), one.ends_at)).unzip();
        let owed = self.orders.iter().filter(|one| ids.contains(&one.subscription_id));
        owed.filter_map(|one| one.next_payment_attempt_at).chain(ends.into_iter().flatten()).min()
    }

    /// When something happens next if nobody does anything.
    fn next_due(&self) -> Option<Stamp> {
        let now = self.clock.peek();
        let checkouts = self.checkouts.iter().filter_map(Checkout::swept_at);
        let subscriptions = self.subscriptions.iter().filter_map(renewal::due);
        let retries = self.orders.iter().filter_map(|one| one.next_payment_attempt_at);
        checkouts.chain(subscriptions).chain(retries).chain(usage::due(self)).filter(|at| *at > now).min()
    }
}

//! Moving the clock: stop by stop, so that everything due on the way happens at its own time and in order.

use crate::sandbox::api::checkouts::Checkout;
use crate::sandbox::clock::{Clock, Stamp};
use crate::sandbox::life::renewal;
use crate::sandbox::state::State;

/// Stops on one journey: a daily plan over some years.
const AT_MOST: usize = 10_000;

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

    /// When something happens next if nobody does anything.
    fn next_due(&self) -> Option<Stamp> {
        let now = self.clock.peek();
        let checkouts = self.checkouts.iter().filter_map(Checkout::swept_at);
        let subscriptions = self.subscriptions.iter().filter_map(renewal::due);
        let retries = self.orders.iter().filter_map(|one| one.next_payment_attempt_at);
        checkouts.chain(subscriptions).chain(retries).filter(|at| *at > now).min()
    }
}

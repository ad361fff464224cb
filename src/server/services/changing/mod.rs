//! What is asked of Polar about something that was bought: to end it, now or when the paid time is over, to let it go on, and
//! to pay it back. Each is an order of ours that is written down before Polar is asked. Whatever happens to an answer or to
//! this process, the next try looks at Polar first and asks only for what is left to do.

mod asking;
mod cancelling;
mod proposing;
mod refunding;
mod settling;

pub use asking::{Answer, Consent, commit};
pub use proposing::{Proposal, Proposed, Target, Wish, choices, only_one, propose};
pub use refunding::{Extent, paid_for};
pub use settling::{Asked, bill_of, of_order, settle};

use super::{
    Error, new_id,
    syncing::{self, Unchanged},
};
use crate::{
    model::{ending::PATIENCE, instant::Millis, projection::Kind},
    server::{
        db::{
            self,
            changes::{self, Change, OpenChange},
            mirror, refolds,
        },
        polar::{self, Client, Seen},
        state::State,
    },
};
use serde_json::Value;

/// How far one try came.
#[derive(Debug)]
pub enum Step {
    /// What was wanted is so.
    Done,
    /// It must be looked at again; why.
    Waits(String),
    /// It cannot be done; why.
    Refused(String),
}

/// One decision about one thing that was bought.
pub struct Changing<'c> {
    /// Everything.
    pub state: &'c State,
    /// Polar, with the urgency of this.
    pub polar: Client,
    /// Whose it is.
    pub user: &'c str,
    /// The decision: what was done for it once is not begun again.
    pub decision: &'c str,
    /// A subscription, or the bill of a one-time purchase.
    pub kind: Kind,
    /// Its id at Polar.
    pub id: &'c str,
    /// Polar's word for why it is paid back.
    pub reason: &'static str,
}

impl Changing<'_> {
    /// Writes an order down as sent now; `None` if it must wait for another change, or was done meanwhile.
    async fn begin(&self, kind: &'static str, purpose: &str, quote: &str) -> Result<Option<String>, Error> {
        let (id, now, subscription) = (new_id(), self.state.clock.wall(), self.id);
        let product = mirror::object(&self.state.db, self.kind, subscription).await?;
        let product = product.and_then(|row| row.product_id).unwrap_or_default();
        let plan = mirror::plan_of_product(&self.state.db, &product).await?.unwrap_or_default();
        let user = self.user;
        let (plan, product) = (plan.as_str(), product.as_str());
        let change = Change { id: &id, user, kind, plan, product, subscription, purpose, quote, after: None };
        let begun: Result<bool, db::Error> = (self.state.db)
            .transaction(async |tx| {
                refolds::lock_user(tx, user).await?;
                changes::begin(tx, change, now).await
            })
            .await;
        Ok(begun?.then_some(id))
    }

    /// Whether an order that was sent before may be sent again now; if so, it is noted as sent.
    async fn may_ask_again(&self, order: &OpenChange) -> Result<bool, Error> {
        let now = self.state.clock.wall();
        Ok(changes::ask_again(&self.state.db, &order.id, now, now - PATIENCE).await?)
    }

    /// Whether the answer to an order has been missing for so long that it counts for nothing.
    fn is_stale(&self, order: &OpenChange) -> bool {
        order.sent_at.is_none_or(|sent| sent <= self.state.clock.wall() - PATIENCE)
    }

    /// Notes how an order ended.
    async fn settle(&self, order: &str, state: &'static str, outcome: Option<&str>) -> Result<(), Error> {
        let now: Millis = self.state.clock.wall();
        let done: Result<(), db::Error> = (self.state.db)
            .transaction(async |tx| {
                refolds::lock_user(tx, self.user).await?;
                changes::settle(tx, order, state, outcome, now).await
            })
            .await;
        Ok(done?)
    }

    /// Notes an order whose request was not carried out, or perhaps was; `false` if Polar refused it.
    async fn is_unanswered(&self, order: &str, error: &polar::Error) -> Result<bool, Error> {
        let words = error.to_string();
        if error.was_not_done() {
            changes::not_done(&self.state.db, order, &words).await?;
            return Ok(true);
        }
        if error.may_be_done() {
            self.settle(order, "unsettled", Some(&words)).await?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Keeps what Polar answered.
    async fn observe(&self, kind: Kind, seen: &Seen<Value>) -> Result<(), Error> {
        syncing::observe(self.state, kind.stored(), seen, Unchanged::Skip).await.map(drop)
    }
}

//! Carrying out what staff decided: one try of the job, from whatever was reached before.

use super::super::{
    Error, applying, new_id,
    syncing::{self, Unchanged},
};
use crate::{
    model::{
        budget::Urgency,
        ending::{PATIENCE, PayBack},
        instant::Millis,
        projection::Kind,
    },
    server::{
        db::{
            self, audit, cases,
            changes::{self, Change, OpenChange},
            endings::{self, EndingRow},
            mirror, refolds,
        },
        polar::{self, Client, Seen},
        state::State,
    },
};
use serde_json::Value;

/// How far one try came.
pub(super) enum Step {
    /// What was wanted is so.
    Done,
    /// It must be looked at again; why.
    Waits(String),
    /// It cannot be done; why.
    Refused(String),
}

/// One decision that is being carried out.
pub(super) struct Course<'c> {
    pub(super) state: &'c State,
    pub(super) polar: Client,
    pub(super) row: &'c EndingRow,
    pub(super) back: PayBack,
}

/// Goes on with the decision `id`; why it must be tried again, or `None` once it is over.
///
/// # Errors
/// When Polar cannot be read, or the database fails: it must be tried again as well.
pub async fn carry_on(state: &State, id: &str) -> Result<Option<String>, Error> {
    let Some(row) = endings::open(&state.db, id).await? else { return Ok(None) };
    let back = PayBack::of_stored(&row.quote).unwrap_or_default();
    let course = Course { state, polar: state.polar.at(Urgency::Following), row: &row, back };
    let why = match course.advance().await {
        Ok(Step::Done) => return course.close().await.map(|()| None),
        Ok(Step::Refused(why)) => return course.give_up(&why).await.map(|()| None),
        Ok(Step::Waits(why)) => Ok(Some(why)),
        Err(error) => Err(error),
    };
    let words = match &why {
        Ok(why) => why.clone().unwrap_or_default(),
        Err(error) => error.to_string(),
    };
    endings::waits(&state.db, id, &words).await?;
    why
}

impl Course<'_> {
    async fn advance(&self) -> Result<Step, Error> {
        match self.cancel().await? {
            Step::Done => self.pay_back().await,
            other => Ok(other),
        }
    }

    /// The decision is carried out: its case is closed in the name of who decided.
    async fn close(&self) -> Result<(), Error> {
        let EndingRow { id, case_id, user_id, subscription_id, staff_id, ip, reason, .. } = self.row;
        let (words, now) = (format!("cancelled, {} paid back", self.back.words()), self.state.clock.wall());
        let outcome = format!("{reason} (the subscription {subscription_id} was {words})");
        let done: Result<(), db::Error> = (self.state.db)
            .transaction(async |tx| {
                refolds::lock_user(tx, user_id).await?;
                if endings::finish(tx, id, "done", &words, now).await?
                    && cases::close(tx, case_id, staff_id, &outcome, now).await?
                {
                    let (actor, target) = (Some(staff_id.as_str()), format!("case:{case_id}"));
                    let (user, target) = (Some(user_id.as_str()), Some(target.as_str()));
                    let (action, details, ip) = ("close case", Some(outcome.as_str()), Some(ip.as_str()));
                    audit::add(tx, audit::Entry { actor, action, user, target, details, ip }, now).await?;
                }
                Ok(())
            })
            .await;
        done?;
        tracing::info!(user_id, subscription_id, words, "a subscription was ended");
        self.state.wake.live.notify_waiters();
        Ok(())
    }

    /// It cannot be carried out: the case stays open and says why, unless that is no double any more.
    async fn give_up(&self, why: &str) -> Result<(), Error> {
        let EndingRow { id, user_id, subscription_id, .. } = self.row;
        tracing::error!(user_id, subscription_id, why, "a subscription could not be ended");
        let now = self.state.clock.wall();
        let done: Result<(), db::Error> = (self.state.db)
            .transaction(async |tx| {
                refolds::lock_user(tx, user_id).await?;
                endings::finish(tx, id, "refused", why, now).await?;
                applying::close_settled(tx, self.state, user_id, now).await
            })
            .await;
        Ok(done?)
    }

    /// Writes an order down as sent now; `None` if it must wait for another change, or was done meanwhile.
    pub(super) async fn begin(&self, kind: &'static str, purpose: &str, quote: &str) -> Result<Option<String>, Error> {
        let (id, now, subscription) = (new_id(), self.state.clock.wall(), &self.row.subscription_id);
        let product = mirror::object(&self.state.db, Kind::Subscription, subscription).await?;
        let product = product.and_then(|row| row.product_id).unwrap_or_default();
        let plan = mirror::plan_of_product(&self.state.db, &product).await?.unwrap_or_default();
        let user = &self.row.user_id;
        let change = Change { id: &id, user, kind, plan: &plan, product: &product, subscription, purpose, quote };
        let begun: Result<bool, db::Error> = (self.state.db)
            .transaction(async |tx| {
                refolds::lock_user(tx, user).await?;
                changes::begin(tx, change, now).await
            })
            .await;
        Ok(begun?.then_some(id))
    }

    /// Whether an order that was sent before may be sent again now; if so, it is noted as sent.
    pub(super) async fn may_ask_again(&self, order: &OpenChange) -> Result<bool, Error> {
        let now = self.state.clock.wall();
        Ok(changes::ask_again(&self.state.db, &order.id, now, now - PATIENCE).await?)
    }

    /// Whether the answer to an order has been missing for so long that it counts for nothing.
    pub(super) fn is_stale(&self, order: &OpenChange) -> bool {
        order.sent_at.is_none_or(|sent| sent <= self.state.clock.wall() - PATIENCE)
    }

    /// Notes how an order ended.
    pub(super) async fn settle(&self, order: &str, state: &'static str, outcome: Option<&str>) -> Result<(), Error> {
        let now: Millis = self.state.clock.wall();
        let done: Result<(), db::Error> = (self.state.db)
            .transaction(async |tx| {
                refolds::lock_user(tx, &self.row.user_id).await?;
                changes::settle(tx, order, state, outcome, now).await
            })
            .await;
        Ok(done?)
    }

    /// Notes an order whose request was not carried out, or perhaps was; `false` if Polar refused it.
    pub(super) async fn is_unanswered(&self, order: &str, error: &polar::Error) -> Result<bool, Error> {
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
    pub(super) async fn observe(&self, kind: Kind, seen: &Seen<Value>) -> Result<(), Error> {
        syncing::observe(self.state, kind.stored(), seen, Unchanged::Skip).await.map(drop)
    }
}

//! Ending the second of two subscriptions: cancelled at once and paid back, as two orders of ours that are written down
//! before Polar is asked. Each press looks at Polar first and asks only for what is left to do, so it can be pressed again.

use super::{
    super::{
        Error, new_id,
        syncing::{self, Unchanged},
    },
    Act, Actor, Case, Refused, case, close, note, reason,
};
use crate::{
    model::{instant::Millis, projection::Kind},
    server::{
        db::{
            changes::{self, Change},
            mirror::{self, ObjectRow},
        },
        polar::{self, Seen},
        state::State,
    },
};
use serde_json::Value;

/// After so long without an answer a change is looked at again.
const PATIENCE: Millis = 60_000;

/// The later of the two subscriptions that a case is about.
#[must_use]
pub fn second(case: &Case) -> Option<&str> {
    (case.kind == "duplicate_subscription").then_some(())?;
    case.key.split_once('+').map(|(_, second)| second)
}

/// Cancels and pays back the second subscription of a case, and closes the case.
///
/// # Errors
/// See [`Refused`]. After [`Refused::NoAnswer`] it can be tried again.
pub async fn end_second(state: &State, actor: &Actor, id: &str, why: &str) -> Result<(), Refused> {
    let why = reason(why)?;
    let case = case(state, id).await?.filter(|case| case.closed_at.is_none()).ok_or(Refused::Gone)?;
    let (second, user) = second(&case).zip(case.user_id.as_deref()).ok_or(Refused::Gone)?;
    let row = mirror::object(&state.db, Kind::Subscription, second).await.map_err(Error::from)?;
    let row = row.filter(|row| row.owner_id.as_deref() == Some(user)).ok_or(Refused::Gone)?;
    let double = Double { state, actor, user, row: &row, why };
    double.cancel().await?;
    double.pay_back().await?;
    close(state, actor, id, &format!("{why} (the subscription {second} was cancelled and paid back)")).await
}

/// The later subscription, and who ends it.
struct Double<'d> {
    state: &'d State,
    actor: &'d Actor,
    user: &'d str,
    row: &'d ObjectRow,
    why: &'d str,
}

impl Double<'_> {
    /// Ends it now, unless Polar says that it is over.
    async fn cancel(&self) -> Result<(), Refused> {
        let seen = self.state.polar.object(Kind::Subscription, &self.row.id).await.map_err(refused)?;
        self.observe(Kind::Subscription, &seen).await?;
        if !matches!(seen.value["status"].as_str(), Some("canceled" | "unpaid" | "incomplete_expired")) {
            let order = self.begin("cancel").await?;
            let answer = self.state.polar.revoke_subscription(&self.row.id).await;
            let ended = self.settle(&order, answer).await?;
            self.observe(Kind::Subscription, &ended).await?;
        }
        Ok(changes::seen_done(&self.state.db, &self.row.id, "cancel", self.state.clock.wall()).await?)
    }

    /// Pays back what was paid for it and was not paid back before.
    async fn pay_back(&self) -> Result<(), Refused> {
        let bills = self.state.polar.objects(Kind::Order, &[("subscription_id", &self.row.id)]).await;
        for bill in bills.map_err(refused)? {
            let (id, left) = (bill.value["id"].as_str(), bill.value["refundable_amount"].as_i64());
            let (Some(id), Some(left)) = (id, left.filter(|left| *left > 0)) else { continue };
            let order = self.begin("refund").await?;
            let answer = self.state.polar.refund_double(id, left, &order).await;
            let refund = self.settle(&order, answer).await?;
            self.observe(Kind::Refund, &refund).await?;
            let bill = self.state.polar.object(Kind::Order, id).await.map_err(refused)?;
            self.observe(Kind::Order, &bill).await?;
        }
        Ok(changes::seen_done(&self.state.db, &self.row.id, "refund", self.state.clock.wall()).await?)
    }

    async fn observe(&self, kind: Kind, seen: &Seen<Value>) -> Result<(), Refused> {
        Ok(syncing::observe(self.state, kind.stored(), seen, Unchanged::Skip).await.map(drop)?)
    }

    /// Writes an order and its line of the audit log, before Polar is asked.
    async fn begin(&self, kind: &'static str) -> Result<String, Refused> {
        let (id, now) = (new_id(), self.state.clock.wall());
        let plan = match &self.row.product_id {
            Some(product) => mirror::plan_of_product(&self.state.db, product).await?,
            None => None,
        };
        let change = Change {
            id: &id,
            user: self.user,
            kind,
            plan: plan.as_deref().unwrap_or_default(),
            product: self.row.product_id.as_deref().unwrap_or_default(),
            subscription: &self.row.id,
        };
        let target = format!("subscription:{}", self.row.id);
        let act = Act { action: kind, user: Some(self.user), target: &target, details: self.why };
        let begun: Result<(), Refused> = (self.state.db)
            .transaction(async |tx| {
                if !changes::begin(tx, change, now, now - PATIENCE).await? {
                    return Err(Refused::UnderWay);
                }
                note(tx, self.actor, act, now).await?;
                Ok(())
            })
            .await;
        begun.map(|()| id)
    }

    async fn settle(&self, order: &str, answer: Result<Seen<Value>, polar::Error>) -> Result<Seen<Value>, Refused> {
        let (state, outcome) = match &answer {
            Ok(_) => ("done", None),
            Err(error) if error.is_passing() => ("unsettled", Some(error.to_string())),
            Err(error) => ("refused", Some(error.to_string())),
        };
        let now = self.state.clock.wall();
        changes::settle(&self.state.db, order, state, outcome.as_deref(), now).await?;
        answer.map_err(refused)
    }
}

fn refused(error: polar::Error) -> Refused {
    if error.is_passing() { Refused::NoAnswer } else { Refused::Declined(error.to_string()) }
}

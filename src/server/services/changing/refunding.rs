//! A bill is paid back, once. Each refund carries the id of our order in its metadata, so that a look at Polar tells whether
//! one whose answer was lost was made.

use super::{super::Error, Changing, Step};
use crate::{
    model::{
        ending::{Bill, Part},
        money::Money,
        projection::Kind,
    },
    server::{
        db::{changes, mirror::ObjectRow},
        polar::{self, NewRefund, Seen},
    },
};
use serde_json::Value;

const REFUND: &str = "refund";

/// How much is paid back where less is left than was agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// What is left.
    UpTo,
    /// Nothing.
    Exactly,
}

/// What the refunds of a bill belong to: its subscription, or the one-time purchase that it is.
#[must_use]
pub fn paid_for(bill: &ObjectRow) -> (Kind, &str) {
    match &bill.subscription_id {
        Some(subscription) => (Kind::Subscription, subscription),
        None => (Kind::Order, &bill.id),
    }
}

impl Changing<'_> {
    /// Pays back what was agreed to of a bill.
    ///
    /// # Errors
    /// When Polar cannot be read, or the database fails.
    pub async fn pay_back(&self, part: &Part, extent: Extent) -> Result<Step, Error> {
        let (subscription, db) = (self.id, &self.state.db);
        let purpose = format!("{}:{}", self.decision, part.bill);
        if changes::is_done(db, subscription, REFUND, &purpose).await? {
            return Ok(Step::Done);
        }
        let mut open = changes::open(db, subscription, REFUND).await?;
        if let Some(order) = &open {
            if let Some(refund) = self.refund_of(&order.id).await? {
                let step = self.took(&order.id, &refund).await?;
                // What another decision has paid back is not what this one is about.
                let another = || Step::Waits("another refund was under way; it is looked at again".to_owned());
                return Ok(if order.purpose == purpose { step } else { another() });
            }
            if !self.is_stale(order) {
                return Ok(Step::Waits("Polar has not answered the refund; it is looked at again".into()));
            }
        }
        // One of an earlier decision, which Polar never made.
        if let Some(order) = open.take_if(|order| order.purpose != purpose) {
            if !self.may_ask_again(&order).await? {
                return Ok(Step::Waits("another refund is under way".to_owned()));
            }
            self.settle(&order.id, "refused", Some("no answer; looked at again")).await?;
        }
        let left = self.left_of(&part.bill).await?;
        if let Some(over) = too_little(left, part, extent) {
            if let Some(order) = open {
                self.settle(&order.id, "refused", Some("paid back by somebody else")).await?;
            }
            return Ok(over);
        }
        let order = match open {
            Some(order) if self.may_ask_again(&order).await? => Some(order.id),
            Some(_) => None,
            None => self.begin(REFUND, &purpose, &serde_json::to_string(part).expect("plain values")).await?,
        };
        match order {
            Some(order) => self.send_refund(&order, part, left, extent).await,
            None => Ok(Step::Waits("another change of this subscription is under way".into())),
        }
    }

    async fn send_refund(&self, order: &str, part: &Part, left: i64, extent: Extent) -> Result<Step, Error> {
        let amount = left.min(part.amount);
        let refund = NewRefund {
            bill: &part.bill,
            amount,
            reason: self.reason,
            order,
            closes: self.kind == Kind::Order && amount == left,
        };
        let error = match self.polar.refund(refund).await {
            Ok(refund) => return self.took(order, &refund).await,
            Err(error) => error,
        };
        let words = error.to_string();
        if self.is_unanswered(order, &error).await? {
            return Ok(Step::Waits(words));
        }
        // Refused because an earlier try, whose answer was lost, arrived after all?
        if let Some(refund) = self.refund_of(order).await? {
            return self.took(order, &refund).await;
        }
        self.settle(order, "refused", Some(&words)).await?;
        let over = too_little(self.left_of(&part.bill).await?, part, extent);
        Ok(over.unwrap_or_else(|| Step::Refused(format!("It was not paid back: {words}."))))
    }

    /// A refund of ours is at Polar; only one that succeeded is done (C§2.10).
    async fn took(&self, order: &str, refund: &Seen<Value>) -> Result<Step, Error> {
        self.observe(Kind::Refund, refund).await?;
        match refund.value["status"].as_str() {
            Some("succeeded") => self.settle(order, "done", None).await?,
            Some("failed" | "canceled") => {
                self.settle(order, "refused", Some("the refund failed at Polar")).await?;
                return Ok(Step::Refused("The refund failed at Polar.".to_owned()));
            }
            _ => {
                self.settle(order, "unsettled", Some("pending at Polar")).await?;
                return Ok(Step::Waits("the refund is pending at Polar".to_owned()));
            }
        }
        if let Some(bill) = refund.value["order_id"].as_str() {
            self.left_of(bill).await?;
        }
        Ok(Step::Done)
    }

    /// The refund that one of our orders has made.
    async fn refund_of(&self, order: &str) -> Result<Option<Seen<Value>>, Error> {
        let filter = match self.kind {
            Kind::Subscription => [("subscription_id", self.id)],
            _ => [("order_id", self.id)],
        };
        let refunds = self.polar.objects(Kind::Refund, &filter).await?;
        Ok(refunds.into_iter().find(|refund| refund.value["metadata"]["order_id"] == order))
    }

    async fn left_of(&self, bill: &str) -> Result<i64, Error> {
        Ok(self.bill(bill).await?.left())
    }

    /// A bill, by a look at Polar.
    ///
    /// # Errors
    /// When Polar cannot be read, or the database fails.
    pub async fn bill(&self, id: &str) -> Result<Bill, Error> {
        let seen = self.polar.object(Kind::Order, id).await?;
        self.observe(Kind::Order, &seen).await?;
        let read = serde_json::from_value::<Bill>(seen.value);
        Ok(read.map_err(|error| polar::Error::Unreadable(error.to_string()))?)
    }
}

/// What there is to say where a bill cannot give back what was agreed to; `None` where it can.
fn too_little(left: i64, part: &Part, extent: Extent) -> Option<Step> {
    match extent {
        Extent::UpTo => (left == 0).then_some(Step::Done),
        Extent::Exactly => (left < part.amount).then(|| {
            let left = Money::new(left, &part.currency);
            Step::Refused(format!("Only {left} is left of the bill, so nothing was paid back."))
        }),
    }
}

//! The first half of an ending: the subscription is cancelled at once, once.

use super::{
    super::Error,
    ending::{Course, Step},
};
use crate::{
    model::{ending::is_over, projection::Kind},
    server::{db::changes, polar},
};

const CANCEL: &str = "cancel";

impl Course<'_> {
    /// Ends the subscription, unless Polar says that it is over. Before that, the other one must still run.
    pub(super) async fn cancel(&self) -> Result<Step, Error> {
        let (id, db) = (&self.row.subscription_id, &self.state.db);
        let open = changes::open(db, id, CANCEL).await?;
        if self.is_over(id).await? {
            if let Some(order) = open {
                self.settle(&order.id, "done", Some("seen")).await?;
            }
            return Ok(Step::Done);
        }
        let order = match open {
            Some(order) if self.may_ask_again(&order).await? => order.id,
            Some(_) => return Ok(Step::Waits("Polar has not answered the cancellation; it is looked at again".into())),
            None if self.is_over(&self.row.other_id).await? => {
                return Ok(Step::Refused("The other subscription has ended meanwhile: nothing was cancelled.".into()));
            }
            None => match self.begin(CANCEL, &self.row.id, "").await? {
                Some(order) => order,
                None => return Ok(Step::Waits("another change of this subscription is under way".into())),
            },
        };
        self.send_cancel(&order).await
    }

    async fn send_cancel(&self, order: &str) -> Result<Step, Error> {
        let id = &self.row.subscription_id;
        let error = match self.polar.revoke_subscription(id).await {
            Ok(seen) => {
                self.settle(order, "done", None).await?;
                self.observe(Kind::Subscription, &seen).await?;
                return Ok(Step::Done);
            }
            Err(error) => error,
        };
        let words = error.to_string();
        if self.is_unanswered(order, &error).await? {
            return Ok(Step::Waits(words));
        }
        if self.is_over(id).await? {
            self.settle(order, "done", Some("seen")).await?;
            return Ok(Step::Done);
        }
        self.settle(order, "refused", Some(&words)).await?;
        Ok(Step::Refused(format!("The cancellation: {words}.")))
    }

    /// Whether a subscription is over, by a look at Polar; one that Polar knows no more is.
    async fn is_over(&self, id: &str) -> Result<bool, Error> {
        match self.polar.object(Kind::Subscription, id).await {
            Ok(seen) => {
                self.observe(Kind::Subscription, &seen).await?;
                Ok(seen.value["status"].as_str().is_some_and(is_over))
            }
            Err(polar::Error::NotFound) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }
}

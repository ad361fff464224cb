//! A subscription is ended at once, once.

use super::{super::Error, Changing, Step};
use crate::{
    model::projection::Kind,
    server::db::changes::{self, OpenChange},
};

const CANCEL: &str = "cancel";

impl Changing<'_> {
    /// Ends the subscription, unless Polar says that it is over. `objection` is asked before that is begun: what speaks
    /// against it, if something does.
    ///
    /// # Errors
    /// When Polar cannot be read, or the database fails.
    pub async fn cancel(
        &self,
        objection: impl AsyncFnOnce() -> Result<Option<&'static str>, Error>,
    ) -> Result<Step, Error> {
        let open = self.open_cancellation().await?;
        if self.is_over(self.id).await? {
            if let Some(order) = open {
                self.settle(&order.id, "done", Some("seen")).await?;
            }
            return Ok(Step::Done);
        }
        let order = match open {
            Some(order) if self.may_ask_again(&order).await? => order.id,
            Some(_) => return Ok(Step::Waits("Polar has not answered the cancellation; it is looked at again".into())),
            None => {
                if let Some(why) = objection().await? {
                    return Ok(Step::Refused(why.to_owned()));
                }
                match self.begin(CANCEL, self.decision, "").await? {
                    Some(order) => order,
                    None => return Ok(Step::Waits("another change of this subscription is under way".into())),
                }
            }
        };
        self.send_cancel(&order).await
    }

    /// Whether an answer to a cancellation is still missing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_cancelling(&self) -> Result<bool, Error> {
        Ok(self.open_cancellation().await?.is_some())
    }

    /// One that the customer asked for is not meant: it is settled by itself, and its purpose is its own id.
    async fn open_cancellation(&self) -> Result<Option<OpenChange>, Error> {
        let open = changes::open(&self.state.db, self.id, CANCEL).await?;
        Ok(open.filter(|order| order.purpose != order.id))
    }

    async fn send_cancel(&self, order: &str) -> Result<Step, Error> {
        let error = match self.polar.revoke_subscription(self.id).await {
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
        if self.is_over(self.id).await? {
            self.settle(order, "done", Some("seen")).await?;
            return Ok(Step::Done);
        }
        self.settle(order, "refused", Some(&words)).await?;
        Ok(Step::Refused(format!("The cancellation: {words}.")))
    }
}

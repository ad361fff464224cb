//! A subscription is ended at once, once.

use super::{super::Error, Changing, Step};
use crate::{
    model::{ending::is_over, projection::Kind},
    server::{db::changes, polar},
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
        let open = changes::open(&self.state.db, self.id, CANCEL).await?;
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
        Ok(changes::open(&self.state.db, self.id, CANCEL).await?.is_some())
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

    /// Whether a subscription is over, by a look at Polar; one that Polar knows no more is.
    ///
    /// # Errors
    /// When Polar cannot be read, or the database fails.
    pub async fn is_over(&self, id: &str) -> Result<bool, Error> {
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

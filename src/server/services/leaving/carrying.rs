//! One try of the job, from whatever was reached before.

use super::super::{
    Error, applying,
    changing::{Changing, Step},
    confirming, syncing,
};
use crate::{
    model::{budget::Urgency, ending::is_over, projection::Kind},
    server::{
        db::{
            self,
            leavings::{self, LeavingRow},
            mirror::{self, ObjectRow},
            orders,
        },
        polar::Client,
        state::State,
    },
};

/// The kind of cases about what could not be ended.
const CASE: &str = "leaving";

/// Somebody's leaving, as it is gone on with.
pub(super) struct Course<'c> {
    pub(super) state: &'c State,
    pub(super) polar: Client,
    pub(super) row: &'c LeavingRow,
}

/// Goes on with the leaving of `user`; why it must be tried again, or `None` once nothing is left to do.
///
/// # Errors
/// When Polar cannot be read, or the database fails: it must be tried again as well.
pub async fn carry_on(state: &State, user: &str) -> Result<Option<String>, Error> {
    let Some(row) = leavings::of(&state.db, user).await? else { return Ok(None) };
    let course = Course { state, polar: state.polar.at(Urgency::Following), row: &row };
    let why = course.advance().await;
    let words = match &why {
        Ok(why) => why.clone(),
        Err(error) => Some(error.to_string()),
    };
    leavings::waits(&state.db, user, words.as_deref()).await?;
    why
}

impl Course<'_> {
    pub(super) fn user(&self) -> &str {
        &self.row.user_id
    }

    /// Everything that is left to do; what must be waited for.
    async fn advance(&self) -> Result<Option<String>, Error> {
        let still_payable = self.look_at_checkouts().await?;
        syncing::sync_user(self.state, self.user()).await?;
        let mut waits = self.end_subscriptions().await?;
        waits.extend(self.pay_back_late().await?);
        if waits.is_empty() {
            waits.extend(self.delete_customers().await?);
        }
        if waits.is_empty() && self.row.state == "leaving" {
            self.finish().await?;
        }
        if waits.is_empty() {
            self.tidy().await?;
            waits.extend(still_payable);
        }
        Ok((!waits.is_empty()).then(|| waits.join("; ")))
    }

    /// Looks at each page to pay on that may still be used: Polar cannot close one. What waits for it, if one is open.
    async fn look_at_checkouts(&self) -> Result<Option<String>, Error> {
        let mut open = None;
        for order in orders::unsettled(&self.state.db, self.user()).await? {
            let status = confirming::checkout_status(self.state, &order).await?;
            if matches!(status.as_deref(), Some("open" | "confirmed")) {
                open = Some("a page to pay on that was opened before runs out at Polar".to_owned());
            }
        }
        Ok(open)
    }

    /// Ends every subscription that is not over, and looks whether it is.
    async fn end_subscriptions(&self) -> Result<Vec<String>, Error> {
        let mut waits = Vec::new();
        for row in self.owned(Kind::Subscription).await? {
            // One that were to live again after it was ended would be another decision.
            let decision = format!("{}:{}", self.user(), row.version_us);
            let changing = self.changing(Kind::Subscription, &row.id, &decision);
            // Where a webhook overtook the answer, the question is still open, and until it is not nothing else can be asked.
            if row.status.as_deref().is_some_and(is_over) && !changing.is_cancelling().await? {
                continue;
            }
            match changing.cancel(async || Ok(None)).await? {
                Step::Done => {}
                Step::Waits(why) => waits.push(why),
                Step::Refused(why) => {
                    let told = format!("The subscription {} of somebody who left goes on. {why}", row.id);
                    self.open_case(&row.id, &told).await?;
                    waits.push(why);
                }
            }
        }
        Ok(waits)
    }

    pub(super) fn changing<'a>(&'a self, kind: Kind, id: &'a str, decision: &'a str) -> Changing<'a> {
        let (state, polar, user) = (self.state, self.polar.clone(), self.user());
        Changing { state, polar, user, decision, kind, id, reason: "customer_request" }
    }

    /// What of this kind is theirs by the mirror.
    pub(super) async fn owned(&self, kind: Kind) -> Result<Vec<ObjectRow>, Error> {
        let owned = mirror::of_owner(&self.state.db, self.user()).await?;
        Ok(owned.into_iter().filter(|row| row.kind == kind.stored()).collect())
    }

    /// Tells staff what cannot be done from here, once.
    pub(super) async fn open_case(&self, about: &str, told: &str) -> Result<(), Error> {
        let (key, now) = (format!("{}:{about}", self.user()), self.state.clock.wall());
        let opened: Result<(), db::Error> = (self.state.db)
            .transaction(async |tx| applying::open_case(tx, CASE, &key, Some(self.user()), told, now).await)
            .await;
        Ok(opened?)
    }
}

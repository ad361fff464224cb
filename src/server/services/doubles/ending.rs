//! Carrying out what staff decided: one try of the job, from whatever was reached before.

use super::super::{
    Error, applying,
    changing::{Changing, Extent, Step},
};
use crate::{
    model::{budget::Urgency, ending::PayBack, projection::Kind},
    server::{
        db::{
            self, audit, cases,
            endings::{self, EndingRow},
            refolds,
        },
        state::State,
    },
};

/// One decision that is being carried out.
struct Course<'c> {
    state: &'c State,
    changing: Changing<'c>,
    row: &'c EndingRow,
    back: PayBack,
}

/// Goes on with the decision `id`; why it must be tried again, or `None` once it is over.
///
/// # Errors
/// When Polar cannot be read, or the database fails: it must be tried again as well.
pub async fn carry_on(state: &State, id: &str) -> Result<Option<String>, Error> {
    let Some(row) = endings::open(&state.db, id).await? else { return Ok(None) };
    let back = PayBack::of_stored(&row.quote).unwrap_or_default();
    let changing = Changing {
        state,
        polar: state.polar.at(Urgency::Following),
        user: &row.user_id,
        decision: &row.id,
        kind: Kind::Subscription,
        id: &row.subscription_id,
        reason: "duplicate",
    };
    let course = Course { state, changing, row: &row, back };
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
        let other = async || {
            let is_over = self.changing.is_over(&self.row.other_id).await?;
            Ok(is_over.then_some("The other subscription has ended meanwhile: nothing was cancelled."))
        };
        match self.changing.cancel(other).await? {
            Step::Done => {}
            other => return Ok(other),
        }
        for part in &self.back.parts {
            match self.changing.pay_back(part, Extent::UpTo).await? {
                Step::Done => {}
                Step::Refused(why) => return Ok(Step::Refused(format!("It was cancelled. {why}"))),
                other => return Ok(other),
            }
        }
        Ok(Step::Done)
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
}

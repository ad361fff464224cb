//! Carrying out what staff decided about a bill or a subscription: one try of the job, from whatever was reached before.

use super::{
    Error,
    changing::{Changing, Extent, Step, paid_for},
};
use crate::{
    model::{
        budget::Urgency,
        projection::Kind,
        remedy::{Remedy, cause},
    },
    server::{
        db::{
            mirror,
            remedies::{self, RemedyRow},
        },
        polar,
        state::State,
    },
};

/// Goes on with the decision `id`; why it must be tried again, or `None` once it is over.
///
/// # Errors
/// When Polar cannot be read, or the database fails: it must be tried again as well.
pub async fn carry_on(state: &State, id: &str) -> Result<Option<String>, Error> {
    let Some(row) = remedies::open(&state.db, id).await? else { return Ok(None) };
    let Some(remedy) = Remedy::of_stored(&row.remedy) else {
        return over(state, &row, "refused", "it was written by another version").await.map(|()| None);
    };
    let why = match advance(state, &row, &remedy).await {
        Ok(Step::Done) => return over(state, &row, "done", &remedy.words()).await.map(|()| None),
        Ok(Step::Refused(why)) => return over(state, &row, "refused", &why).await.map(|()| None),
        Ok(Step::Waits(why)) => Ok(Some(why)),
        Err(Error::Polar(polar::Error::NotFound)) => {
            return over(state, &row, "refused", "Polar does not know it.").await.map(|()| None);
        }
        Err(error) => Err(error),
    };
    let words = match &why {
        Ok(why) => why.clone().unwrap_or_default(),
        Err(error) => error.to_string(),
    };
    remedies::waits(&state.db, id, &words).await?;
    why
}

async fn advance(state: &State, row: &RemedyRow, remedy: &Remedy) -> Result<Step, Error> {
    let polar = state.polar.at(Urgency::Following);
    let changing =
        |kind, id, reason| Changing { state, polar, user: &row.user_id, decision: &row.id, kind, id, reason };
    match remedy {
        Remedy::Revoke => {
            let ending = changing(Kind::Subscription, &row.object_id, "");
            ending.cancel(async || Ok(None)).await
        }
        Remedy::Refund { part, cause: word } => {
            let Some(bill) = mirror::object(&state.db, Kind::Order, &part.bill).await? else {
                return Ok(Step::Refused("The bill is not there any more.".to_owned()));
            };
            let (kind, id) = paid_for(&bill);
            changing(kind, id, cause(word).unwrap_or("other")).pay_back(part, Extent::Exactly).await
        }
    }
}

async fn over(state: &State, row: &RemedyRow, ended: &'static str, words: &str) -> Result<(), Error> {
    let RemedyRow { id, user_id, object_id, .. } = row;
    remedies::finish(&state.db, id, ended, words, state.clock.wall()).await?;
    tracing::info!(user_id, object_id, ended, words, "what staff decided is over");
    state.wake.live.notify_waiters();
    Ok(())
}

//! Deciding which of two subscriptions ends. What is paid back was shown beforehand; a job does the rest.

use super::{
    super::{
        Error,
        doubles::{self, Side},
        new_id,
    },
    Act, Actor, Case, Refused, case, note, reason,
};
use crate::{
    model::{instant::Millis, job::END_SUBSCRIPTION},
    server::{
        db::{
            cases,
            endings::{self, EndingRow},
            jobs, refolds,
        },
        polar,
        state::State,
    },
};

/// A decision about one of two subscriptions, and how far it is.
pub type Ending = EndingRow;

/// Which of the two ends, with the hash of what was shown to be paid back.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<'c> {
    /// Polar's id.
    pub subscription: &'c str,
    /// See `model::ending::PayBack::hash`.
    pub shown: &'c str,
}

/// What the page of a case about two subscriptions shows.
#[derive(Clone, Debug)]
pub struct TwoOf {
    /// Both, with what each would pay back; `None` if Polar does not answer, or nothing is to be decided.
    pub double: Option<doubles::Double>,
    /// Whether Polar does not answer.
    pub polar_is_down: bool,
    /// What was decided before, the newest first.
    pub endings: Vec<Ending>,
}

/// The two subscriptions of a case; `None` of a case about something else.
///
/// # Errors
/// When the database fails; Polar failing is told in the answer.
pub async fn two_of(state: &State, case: &Case) -> Result<Option<TwoOf>, Error> {
    if doubles::pair(case).is_none() {
        return Ok(None);
    }
    let endings = endings::of_case(&state.db, &case.id).await?;
    let decided = case.closed_at.is_some() || endings.iter().any(|ending| ending.state == "open");
    let looked = if decided { Ok(None) } else { doubles::of(state, case).await };
    let (double, polar_is_down) = match looked {
        Ok(double) => (double, false),
        Err(Error::Polar(error)) => {
            tracing::warn!(case = case.id, %error, "what would be paid back could not be read");
            (None, true)
        }
        Err(error) => return Err(error),
    };
    Ok(Some(TwoOf { double, polar_is_down, endings }))
}

/// Ends one of the two subscriptions of a case, pays back what was shown, and then closes the case: written down here, and
/// carried out by a job.
///
/// # Errors
/// See [`Refused`]; then nothing was begun.
pub async fn end_one(state: &State, actor: &Actor, id: &str, chosen: Chosen<'_>, why: &str) -> Result<(), Refused> {
    let (why, now) = (reason(why)?, state.clock.wall());
    let case = case(state, id).await?.filter(|case| case.closed_at.is_none()).ok_or(Refused::Gone)?;
    let user = case.user_id.as_deref().ok_or(Refused::Gone)?;
    let double = doubles::of(state, &case).await.map_err(no_answer)?.ok_or(Refused::Gone)?;
    let (ends, other) = double.split(chosen.subscription).ok_or(Refused::Gone)?;
    if ends.back.hash() != chosen.shown {
        return Err(Refused::Changed);
    }
    let row = decision(actor, &case.id, user, (ends, other), why, now);
    let (target, details) =
        (format!("subscription:{}", ends.id), format!("{} is to be paid back: {why}", ends.back.words()));
    let act = Act { action: "end subscription", user: Some(user), target: &target, details: &details };
    let begun: Result<(), Refused> = (state.db)
        .transaction(async |tx| {
            refolds::lock_user(tx, user).await?;
            if cases::by_id(&mut *tx, id).await?.is_none_or(|case| case.closed_at.is_some()) {
                return Err(Refused::Gone);
            }
            if !endings::begin(tx, &row).await? {
                return Err(Refused::UnderWay);
            }
            note(tx, actor, act, now).await?;
            Ok(jobs::queue(tx, &new_id(), END_SUBSCRIPTION, &row.id, now).await?)
        })
        .await;
    state.wake.jobs.notify_one();
    begun
}

fn decision(actor: &Actor, case: &str, user: &str, (ends, other): (&Side, &Side), why: &str, now: Millis) -> EndingRow {
    EndingRow {
        id: new_id(),
        case_id: case.to_owned(),
        user_id: user.to_owned(),
        subscription_id: ends.id.clone(),
        other_id: other.id.clone(),
        quote: ends.back.stored(),
        staff_id: actor.id.clone(),
        ip: actor.ip.clone(),
        reason: why.to_owned(),
        state: "open".to_owned(),
        outcome: None,
        created_at: now,
        ended_at: None,
    }
}

pub(super) fn no_answer(error: Error) -> Refused {
    match error {
        Error::Polar(polar::Error::Refused { .. } | polar::Error::Unauthorized | polar::Error::MissingScope) => {
            Refused::Declined(error.to_string())
        }
        Error::Polar(_) => Refused::NoAnswer,
        error => Refused::Store(error),
    }
}

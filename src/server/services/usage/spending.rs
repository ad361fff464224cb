//! Using something that is limited: whether enough is left is looked at under the user's lock, so that of two who spend the
//! last one only one does.

use super::{super::Error, alerts, new_event, recording::wake_after, standing::standing};
use crate::{
    model::{
        instant::DAY,
        job,
        usage::{self, Balance, Bill, Standing, Use, Window},
    },
    server::{
        db::{self, Tx, inbox, jobs, orders, refolds, usage_events},
        services::{access::CHECKING, new_id},
        state::State,
    },
};

/// Whether something was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spent {
    /// It was, or was before by the same key.
    Done,
    /// Not enough is left: this is.
    NotEnough(Balance),
    /// It cannot be said now, in one sentence: a payment is on its way. Never a "no".
    Unknown(&'static str),
}

/// Why something may not be used now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not enough is left: this is.
    NotEnough(Balance),
    /// It cannot be said now, in one sentence.
    Unknown(&'static str),
}

impl From<Refusal> for Spent {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotEnough(balance) => Self::NotEnough(balance),
            Refusal::Unknown(why) => Self::Unknown(why),
        }
    }
}

/// Uses something, if enough of it is left.
///
/// # Errors
/// When the database fails: then nothing is used, and the same may be asked again with the same key.
pub async fn spend(state: &State, user: &str, used: &Use) -> Result<Spent, Error> {
    let spent: Result<Spent, db::Error> = state.db.transaction(async |tx| spend_in(tx, state, user, used).await).await;
    Ok(spent?)
}

/// As [`spend`], inside a transaction of the caller's: it is used if, and only if, that is committed.
///
/// # Errors
/// When the database fails, or there is no such user; the transaction must then be rolled back.
pub async fn spend_in(tx: &mut Tx, state: &State, user: &str, used: &Use) -> Result<Spent, db::Error> {
    if !refolds::lock_user(tx, user).await? {
        return Err(db::Error::RowNotFound);
    }
    if usage_events::is_known(&mut *tx, user, &used.key).await? {
        return Ok(Spent::Done);
    }
    match take(tx, state, user, used).await? {
        Ok((window, before)) => {
            usage_events::insert(tx, &new_event(state, user, used, window.per.is_kept())).await?;
            let after = before.saturating_add(used.amount);
            alerts::counted(tx, state, (user, &used.meter), (window, after)).await?;
            wake_after(tx, state);
            Ok(Spent::Done)
        }
        Err(refused) => Ok(refused.into()),
    }
}

/// The window that this can be taken from, and what is used of it, under the user's lock; else what is answered instead.
pub(super) async fn take(
    tx: &mut Tx,
    state: &State,
    user: &str,
    used: &Use,
) -> Result<Result<(Window, i64), Refusal>, db::Error> {
    let standing = standing(tx, state, user, &used.meter).await?;
    let window = usage::choose(&standing, used.amount);
    match standing.iter().find(|(open, _)| Some(open) == window.as_ref()) {
        Some(taken) => Ok(Ok(taken.clone())),
        None => Ok(Err(refusal(tx, state, user, used, &standing).await?)),
    }
}

async fn refusal(
    tx: &mut Tx,
    state: &State,
    user: &str,
    used: &Use,
    standing: &Standing,
) -> Result<Refusal, db::Error> {
    let (balance, now) = (usage::balance(&used.meter, standing), state.clock.wall());
    if balance.bill == Bill::Awaited {
        jobs::queue(tx, &new_id(), job::SYNC_USER, user, now).await?;
        let state = state.clone();
        tx.after_commit(move || state.wake.jobs.notify_one());
        return Ok(Refusal::Unknown(CHECKING));
    }
    let uncertain = orders::awaiting(&mut *tx, user, now - DAY).await? || inbox::dead_for_user(&mut *tx, user).await?;
    Ok(if uncertain { Refusal::Unknown(CHECKING) } else { Refusal::NotEnough(balance) })
}

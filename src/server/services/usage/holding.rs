//! Work whose cost is known only afterwards: so much is set aside, and what it really was is counted at the end.

use super::{
    super::{Error, new_id},
    alerts, new_event,
    recording::wake_after,
    spending::{Refusal, take},
};
use crate::{
    model::{
        instant::Millis,
        usage::{Balance, Use},
    },
    server::{
        db::{self, Tx, refolds, usage_events, usage_holds},
        state::State,
    },
};

/// Whether something was set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// It was, or was before by the same key; the id of the hold.
    Yes(String),
    /// Not enough is left: this is.
    NotEnough(Balance),
    /// It cannot be said now, in one sentence.
    Unknown(&'static str),
}

/// How a hold was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// What was really used is counted.
    Done,
    /// It was settled before; that counts.
    Before,
    /// It was released before, or there is none: nothing is counted.
    Gone,
}

/// Sets `used.amount` aside for `lasts` milliseconds of wall time. One that is neither settled nor released by then holds
/// nothing back any more, but may still be settled: the work was done.
///
/// # Errors
/// When the database fails: then nothing is set aside.
pub async fn hold(state: &State, user: &str, used: &Use, lasts: Millis) -> Result<Held, Error> {
    let held: Result<Held, db::Error> = (state.db)
        .transaction(async |tx| {
            if !refolds::lock_user(tx, user).await? {
                return Err(db::Error::RowNotFound);
            }
            if let Some(row) = usage_holds::by_key(&mut *tx, user, &used.key).await? {
                return Ok(Held::Yes(row.id));
            }
            let window = match take(tx, state, user, used).await? {
                Ok((window, _)) => window,
                Err(Refusal::NotEnough(balance)) => return Ok(Held::NotEnough(balance)),
                Err(Refusal::Unknown(why)) => return Ok(Held::Unknown(why)),
            };
            let (id, now) = (new_id(), state.clock.wall());
            let until = now.saturating_add(lasts);
            usage_holds::insert(tx, (&id, user), used, window.per.is_kept(), (now, until)).await?;
            Ok(Held::Yes(id))
        })
        .await;
    Ok(held?)
}

/// Ends a hold and counts what was really used, even where that is more than was set aside; 0 counts nothing.
///
/// # Errors
/// When the database fails: then the hold stands as before.
pub async fn settle(state: &State, hold: &str, really: i64) -> Result<Settled, Error> {
    let settled: Result<Settled, db::Error> =
        state.db.transaction(async |tx| settle_in(tx, state, hold, really).await).await;
    Ok(settled?)
}

async fn settle_in(tx: &mut Tx, state: &State, hold: &str, really: i64) -> Result<Settled, db::Error> {
    let Some(row) = usage_holds::by_id(&mut *tx, hold).await? else { return Ok(Settled::Gone) };
    refolds::lock_user(tx, &row.user_id).await?;
    if !usage_holds::end(tx, hold, "settled").await? {
        let row = usage_holds::by_id(&mut *tx, hold).await?;
        return Ok(if row.is_some_and(|row| row.state == "settled") { Settled::Before } else { Settled::Gone });
    }
    if really > 0 {
        let properties = serde_json::from_str(&row.properties).unwrap_or_default();
        let used = Use { meter: row.meter, amount: really, key: row.key, properties };
        usage_events::insert(tx, &new_event(state, &row.user_id, &used, row.kept == 1)).await?;
        alerts::recorded(tx, state, (&row.user_id, &used.meter), row.kept == 1).await?;
        wake_after(tx, state);
    }
    Ok(Settled::Done)
}

/// Ends a hold without counting anything; `false` if it was ended before.
///
/// # Errors
/// When the database fails: then the hold stands as before.
pub async fn release(state: &State, hold: &str) -> Result<bool, Error> {
    let released: Result<bool, db::Error> =
        state.db.transaction(async |tx| usage_holds::end(tx, hold, "released").await).await;
    Ok(released?)
}

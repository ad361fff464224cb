//! How much a customer lets usage cost beyond what is included: without a limit of theirs nothing.

use super::{super::Error, standing::standing};
use crate::{
    model::{
        beyond::Beyond,
        meter::Meter,
        money::Money,
        usage::{self, Balance},
    },
    server::{
        db::{self, audit, usage_limits, users},
        services::accounts::Asking,
        state::State,
    },
};

/// What can be limited, and how it is.
#[derive(Clone, Debug)]
pub struct Limit {
    /// What is counted.
    pub meter: Meter,
    /// What there is of the period that it is sold in.
    pub balance: Balance,
    /// What more costs.
    pub beyond: Beyond,
    /// What is chosen.
    pub chosen: Option<Money>,
}

/// What somebody can limit of a meter; `None` where no more is sold to them than is included.
///
/// # Errors
/// When the database fails.
pub async fn of(state: &State, user: &str, meter: &str) -> Result<Option<Limit>, Error> {
    let Some(named) = state.plans.meter(meter) else { return Ok(None) };
    let mut tx = state.db.snapshot().await?;
    let standing = standing(&mut tx, state, user, meter).await?;
    let balance = usage::balance_of(meter, usage::selling(&standing), &standing);
    let Some(beyond) = balance.beyond.clone() else { return Ok(None) };
    let chosen = usage_limits::of(&mut tx, user, meter).await?.filter(|limit| limit.currency == beyond.currency);
    Ok(Some(Limit { meter: named.clone(), balance, beyond, chosen }))
}

/// Somebody chooses how much a meter may cost beyond what is included, in each period; it holds at once, also for what they
/// used before.
///
/// # Errors
/// When the database fails: then nothing is chosen.
pub async fn choose(state: &State, asking: Asking<'_>, meter: &str, limit: &Money) -> Result<(), Error> {
    let (user, ip, now) = (asking.user, asking.from.to_string(), state.clock.wall());
    let chosen: Result<(), db::Error> = (state.db)
        .transaction(async |tx| {
            users::lock(tx, user).await?;
            usage_limits::put(tx, user, meter, limit).await?;
            let (whose, action, details) = (Some(user), "spending limit chosen", limit.to_string());
            let ip = Some(ip.as_str());
            let entry = audit::Entry { actor: whose, action, user: whose, target: None, details: Some(&details), ip };
            audit::add(tx, entry, now).await.map(drop)
        })
        .await;
    Ok(chosen?)
}

//! The quarantine: what was bought of a plan of ours and belongs to nobody.

use super::{
    super::{
        Error,
        applying::{self, Attribution},
        explaining,
    },
    Act, Actor, Refused, entry, note, reason,
};
use crate::{
    model::{money::Money, projection::Kind},
    server::{
        db::{
            mirror,
            quarantine::{self, Decision, StrayRow},
        },
        state::State,
    },
};

/// One thing without an owner.
#[derive(Clone, Debug)]
pub struct Stray {
    /// As stored.
    pub row: StrayRow,
    /// The name of its plan.
    pub plan: String,
    /// What it costs.
    pub price: Option<Money>,
}

/// Everything in quarantine, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn strays(state: &State) -> Result<Vec<Stray>, Error> {
    Ok(quarantine::all(&state.db).await?.into_iter().map(|row| shown(state, row)).collect())
}

/// The one that `object` (`kind:id`) names.
///
/// # Errors
/// When the database fails.
pub async fn stray(state: &State, object: &str) -> Result<Option<Stray>, Error> {
    let Some((kind, id)) = object.split_once(':') else { return Ok(None) };
    Ok(quarantine::one(&state.db, kind, id).await?.map(|row| shown(state, row)))
}

fn shown(state: &State, row: StrayRow) -> Stray {
    let plan = state.plans.get(&row.plan).map_or_else(|| row.plan.clone(), |plan| plan.name.clone());
    let price = row.amount.zip(row.currency.as_deref()).map(|(amount, currency)| Money::new(amount, currency));
    Stray { plan, price, row }
}

/// Gives it to whoever has this id or address; access follows at once.
///
/// # Errors
/// See [`Refused`].
pub async fn attribute(state: &State, actor: &Actor, object: &str, who: &str, why: &str) -> Result<(), Refused> {
    let why = reason(why)?;
    let user = explaining::person(state, who).await?.filter(|user| user.deleted_at.is_none());
    let user = user.ok_or(Refused::NoSuchUser)?.id;
    let stray = stray(state, object).await?.ok_or(Refused::Gone)?;
    let kind = Kind::of_stored(&stray.row.kind).ok_or(Refused::Gone)?;
    let row = mirror::object(&state.db, kind, &stray.row.id).await?.ok_or(Refused::Gone)?;
    let by = Decision { staff: &actor.id, reason: why, at: state.clock.wall() };
    let act = Act { action: "attribute", user: Some(&user), target: object, details: why };
    Ok(applying::attribute(state, &Attribution { object: &row, user: &user, by, entry: entry(actor, act) }).await?)
}

/// Takes it off the list; it goes on giving nothing to anybody.
///
/// # Errors
/// See [`Refused`].
pub async fn dismiss(state: &State, actor: &Actor, object: &str, why: &str) -> Result<(), Refused> {
    let (why, now) = (reason(why)?, state.clock.wall());
    let StrayRow { kind, id, .. } = stray(state, object).await?.ok_or(Refused::Gone)?.row;
    (state.db)
        .transaction(async |tx| {
            if !quarantine::dismiss(tx, (&kind, &id), Decision { staff: &actor.id, reason: why, at: now }).await? {
                return Err(Refused::Gone);
            }
            note(tx, actor, Act { action: "dismiss", user: None, target: object, details: why }, now).await?;
            Ok(())
        })
        .await
}

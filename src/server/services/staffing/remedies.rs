//! Deciding to pay a bill back, wholly or in part, or to end a subscription at once: written down here, and carried out by a
//! job.

use super::{
    super::{
        Error, new_id,
        overview::{self, Bill as Billed},
    },
    Act, Actor, Refused, note, reason,
};
use crate::{
    model::{
        ending::{Bill, is_over},
        instant::{Millis, parse_ms},
        job::REMEDY,
        money::Money,
        projection::{Kind, SubscriptionFacts},
        remedy::{Remedy, cause, part, shown},
    },
    server::{
        db::{
            jobs,
            mirror::{self, ObjectRow},
            refolds, remedies,
        },
        polar,
        state::State,
    },
};
use std::time::Duration;

pub use crate::server::db::remedies::RemedyRow;

/// So long a page waits for Polar.
const PATIENCE: Duration = Duration::from_secs(8);

/// What the form about a bill says.
#[derive(Clone, Copy, Debug)]
pub struct Refund<'f> {
    /// Polar's id of the bill.
    pub bill: &'f str,
    /// How much, net of tax, in whole units of its currency; empty for all of it.
    pub amount: &'f str,
    /// Polar's word for why.
    pub cause: &'f str,
    /// What could be paid back when the page was made, see `model::remedy::shown`.
    pub shown: &'f str,
    /// Why, for those who read it later.
    pub why: &'f str,
}

/// What the page of a bill shows.
#[derive(Clone, Debug)]
pub struct BillSide {
    /// Whose it is.
    pub user: String,
    /// What it was for.
    pub billed: Billed,
    /// The subscription that it is a bill of.
    pub subscription: Option<String>,
    /// As Polar has it now; `None` if Polar does not answer, or a decision is being carried out.
    pub bill: Option<Bill>,
    /// What was decided about it, the newest first.
    pub decided: Vec<RemedyRow>,
}

/// What the page of a subscription shows.
#[derive(Clone, Debug)]
pub struct SubscriptionSide {
    /// Polar's id.
    pub id: String,
    /// Whose it is.
    pub user: String,
    /// The name of its plan.
    pub plan: String,
    /// Polar's word for how it stands, by what we hold.
    pub status: String,
    /// Until when it is paid.
    pub until: Option<Millis>,
    /// Its bills, the newest first.
    pub bills: Vec<Billed>,
    /// What was decided about it, the newest first.
    pub decided: Vec<RemedyRow>,
}

/// A bill of somebody's, with what can be paid back of it.
///
/// # Errors
/// When the database fails; Polar failing is told in the answer.
pub async fn bill_side(state: &State, id: &str) -> Result<Option<BillSide>, Error> {
    let Some((row, user)) = owned(state, Kind::Order, id).await? else { return Ok(None) };
    let billed = overview::bills(state, &user).await?.into_iter().find(|bill| bill.id == row.id);
    let Some(billed) = billed else { return Ok(None) };
    let decided = remedies::of_object(&state.db, id).await?;
    // While one is carried out, nothing can be decided, and the page looks again and again.
    let looks = decided.iter().all(|decision| decision.state != "open");
    let bill = match looks.then_some(at_polar(state, id)) {
        Some(looking) => {
            looking.await.inspect_err(|error| tracing::warn!(bill = id, %error, "a bill is not read")).ok()
        }
        None => None,
    };
    Ok(Some(BillSide { user, billed, subscription: row.subscription_id, bill, decided }))
}

/// A subscription of somebody's.
///
/// # Errors
/// When the database fails.
pub async fn subscription_side(state: &State, id: &str) -> Result<Option<SubscriptionSide>, Error> {
    let Some((row, user)) = owned(state, Kind::Subscription, id).await? else { return Ok(None) };
    let plan = match &row.product_id {
        Some(product) => mirror::plan_of_product(&state.db, product).await?.unwrap_or_default(),
        None => String::new(),
    };
    let objects = mirror::of_owner(&state.db, &user).await?;
    let is_its = |bill: &Billed| {
        objects.iter().any(|object| object.id == bill.id && object.subscription_id.as_deref() == Some(id))
    };
    let facts = serde_json::from_str::<SubscriptionFacts>(&row.projection).ok();
    Ok(Some(SubscriptionSide {
        plan: state.plans.get(&plan).map_or(plan, |plan| plan.name.clone()),
        status: row.status.unwrap_or_default(),
        until: facts.and_then(|facts| facts.current_period_end).as_deref().and_then(parse_ms),
        bills: overview::bills(state, &user).await?.into_iter().filter(is_its).collect(),
        decided: remedies::of_object(&state.db, id).await?,
        id: row.id,
        user,
    }))
}

/// Has a bill paid back as far as was agreed to, or not at all.
///
/// # Errors
/// See [`Refused`]; then nothing was begun.
pub async fn refund(state: &State, actor: &Actor, form: Refund<'_>) -> Result<(), Refused> {
    let (why, cause) = (reason(form.why)?, cause(form.cause).ok_or(Refused::Cause)?);
    let (_, user) = owned(state, Kind::Order, form.bill).await?.ok_or(Refused::Gone)?;
    let bill = at_polar(state, form.bill).await.map_err(no_answer)?;
    if shown(&bill) != form.shown {
        return Err(Refused::Changed);
    }
    let left = Money::new(bill.left(), &bill.currency);
    let part = part(&bill, form.amount).ok_or(Refused::Amount { left })?;
    let remedy = Remedy::Refund { part, cause: cause.to_owned() };
    let (target, details) = (format!("order:{}", form.bill), format!("{}: {why}", remedy.words()));
    let act = Act { action: "refund bill", user: Some(&user), target: &target, details: &details };
    begin(state, actor, act, decision(actor, &user, form.bill, &remedy, why, state.clock.wall())).await
}

/// Has a subscription ended at once. Nothing is paid back by that.
///
/// # Errors
/// See [`Refused`]; then nothing was begun.
pub async fn revoke(state: &State, actor: &Actor, subscription: &str, why: &str) -> Result<(), Refused> {
    let why = reason(why)?;
    let (row, user) = owned(state, Kind::Subscription, subscription).await?.ok_or(Refused::Gone)?;
    if row.status.as_deref().is_some_and(is_over) {
        return Err(Refused::Gone);
    }
    let target = format!("subscription:{subscription}");
    let act = Act { action: "revoke subscription", user: Some(&user), target: &target, details: why };
    begin(state, actor, act, decision(actor, &user, subscription, &Remedy::Revoke, why, state.clock.wall())).await
}

fn decision(actor: &Actor, user: &str, object: &str, remedy: &Remedy, why: &str, now: Millis) -> RemedyRow {
    RemedyRow {
        id: new_id(),
        user_id: user.to_owned(),
        object_id: object.to_owned(),
        remedy: remedy.stored(),
        staff_id: actor.id.clone(),
        ip: actor.ip.clone(),
        reason: why.to_owned(),
        state: "open".to_owned(),
        outcome: None,
        created_at: now,
        ended_at: None,
    }
}

async fn begin(state: &State, actor: &Actor, act: Act<'_>, row: RemedyRow) -> Result<(), Refused> {
    let begun: Result<(), Refused> = (state.db)
        .transaction(async |tx| {
            refolds::lock_user(tx, &row.user_id).await?;
            if !remedies::begin(tx, &row).await? {
                return Err(Refused::Busy);
            }
            note(tx, actor, act, row.created_at).await?;
            Ok(jobs::queue(tx, &new_id(), REMEDY, &row.id, row.created_at).await?)
        })
        .await;
    state.wake.jobs.notify_one();
    begun
}

/// A thing that somebody bought, and who.
async fn owned(state: &State, kind: Kind, id: &str) -> Result<Option<(ObjectRow, String)>, Error> {
    let row = mirror::object(&state.db, kind, id).await?;
    Ok(row.and_then(|row| row.owner_id.clone().map(|owner| (row, owner))))
}

async fn at_polar(state: &State, bill: &str) -> Result<Bill, polar::Error> {
    let looked = tokio::time::timeout(PATIENCE, state.polar.object(Kind::Order, bill)).await;
    let seen = looked.unwrap_or(Err(polar::Error::NoAnswer))?;
    serde_json::from_value(seen.value).map_err(|error| polar::Error::Unreadable(error.to_string()))
}

fn no_answer(error: polar::Error) -> Refused {
    match error {
        polar::Error::NotFound => Refused::Gone,
        error => super::doubles::no_answer(Error::Polar(error)),
    }
}

//! Buying: one order a form, committed at most once, however often the button is pressed.
//!
//! The commit has three steps: the order is written (or found) in one transaction; outside of any, Polar is read and the
//! checkout made; in another transaction the checkout is stored, if this commit still holds the order's lease. A buyer is
//! only ever sent to a stored checkout that charges just what they saw.

mod again;
mod begin;
mod checks;
mod make;

use super::{Error, access, catalog, leaving, new_id};
use crate::{
    model::{plan::Plan, projection::Kind, quote::Quote},
    server::{
        db::{mirror, users},
        state::State,
    },
};
use begin::Begun;
use std::{collections::BTreeMap, net::IpAddr};

/// Who buys.
#[derive(Clone, Debug)]
pub struct Buyer {
    /// Our user id.
    pub user_id: String,
    /// Their address, if we have verified it.
    pub verified_email: Option<String>,
    /// The browser's address: decides country and tax.
    pub ip: Option<IpAddr>,
}

/// What the form says.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Minted by the form.
    pub order_id: String,
    /// The plan's slug.
    pub plan: String,
    /// The interval's slug.
    pub interval: String,
    /// The hash of the quote that was shown.
    pub quote_hash: String,
    /// Where the buyer came from: `source`, `campaign`, `referrer`.
    pub attribution: BTreeMap<&'static str, String>,
}

/// What the buyer is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Committed {
    /// To Polar, to pay.
    Checkout(String),
    /// To the confirmation of this order: it, or an earlier one, is paid or being paid.
    Confirmation(String),
    /// Another request is making the checkout; the order's page says when it is there.
    Preparing(String),
    /// They have a subscription: a plan is changed, not bought again.
    ChangePlan,
    /// They have this for good.
    AlreadyYours,
    /// Their address must be confirmed first.
    Unverified,
    /// An earlier account with their address is still being closed at Polar.
    Closing,
    /// What was shown is no longer true; nothing was made, and the form shows the new quote.
    NewQuote,
    /// Polar does not answer; nothing was made.
    PolarDown,
    /// There is no such plan, interval or order of theirs.
    NotFound,
}

/// What the buying page shows.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The plan.
    pub plan: Plan,
    /// The quote.
    pub quote: Quote,
    /// The id of the order to be, minted for this form.
    pub order_id: String,
    /// Why it cannot be bought now, if so.
    pub obstacle: Option<Obstacle>,
}

/// Why something cannot be bought now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// They have a subscription already.
    ChangePlan,
    /// They have this for good already.
    AlreadyYours,
    /// Their address must be confirmed first.
    Unverified,
    /// An earlier account with their address is still being closed at Polar.
    Closing,
    /// A payment of theirs is being checked.
    Checking,
    /// Polar does not answer.
    PolarDown,
}

/// What the buying page of this plan and interval shows to a user; writes nothing. `None` if it is not for sale.
///
/// # Errors
/// When the database fails.
pub async fn propose(state: &State, user: &str, plan: &str, interval: &str) -> Result<Option<Proposal>, Error> {
    let catalog = catalog::current(state).await?;
    let Some(plan) = state.plans.get(plan) else { return Ok(None) };
    let Some(offer) = catalog.offers.find(&plan.slug, interval) else { return Ok(None) };
    let quote = Quote::of(offer, had_trial(state, user).await?);
    let obstacle = match checks::held(state, user, &quote).await? {
        Some(obstacle) => Some(obstacle),
        None if !may_buy(state, user).await? => Some(Obstacle::Unverified),
        None if is_closing(state, user).await? => Some(Obstacle::Closing),
        None if access::is_uncertain(state, user).await? => Some(Obstacle::Checking),
        None => (catalog.stale || !state.known.is_compared()).then_some(Obstacle::PolarDown),
    };
    Ok(Some(Proposal { plan: plan.clone(), quote, order_id: new_id(), obstacle }))
}

/// Commits an order: see the module. The work goes on when the caller goes away: a browser that closes the connection,
/// as a second click does, must not leave an order half made.
///
/// # Errors
/// When the database fails; whatever was begun can be committed again.
pub async fn commit(state: &State, buyer: &Buyer, wish: &Wish) -> Result<Committed, Error> {
    let (for_task, buyer, wish) = (state.clone(), buyer.clone(), wish.clone());
    let task = state.tasks.spawn(async move { commit_whole(&for_task, &buyer, &wish).await });
    task.await.map_err(|_| Error::Interrupted)?
}

async fn commit_whole(state: &State, buyer: &Buyer, wish: &Wish) -> Result<Committed, Error> {
    if !state.known.is_compared() {
        return Ok(Committed::PolarDown);
    }
    if !may_buy(state, &buyer.user_id).await? {
        return Ok(Committed::Unverified);
    }
    if is_closing(state, &buyer.user_id).await? {
        return Ok(Committed::Closing);
    }
    if uuid::Uuid::parse_str(&wish.order_id).is_err() {
        return Ok(Committed::NotFound);
    }
    let catalog = catalog::current(state).await?;
    let Some(offer) = catalog.offers.find(&wish.plan, &wish.interval) else { return Ok(Committed::NotFound) };
    let quote = Quote::of(offer, had_trial(state, &buyer.user_id).await?);
    let done = match begin::begin(state, buyer, wish, &quote).await? {
        Begun::Mine(token) => make::make(state, buyer, wish, &quote, &token).await?,
        Begun::There(order) => again::again(state, order, &quote).await?,
        Begun::NewQuote => Committed::NewQuote,
        Begun::NotTheirs => Committed::NotFound,
    };
    if done == Committed::NewQuote {
        state.catalog.expire();
        catalog::refreshed(state).await?;
    }
    Ok(done)
}

/// Whether the user's address is proved, where that is asked for.
async fn may_buy(state: &State, user: &str) -> Result<bool, Error> {
    if !state.plans.requires_verified_email() {
        return Ok(true);
    }
    Ok(users::by_id(&state.db, user).await?.is_some_and(|user| user.email_verified_at.is_some()))
}

/// Whether Polar may still know an earlier account by the user's address: what is bought now would hang on its customer, and
/// end with it.
async fn is_closing(state: &State, user: &str) -> Result<bool, Error> {
    match users::by_id(&state.db, user).await? {
        Some(user) => leaving::is_closing(state, &user.email).await,
        None => Ok(false),
    }
}

/// Whether the user ever had a trial: there is one a person.
async fn had_trial(state: &State, user: &str) -> Result<bool, Error> {
    let objects = mirror::of_owner(&state.db, user).await?;
    let mut subscriptions = objects.iter().filter(|row| row.kind == Kind::Subscription.stored());
    Ok(subscriptions.any(|row| {
        let facts = serde_json::from_str::<crate::model::projection::SubscriptionFacts>(&row.projection);
        facts.is_ok_and(|facts| facts.trial_end.is_some())
    }))
}

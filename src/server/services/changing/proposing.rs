//! What a change means is shown before somebody agrees: the same words and figures are computed again when they do.

use super::{
    super::{Error, catalog, new_id},
    Changing,
};
use crate::{
    model::{
        budget::Urgency,
        catalog::{Interval, Offer},
        change::{Change, Fit, Terms},
        instant::Millis,
        projection::{Kind, SubscriptionFacts},
        switch::{Figures, Present, Switch},
    },
    server::{
        db::mirror::{self, ObjectRow},
        polar,
        state::State,
    },
};
use serde_json::Value;

/// A change of one subscription.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Polar's id of the subscription.
    pub subscription: String,
    /// What is wanted.
    pub change: Change,
    /// Of [`Change::Switch`]: to what.
    pub to: Option<Target>,
}

/// Another plan, as a form names it.
#[derive(Clone, Debug)]
pub struct Target {
    /// The plan's slug.
    pub plan: String,
    /// The interval's slug.
    pub interval: String,
    /// When the figures were computed, billing time.
    pub quoted_at: Millis,
}

/// What is shown before somebody agrees.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// What they agree to.
    pub terms: Terms,
    /// The plan's slug; empty for a product that belongs to none.
    pub plan: String,
    /// Whether it can be made.
    pub fit: Fit,
    /// For the form: the same form sent twice is one order.
    pub order_id: String,
}

/// What can be shown of a wish.
#[derive(Clone, Debug)]
pub enum Proposed {
    /// What it means.
    Shown(Box<Proposal>),
    /// There is no such subscription of theirs.
    NotFound,
    /// Nothing is for sale by that name.
    NotSold,
    /// Polar does not answer, so its figures cannot be told.
    PolarDown,
}

/// What a wish of `user` means. Figures are computed from a look at Polar, the rest from what we hold.
///
/// # Errors
/// When the database fails.
pub async fn propose(state: &State, user: &str, wish: &Wish) -> Result<Proposed, Error> {
    if !is_theirs(state, user, &wish.subscription).await? {
        return Ok(Proposed::NotFound);
    }
    match examine(&changing(state, user, wish, ""), wish, wish.to.is_some()).await {
        Ok(Some(found)) => Ok(Proposed::Shown(Box::new(found))),
        Ok(None) => Ok(Proposed::NotSold),
        Err(Error::Polar(_)) => Ok(Proposed::PolarDown),
        Err(error) => Err(error),
    }
}

/// The subscription of `user` that a change without a name is about: the one that is alive, if it is only one.
///
/// # Errors
/// When the database fails.
pub async fn only_one(state: &State, user: &str) -> Result<Option<String>, Error> {
    let mut live = mirror::of_owner(&state.db, user).await?.into_iter().filter(ObjectRow::is_live_subscription);
    Ok(live.next().filter(|_| live.next().is_none()).map(|row| row.id))
}

/// What a subscription can become: what is for sale in its currency and is not what it is.
///
/// # Errors
/// When the database fails.
pub async fn choices(state: &State, user: &str, subscription: &str) -> Result<Option<(String, Vec<Offer>)>, Error> {
    let Some(facts) = owned(state, user, subscription).await? else { return Ok(None) };
    let plan = mirror::plan_of_product(&state.db, &facts.product_id).await?.unwrap_or_default();
    let offers = catalog::current(state).await?.offers;
    let others = offers.iter().filter(|offer| offer.interval.recurs() && offer.product_id != facts.product_id);
    Ok(Some((plan, others.filter(|offer| offer.price.currency == facts.currency).cloned().collect())))
}

pub(super) async fn is_theirs(state: &State, user: &str, subscription: &str) -> Result<bool, Error> {
    Ok(owned(state, user, subscription).await?.is_some())
}

async fn owned(state: &State, user: &str, subscription: &str) -> Result<Option<SubscriptionFacts>, Error> {
    let row = mirror::object(&state.db, Kind::Subscription, subscription).await?;
    let row = row.filter(|row| row.owner_id.as_deref() == Some(user));
    Ok(row.and_then(|row| serde_json::from_str(&row.projection).ok()))
}

/// What a wish means for a subscription of theirs, by a look at Polar if it `looks`, else by our own tables. `None` for
/// something that is not for sale.
pub(super) async fn examine(changing: &Changing<'_>, wish: &Wish, looks: bool) -> Result<Option<Proposal>, Error> {
    let state = changing.state;
    let live = if looks { changing.look().await?.map(|seen| seen.value) } else { None };
    let facts = match &live {
        // Not what the tables say: of two pictures from the same second they may hold the other one until they are read again.
        Some(live) => Some(serde_json::from_value(live.clone()).map_err(|error| unreadable(&error))?),
        None => owned(state, changing.user, &wish.subscription).await?,
    };
    let Some(facts) = facts else { return Ok(None) };
    let plan = mirror::plan_of_product(&state.db, &facts.product_id).await?.unwrap_or_default();
    let mut terms = Terms::of(wish.change, &wish.subscription, &facts);
    if let Some(to) = &wish.to {
        let Some(switch) = quote(state, (&plan, &facts), to, live).await? else { return Ok(None) };
        terms.switch = Some(switch);
    }
    let fit = terms.fit(&facts);
    Ok(Some(Proposal { terms, plan, fit, order_id: new_id() }))
}

fn unreadable(error: &serde_json::Error) -> polar::Error {
    polar::Error::Unreadable(error.to_string())
}

/// The decision of a customer about a subscription.
pub(super) fn changing<'c>(state: &'c State, user: &'c str, wish: &'c Wish, decision: &'c str) -> Changing<'c> {
    Changing {
        state,
        polar: state.polar.at(Urgency::Buying),
        user,
        decision,
        kind: Kind::Subscription,
        id: &wish.subscription,
        reason: "customer_request",
    }
}

async fn quote(
    state: &State,
    (plan, facts): (&str, &SubscriptionFacts),
    to: &Target,
    live: Option<Value>,
) -> Result<Option<Switch>, Error> {
    let polar = state.polar.at(Urgency::Buying);
    let offer = catalog::offer_now(state, &polar, &to.plan, &to.interval).await?;
    let Some(offer) = offer.filter(|offer| offer.interval.recurs()) else { return Ok(None) };
    let Some(Ok(present)) = live.map(serde_json::from_value::<Present>) else { return Ok(None) };
    let timing = state.plans.timing((plan, &Interval::of(facts)), (&offer.plan, &offer.interval));
    let replaces = match facts.pending_update.as_ref().and_then(|pending| pending.product_id.as_deref()) {
        Some(product) => Some(mirror::plan_of_product(&state.db, product).await?.unwrap_or_default()),
        None => None,
    };
    let figures = Figures::of(&present, &offer, timing, to.quoted_at * 1000);
    Ok(Some(Switch { to: offer, timing, figures, replaces, quoted_at: to.quoted_at }))
}

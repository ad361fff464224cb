//! Doors of the product: whether somebody may use a feature, or have one more of something, and if not, how they get there.
//! Features are types, made from `plans.toml`: see [`crate::model::feature`].

use super::{
    Error,
    access::{self, Access, CHECKING, UNREADABLE},
    catalog,
};
use crate::{
    model::{
        catalog::Interval,
        feature::{Limit, Switch},
        fold::plan_of_feature,
        opening::{self, Live, Need, Way},
        plan::{Plan, Value},
        projection::SubscriptionFacts,
    },
    server::{
        db::mirror::{self, ObjectRow},
        polar,
        state::State,
    },
};

/// Whether somebody may pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard<T> {
    /// They may.
    Granted(T),
    /// They may not.
    Denied(Box<Denied>),
    /// It cannot be said now, in one sentence: never a "no", and nothing is offered for sale.
    Unknown(&'static str),
}

/// Why not, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// The name of the feature that people read.
    pub what: String,
    /// One sentence.
    pub reason: String,
    /// The cheapest way there; `None` where nothing that is for sale just now leads there.
    pub way: Option<Way>,
    /// The name of the plan that this way leads to.
    pub plan: Option<String>,
}

/// Whether `user` may use a feature that is open or closed.
pub async fn switch<F: Switch>(state: &State, user: &str) -> Guard<()> {
    match access::feature(state, user, F::NAME).await {
        Access::Granted { .. } => Guard::Granted(()),
        Access::Unknown { why } => Guard::Unknown(why),
        Access::Denied { reason } => Guard::Denied(denied(state, Some(user), open::<F>(), reason).await),
    }
}

/// Whether `user`, who has `have` of something, may have one more: how many they may have in all.
pub async fn limit<F: Limit>(state: &State, user: &str, have: i64) -> Guard<i64> {
    match settled::<F>(state, user, have).await {
        Ok(most) if most > have => Guard::Granted(most),
        Ok(most) => {
            let reason = too_many(state, F::NAME, most);
            Guard::Denied(denied(state, Some(user), more_than::<F>(have), reason).await)
        }
        Err(why) => Guard::Unknown(why),
    }
}

/// What `user` is told, for this reason, who has nothing left of a meter: which plan gives more than theirs, unless a payment
/// is being checked that may do so. Never granted.
pub async fn used_up(state: &State, user: &str, meter: &str, reason: String) -> Guard<()> {
    let held = match (access::is_uncertain(state, user).await, access::all(state, user).await) {
        (Ok(false), Ok(all)) => all,
        (Ok(true), Ok(_)) => return Guard::Unknown(CHECKING),
        (Err(error), _) | (_, Err(error)) => {
            tracing::error!(user_id = user, meter, error = %error, "access cannot be read");
            return Guard::Unknown(UNREADABLE);
        }
    };
    let plans = held.keys().filter_map(|feature| plan_of_feature(feature).map(str::to_owned));
    let held: Vec<String> = plans.chain(state.plans.free().map(|plan| plan.slug.clone())).collect();
    let gives_more = |plan: &Plan| opening::gives_more(&state.plans, meter, &held, plan);
    let what = state.plans.meter(meter).map_or(meter, |meter| &meter.name);
    Guard::Denied(refused(state, Some(user), what, reason, gives_more).await)
}

/// What somebody who is not logged in is told about a door that needs this.
pub async fn to_a_stranger(state: &State, need: Need<'_>) -> Box<Denied> {
    denied(state, None, need, access::part_of(state, need.feature)).await
}

/// A feature that is open.
#[must_use]
pub fn open<F: Switch>() -> Need<'static> {
    Need { feature: F::NAME, least: Value::Switch(true) }
}

/// One more than `have`.
#[must_use]
pub fn more_than<F: Limit>(have: i64) -> Need<'static> {
    Need { feature: F::NAME, least: Value::Limit(have.saturating_add(1)) }
}

/// How many `user` may have: what says "no more" is looked at again once it is sure that nothing is on its way.
async fn settled<F: Limit>(state: &State, user: &str, have: i64) -> Result<i64, &'static str> {
    let most = most::<F>(state, user).await?;
    if most > have {
        return Ok(most);
    }
    match access::is_uncertain(state, user).await {
        Ok(false) => self::most::<F>(state, user).await,
        Ok(true) => Err(CHECKING),
        Err(error) => {
            tracing::error!(user_id = user, feature = F::NAME, error = %error, "access cannot be read");
            Err(UNREADABLE)
        }
    }
}

async fn most<F: Limit>(state: &State, user: &str) -> Result<i64, &'static str> {
    match access::feature(state, user, F::NAME).await {
        Access::Granted { value: Value::Limit(most), .. } => Ok(most),
        Access::Granted { value: Value::Switch(_), .. } => {
            tracing::warn!(user_id = user, feature = F::NAME, "a benefit gives this without saying how many");
            let free = state.plans.free().and_then(|plan| plan.features.get(F::NAME));
            Ok(free.map_or(0, |value| if let Value::Limit(most) = value { *most } else { 0 }))
        }
        Access::Denied { .. } => Ok(0),
        Access::Unknown { why } => Err(why),
    }
}

fn too_many(state: &State, feature: &str, most: i64) -> String {
    match most {
        ..=0 => access::part_of(state, feature),
        _ => format!("{}: your plan allows {most}.", state.plans.feature_name(feature)),
    }
}

async fn denied(state: &State, user: Option<&str>, need: Need<'_>, reason: String) -> Box<Denied> {
    let what = state.plans.feature_name(need.feature);
    refused(state, user, what, reason, |plan| need.is_met_by(plan)).await
}

async fn refused(
    state: &State,
    user: Option<&str>,
    what: &str,
    reason: String,
    opens: impl Fn(&Plan) -> bool,
) -> Box<Denied> {
    // That they may not is known by now; only the way there is not.
    let way = way(state, user, opens).await.unwrap_or_else(|error| {
        tracing::error!(what, error = %error, "what is for sale cannot be read");
        None
    });
    let offer = way.as_ref().and_then(Way::offer);
    let plan = offer.and_then(|offer| state.plans.get(&offer.plan)).map(|plan| plan.name.clone());
    Box::new(Denied { what: what.to_owned(), reason, way, plan })
}

async fn way(state: &State, user: Option<&str>, opens: impl Fn(&Plan) -> bool) -> Result<Option<Way>, Error> {
    let live = match user {
        Some(user) => live(state, user).await?,
        None => Vec::new(),
    };
    let catalog = catalog::current(state).await?;
    // While Polar does not answer nothing can be bought.
    let way = opening::way(&state.plans, &catalog.offers, opens, &live, &state.known.currency());
    Ok(way.filter(|way| !catalog.stale || way.offer().is_none()))
}

async fn live(state: &State, user: &str) -> Result<Vec<Live>, Error> {
    let mut live = Vec::new();
    for row in mirror::of_owner(&state.db, user).await?.into_iter().filter(ObjectRow::is_live_subscription) {
        let facts = serde_json::from_str::<SubscriptionFacts>(&row.projection);
        let facts = facts.map_err(|error| polar::Error::Unreadable(error.to_string()))?;
        let plan = mirror::plan_of_product(&state.db, &facts.product_id).await?.unwrap_or_default();
        live.push(Live { id: row.id, plan, interval: Interval::of(&facts), currency: facts.currency });
    }
    Ok(live)
}

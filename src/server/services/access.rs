//! Who may do what: reads our own tables, never Polar. The answer has three values, and no error becomes a "no".

use super::Error;
use crate::{
    model::{
        fold::{self, Entitlement},
        instant::DAY,
        plan::Value,
    },
    server::{
        db::{entitlements, inbox, orders, refolds},
        state::State,
    },
};
use std::collections::BTreeMap;

/// Whether a user may use a feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Yes.
    Granted {
        /// What gives it: an entitlement, or `None` for what everybody has.
        source: Option<Entitlement>,
        /// How much of it.
        value: Value,
    },
    /// No.
    Denied {
        /// One sentence.
        reason: String,
    },
    /// It cannot be said now: answered 503, never with a buy button.
    Unknown {
        /// One sentence.
        why: &'static str,
    },
}

/// Why it cannot be said: our own tables do not answer.
pub const UNREADABLE: &str = "We cannot read your access right now.";
/// Why it cannot be said: see [`is_uncertain`].
pub const CHECKING: &str = "A payment of yours is being checked.";

/// Whether `user` may use `feature` now. Code that knows the name of the feature asks [`super::guarding`].
pub async fn feature(state: &State, user: &str, feature: &str) -> Access {
    match decide(state, user, feature).await {
        Ok(access) => access,
        Err(error) => {
            tracing::error!(user_id = user, feature, error = %error, "access cannot be read");
            Access::Unknown { why: UNREADABLE }
        }
    }
}

async fn decide(state: &State, user: &str, feature: &str) -> Result<Access, Error> {
    let free =
        state.plans.free().and_then(|plan| plan.features.get(feature)).filter(|value| **value != Value::Switch(false));
    match (granted(state, user, feature).await?, free) {
        // Nobody has less than everybody.
        (Some(Access::Granted { value, .. }), Some(free)) if value < *free => {
            return Ok(Access::Granted { value: *free, source: None });
        }
        (Some(granted), _) => return Ok(granted),
        (None, Some(free)) => return Ok(Access::Granted { value: *free, source: None }),
        (None, None) => {}
    }
    if is_uncertain(state, user).await? {
        return Ok(Access::Unknown { why: CHECKING });
    }
    // A payment that was applied between the two looks is no longer uncertain, but granted.
    if let Some(granted) = granted(state, user, feature).await? {
        return Ok(granted);
    }
    Ok(Access::Denied { reason: part_of(state, feature) })
}

/// Which plan opens a feature, in one sentence.
#[must_use]
pub fn part_of(state: &State, feature: &str) -> String {
    match state.plans.first_with(feature) {
        Some(plan) => format!("{} is part of {}.", state.plans.feature_name(feature), plan.name),
        None => "No plan opens this.".to_owned(),
    }
}

async fn granted(state: &State, user: &str, feature: &str) -> Result<Option<Access>, Error> {
    let found = entitlements::feature(&state.db, user, feature).await?;
    Ok(found.map(|found| {
        let value = Value::of_stored(&found.value).unwrap_or(Value::Switch(true));
        Access::Granted { value, source: Some(found) }
    }))
}

/// Whether something of the user's is known to be on its way: a payment seen and not folded, or a dead inbox row.
///
/// # Errors
/// When the database fails.
pub async fn is_uncertain(state: &State, user: &str) -> Result<bool, Error> {
    let a_day_ago = state.clock.wall() - DAY;
    Ok(orders::awaiting(&state.db, user, a_day_ago).await? || inbox::dead_for_user(&state.db, user).await?)
}

/// Everything that a user has beyond what everybody has, by feature.
///
/// # Errors
/// When the database fails.
pub async fn all(state: &State, user: &str) -> Result<BTreeMap<String, Entitlement>, Error> {
    Ok(entitlements::of(&state.db, user).await?)
}

/// A number that moves whenever anything about a user's access changes.
///
/// # Errors
/// When the database fails.
pub async fn revision(state: &State, user: &str) -> Result<i64, Error> {
    Ok(refolds::access_rev(&state.db, user).await?)
}

/// The highest plan that a user holds, with what gives it; `None` for those who have what everybody has.
///
/// # Errors
/// When the database fails.
pub async fn plan(state: &State, user: &str) -> Result<Option<(String, Entitlement)>, Error> {
    let held = all(state, user).await?;
    let plans = held.into_iter().filter_map(|(feature, entitlement)| {
        let plan = state.plans.get(fold::plan_of_feature(&feature)?)?;
        Some((plan.rank, plan.slug.clone(), entitlement))
    });
    Ok(plans.max_by_key(|(rank, ..)| *rank).map(|(_, slug, entitlement)| (slug, entitlement)))
}

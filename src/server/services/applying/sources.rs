//! What of a user's objects can give access: those whose product belongs to a plan of ours.

use crate::{
    model::{
        fold::{Purchase, Source, Subscription},
        instant::parse_ms,
        projection::{Kind, OrderFacts, SubscriptionFacts},
    },
    server::{
        db::{
            self, Tx,
            mirror::{self, ObjectRow},
        },
        state::State,
    },
};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// A user's objects whose product belongs to a plan, with its slug. Nothing is said about the others: a bought product
/// without a plan keeps its order open, and its buyer is told that we are checking, never that there is nothing.
///
/// # Errors
/// When the database fails.
pub async fn planned(tx: &mut Tx, state: &State, user: &str) -> Result<Vec<(ObjectRow, String)>, db::Error> {
    let plans: BTreeMap<String, String> = mirror::product_plans(&mut *tx).await?.into_iter().collect();
    let objects = mirror::of_owner(&mut *tx, user).await?;
    let planned = objects.into_iter().filter_map(|row| {
        let plan = plans.get(row.product_id.as_ref()?).filter(|slug| state.plans.get(slug).is_some())?;
        Some((row, plan.clone()))
    });
    Ok(planned.collect())
}

/// The sources among these objects.
///
/// # Errors
/// When a stored object cannot be read, as after a rollback to an older version: then nothing may be concluded, and what
/// was granted stays.
pub fn of(objects: &[(ObjectRow, String)]) -> Result<Vec<Source>, db::Error> {
    let each = objects.iter().map(|(row, plan)| of_object(row, plan));
    each.filter_map(Result::transpose).collect()
}

fn of_object(row: &ObjectRow, plan: &str) -> Result<Option<Source>, db::Error> {
    match Kind::of_stored(&row.kind) {
        Some(Kind::Subscription) => subscription(row, plan).map(Some),
        Some(Kind::Order) => purchase(row, plan),
        Some(Kind::Product) | None => Ok(None),
    }
}

fn subscription(row: &ObjectRow, plan: &str) -> Result<Source, db::Error> {
    let facts: SubscriptionFacts = facts(row)?;
    // Without an instant the change to past due is the best there is: one that a later look does not move.
    let since = (facts.status == "past_due").then_some(row.version_us / 1000);
    Ok(Source::Subscription(Subscription {
        id: row.id.clone(),
        plan: plan.to_owned(),
        past_due_at: facts.past_due_at.as_deref().and_then(parse_ms).or(since),
        ends_at: facts.ends_at.as_deref().and_then(parse_ms),
        status: facts.status,
        observed_at: row.observed_us / 1000,
    }))
}

fn purchase(row: &ObjectRow, plan: &str) -> Result<Option<Source>, db::Error> {
    let facts: OrderFacts = facts(row)?;
    if facts.billing_reason != "purchase" || facts.subscription_id.is_some() {
        return Ok(None);
    }
    let bought_at = parse_ms(&facts.created_at).unwrap_or(row.version_us / 1000);
    let (id, plan) = (row.id.clone(), plan.to_owned());
    Ok(Some(Source::Purchase(Purchase { id, plan, status: facts.status, bought_at })))
}

fn facts<T: DeserializeOwned>(row: &ObjectRow) -> Result<T, db::Error> {
    serde_json::from_str(&row.projection).map_err(|error| db::Error::Decode(error.into()))
}

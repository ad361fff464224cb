//! Folding one user's access, inside a transaction that holds the user's lock, and on the instants when time alone
//! changes it.

use super::super::{Error, new_id};
use crate::{
    model::{
        fold::{self, Purchase, Source, Subscription},
        instant::{Millis, parse_ms},
        job,
        projection::{Kind, OrderFacts, SubscriptionFacts},
    },
    server::{
        db::{
            self, Tx,
            entitlements::{self, Cause},
            jobs,
            mirror::{self, ObjectRow},
            orders, refolds,
        },
        state::State,
    },
};
use std::collections::BTreeMap;

/// A look at Polar that an instant asks for waits so long, so that Polar's own second-grained clock is past it.
const LOOK_AFTER: Millis = 3_000;

/// Computes a user's access again from the mirror; stores entitlements, ledger lines, completed orders and due work.
/// `received_at` is when the fact behind it reached us.
///
/// # Errors
/// When the database fails; the transaction must then be rolled back.
pub async fn refold(
    tx: &mut Tx,
    state: &State,
    user: &str,
    cause: &Cause,
    received_at: Millis,
) -> Result<(), db::Error> {
    let (wall, billing) = (state.clock.wall(), state.clock.billing());
    let objects = planned(&mut *tx, state, user).await?;
    let sources: Vec<Source> = objects.iter().filter_map(|(row, plan)| source(row, plan.clone())).collect();
    let folded = fold::fold(&sources, &state.plans, billing);
    let stored = entitlements::of(&mut *tx, user).await?;
    let changes = fold::difference(&stored, &folded.wanted);
    entitlements::change(tx, user, &changes, cause, (billing, wall)).await?;
    refolds::set(tx, user, folded.refold_at).await?;
    for subscription in &folded.reads {
        let key = job::object_key(Kind::Subscription, subscription);
        jobs::queue(tx, &new_id(), job::READ_OBJECT, &key, wall + LOOK_AFTER).await?;
    }
    complete_orders(tx, user, &objects, (received_at, wall)).await
}

/// A user's objects whose product belongs to a plan of ours, with its slug. Nothing is said about the others: a bought
/// product without a plan keeps its order open, and its buyer is told that we are checking, never that there is nothing.
async fn planned(tx: &mut Tx, state: &State, user: &str) -> Result<Vec<(ObjectRow, String)>, db::Error> {
    let plans: BTreeMap<String, String> = mirror::product_plans(&mut *tx).await?.into_iter().collect();
    let objects = mirror::of_owner(&mut *tx, user).await?;
    let planned = objects.into_iter().filter_map(|row| {
        let plan = plans.get(row.product_id.as_ref()?).filter(|slug| state.plans.get(slug).is_some())?;
        Some((row, plan.clone()))
    });
    Ok(planned.collect())
}

fn source(row: &ObjectRow, plan: String) -> Option<Source> {
    match Kind::of_stored(&row.kind)? {
        Kind::Product => None,
        Kind::Subscription => {
            let facts: SubscriptionFacts = serde_json::from_str(&row.projection).ok()?;
            Some(Source::Subscription(Subscription {
                id: row.id.clone(),
                plan,
                past_due_at: facts.past_due_at.as_deref().and_then(parse_ms),
                ends_at: facts.ends_at.as_deref().and_then(parse_ms),
                status: facts.status,
                observed_at: row.observed_us / 1000,
            }))
        }
        Kind::Order => {
            let facts: OrderFacts = serde_json::from_str(&row.projection).ok()?;
            let once = facts.billing_reason == "purchase" && facts.subscription_id.is_none();
            once.then(|| {
                let bought_at = parse_ms(&facts.created_at).unwrap_or(row.version_us / 1000);
                Source::Purchase(Purchase { id: row.id.clone(), plan, status: facts.status, bought_at })
            })
        }
    }
}

/// An order of ours is done when what was bought is in the mirror and folded.
async fn complete_orders(
    tx: &mut Tx,
    user: &str,
    objects: &[(ObjectRow, String)],
    (received_at, now): (Millis, Millis),
) -> Result<(), db::Error> {
    for (object, _) in objects.iter().filter(|(object, _)| is_bought(object)) {
        let by = (object.checkout_id.as_deref(), object.metadata_order_id.as_deref());
        if by == (None, None) {
            continue;
        }
        for (order,) in orders::complete(tx, user, by, (received_at, now)).await? {
            metrics::histogram!("received_to_access_seconds").record(seconds(now - received_at));
            tracing::info!(order_id = order, user_id = user, product_id = object.product_id, "access granted");
        }
    }
    Ok(())
}

/// A subscription that began, or a one-time bill that was paid.
fn is_bought(object: &ObjectRow) -> bool {
    let status = object.status.as_deref().unwrap_or_default();
    match Kind::of_stored(&object.kind) {
        Some(Kind::Subscription) => !status.starts_with("incomplete"),
        Some(Kind::Order) => object.subscription_id.is_none() && !matches!(status, "pending" | "draft" | "void"),
        _ => false,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a duration of minutes, for a histogram")]
fn seconds(ms: Millis) -> f64 {
    ms as f64 / 1000.0
}

/// Folds one user in a transaction of its own.
///
/// # Errors
/// When the database fails.
pub async fn refold_user(state: &State, user: &str, cause: &Cause) -> Result<(), Error> {
    let done: Result<(), db::Error> = (state.db)
        .transaction(async |tx| {
            if refolds::lock_user(tx, user).await? {
                refold(tx, state, user, cause, state.clock.wall()).await?;
            }
            Ok(())
        })
        .await;
    state.wake.jobs.notify_one();
    Ok(done?)
}

/// Folds every user whose instant has come; how many.
///
/// # Errors
/// When the database fails.
pub async fn refold_due(state: &State) -> Result<usize, Error> {
    let now = state.clock.billing();
    let due = refolds::due(&state.db, now).await?;
    for (user,) in &due {
        refold_user(state, user, &Cause { kind: "timer", id: now.to_string() }).await?;
    }
    Ok(due.len())
}

//! What is measured in our tables at the moment when somebody asks: the same on every node, and right after a restart.

use crate::{
    model::instant::Millis,
    server::{
        db::{self, cases, endpoint_case, inbox, jobs, mirror, sync_runs, usage_events},
        state::State,
    },
};
use std::{collections::BTreeMap, time::Duration};
use tokio::time::timeout;

/// Prometheus gives up after ten seconds: what this process counted must be told before.
const PATIENCE: Duration = Duration::from_secs(3);

/// The label of subscriptions whose product belongs to no plan.
const NO_PLAN: &str = "none";

/// Sets every gauge that is read from our tables; where they cannot be read, `database_up` is 0 and the others stay.
pub async fn measure(state: &State) {
    let measured = timeout(PATIENCE, from_tables(state)).await;
    let is_up = match measured {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::warn!(%error, "the tables could not be measured");
            false
        }
        Err(_) => {
            tracing::warn!("the tables could not be measured in time");
            false
        }
    };
    metrics::gauge!("database_up").set(if is_up { 1.0 } else { 0.0 });
}

async fn from_tables(state: &State) -> Result<(), db::Error> {
    let db = &state.db;
    let (waiting, dead) = inbox::backlog(db).await?;
    metrics::gauge!("inbox_waiting").set(number(waiting));
    metrics::gauge!("inbox_dead").set(number(dead));
    let oldest = inbox::oldest_new(db).await?;
    metrics::gauge!("inbox_age_seconds").set(oldest.map_or(0.0, |at| seconds((state.clock.wall() - at).max(0))));
    let (queued, given_up) = jobs::backlog(db).await?;
    metrics::gauge!("jobs_waiting").set(number(queued));
    metrics::gauge!("jobs_dead").set(number(given_up));
    metrics::gauge!("cases_open").set(number(cases::count(db).await?));
    let (unsent, oldest, aside) = usage_events::backlog(db).await?;
    metrics::gauge!("usage_unsent").set(number(unsent));
    let age = oldest.map_or(0.0, |at| seconds((state.clock.billing() - at).max(0)));
    metrics::gauge!("usage_unsent_age_seconds").set(age);
    metrics::gauge!("usage_aside").set(number(aside));
    let is_well = endpoint_case::details(db).await?.is_none();
    metrics::gauge!("polar_webhook_endpoint_ok").set(if is_well { 1.0 } else { 0.0 });
    for (kind, at) in sync_runs::finished(db).await? {
        metrics::gauge!("sync_finished_timestamp_seconds", "kind" => kind).set(seconds(at));
    }
    for (plan, active) in active(state).await? {
        metrics::gauge!("polar_subscriptions_active", "plan" => plan).set(number(active));
    }
    Ok(())
}

/// Plans that nobody has are told with 0: a number that vanishes is no number.
async fn active(state: &State) -> Result<BTreeMap<String, i64>, db::Error> {
    let paid = state.plans.iter().filter(|plan| !plan.is_free());
    let mut active: BTreeMap<String, i64> = paid.map(|plan| (plan.slug.clone(), 0)).collect();
    active.insert(NO_PLAN.to_owned(), 0);
    for (plan, count) in mirror::active_subscriptions(&state.db).await? {
        active.insert(if plan.is_empty() { NO_PLAN.to_owned() } else { plan }, count);
    }
    Ok(active)
}

#[expect(clippy::cast_precision_loss, reason = "a count of rows, far below 2^53")]
fn number(count: i64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are exact in a double")]
fn seconds(ms: Millis) -> f64 {
    ms as f64 / 1000.0
}

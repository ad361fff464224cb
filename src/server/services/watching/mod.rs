//! Watching Polar's side of webhooks: whether our endpoint is as it should be, and whether we hold what was sent to it.

mod deliveries;
mod endpoint;

pub use endpoint::Problem;

use super::{Error, new_id, syncing::Report};
use crate::{
    model::{
        budget::Urgency,
        instant::{DAY, Millis},
    },
    server::{
        db::{self, endpoint_case, sync_runs},
        polar::Endpoint,
        state::State,
    },
};

/// The kind of its runs.
pub const WEBHOOKS: &str = "webhooks";

/// Looks this often, over all nodes.
const EVERY: Millis = 3 * 60_000;

/// A look that was not heard of for so long is over.
const LEASE: Millis = 10 * 60_000;

/// Looks overlap so much: what was under way at the last one is counted at this one.
const OVERLAP: Millis = 2 * 60_000;

/// What a look found.
#[derive(Clone, Debug)]
pub struct Watched {
    /// What is wrong with the endpoint; empty when it is in order.
    pub problems: Vec<Problem>,
    /// Of the events that Polar is done with since the last look: equal are those that we hold, repaired those that were
    /// asked for again, unexplained those that were taken from Polar and are not there.
    pub report: Report,
}

/// Looks if it is time to.
///
/// # Errors
/// As [`look`].
pub async fn run_due(state: &State) -> Result<(), Error> {
    let (last, _) = sync_runs::last(&state.db, WEBHOOKS).await?;
    if state.clock.wall() - last >= EVERY {
        look(state).await?;
    }
    Ok(())
}

/// Looks at the endpoint and at what was sent to it: opens or closes the case about it, and asks for what we lack. `None` if
/// somebody looks at this moment.
///
/// # Errors
/// When Polar or the database fails.
pub async fn look(state: &State) -> Result<Option<Watched>, Error> {
    let (id, now) = (new_id(), state.clock.wall());
    let (_, last) = sync_runs::last(&state.db, WEBHOOKS).await?;
    if !sync_runs::begin(&state.db, (&id, WEBHOOKS, false), (now, now + LEASE)).await? {
        return Ok(None);
    }
    let mut watched = Watched { problems: Vec::new(), report: Report::default() };
    let looked = inspect(state, &mut watched, (last - OVERLAP).max(now - DAY)).await;
    let error = looked.as_ref().err().map(ToString::to_string);
    let (counts, ended) = (watched.report.counts(), state.clock.wall());
    sync_runs::finish(&state.db, &id, ended, counts, (&watched.report.json(), error.as_deref())).await?;
    looked.map(|()| Some(watched))
}

async fn inspect(state: &State, watched: &mut Watched, since: Millis) -> Result<(), Error> {
    let (endpoint, problems) = judged(state).await?;
    note(state, &problems).await?;
    watched.problems = problems;
    // While it is off, asking for anything again does nothing.
    if let Some(endpoint) = endpoint.filter(|endpoint| endpoint.enabled) {
        deliveries::compare(state, &endpoint.id, since, &mut watched.report).await?;
    }
    Ok(())
}

async fn judged(state: &State) -> Result<(Option<Endpoint>, Vec<Problem>), Error> {
    let endpoints = state.polar.at(Urgency::Following).endpoints().await?;
    Ok(endpoint::judge(endpoints, &ours(state), state.config.uses_sandbox()))
}

/// Where Polar is to deliver to.
fn ours(state: &State) -> String {
    format!("{}/webhooks/polar", state.config.origin())
}

/// Makes an endpoint that delivers to us, told about every kind that we need; where none did. Its secret is Polar's to show.
///
/// # Errors
/// When Polar fails.
pub async fn add(state: &State) -> Result<(), Error> {
    Ok(state.polar.add_endpoint(&ours(state), &endpoint::kinds_with_ours(&[])).await.map(drop)?)
}

/// What is wrong with the endpoint; empty when it is in order. Changes nothing.
///
/// # Errors
/// When Polar fails.
pub async fn problems(state: &State) -> Result<Vec<Problem>, Error> {
    Ok(judged(state).await?.1)
}

/// Opens the case, or closes it; says so once.
async fn note(state: &State, problems: &[Problem]) -> Result<(), Error> {
    let details = problems.iter().map(Problem::sentence).collect::<Vec<_>>().join("\n");
    let now = state.clock.wall();
    let changed: Result<bool, db::Error> = (state.db)
        .transaction(async |tx| {
            if details.is_empty() {
                return endpoint_case::close(tx, now).await;
            }
            endpoint_case::open(tx, &new_id(), &details, now).await
        })
        .await;
    match (changed?, details.is_empty()) {
        (true, true) => tracing::info!("Polar's webhook endpoint is in order again; everything will be looked up"),
        (true, false) => tracing::error!(problems = details, "webhooks do not come as they should"),
        (false, _) => {}
    }
    Ok(())
}

/// Mends what can be mended from here: switches the endpoint on, with every kind that we need, and asks for what was
/// given up. What was done, in sentences.
///
/// # Errors
/// When Polar or the database fails.
pub async fn fix(state: &State) -> Result<Vec<String>, Error> {
    // First noted as wrong: what happened while it was off was written down nowhere, and must be looked up.
    look(state).await?;
    let mut done = Vec::new();
    if let (Some(endpoint), problems) = judged(state).await?
        && !problems.is_empty()
    {
        let mended = state.polar.enable_endpoint(&endpoint.id, &endpoint::kinds_with_ours(&endpoint.events)).await?;
        done.push(format!(
            "The endpoint {} is on, and is told about {} kinds of events.",
            mended.url,
            mended.events.len()
        ));
    }
    if let Some(watched) = look(state).await? {
        let asked = watched.report.repairs.len();
        if asked > 0 {
            done.push(format!("{asked} deliveries that had failed were asked for again."));
        }
        done.extend(watched.problems.iter().map(Problem::sentence));
    }
    Ok(done)
}

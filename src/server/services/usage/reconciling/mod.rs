//! Every night Polar's side of what was used is held against ours, meter by meter: what it counted beside what we sent, and what
//! it says that each customer has beside what we say. What it lacks is sent again; what else differs without a reason is told
//! to staff.

mod balances;
mod quantities;

use super::super::{
    Error, new_id,
    syncing::{Line, Report},
};
use crate::{
    model::{
        budget::Urgency,
        instant::{DAY, HOUR, Millis, parse_ms},
    },
    server::{
        db::{sync_runs, usage_events, usage_windows},
        polar::Client,
        state::State,
    },
};
use serde_json::Value;

/// The kind of its runs.
pub const USAGE: &str = "usage";

/// After a failure it is tried again so soon.
const AGAIN: Millis = 5 * 60_000;

/// A run that was not heard of for so long is over.
const LEASE: Millis = HOUR;

/// Compares if it is time to.
///
/// # Errors
/// As [`reconcile`].
pub async fn reconcile_due(state: &State) -> Result<(), Error> {
    let (now, (last, last_good)) = (state.clock.wall(), sync_runs::last(&state.db, USAGE).await?);
    if now - last_good >= DAY && now - last >= AGAIN {
        reconcile(state).await?;
    }
    Ok(())
}

/// Compares every meter of our plans with Polar's, and keeps the run. `None` if another runs at this moment.
///
/// # Errors
/// When Polar or the database fails; the run says why it ended.
pub async fn reconcile(state: &State) -> Result<Option<Report>, Error> {
    let (id, began) = (new_id(), state.clock.wall());
    if !sync_runs::begin(&state.db, (&id, USAGE, false), (began, began + LEASE)).await? {
        return Ok(None);
    }
    let mut report = Report::default();
    let compared = compare(state, &id, &mut report).await;
    let error = compared.as_ref().err().map(ToString::to_string);
    let (counts, now) = (report.counts(), state.clock.wall());
    sync_runs::finish(&state.db, &id, now, counts, (&report.json(), error.as_deref())).await?;
    state.wake.usage.notify_one();
    compared.map(|()| Some(report))
}

async fn compare(state: &State, run: &str, report: &mut Report) -> Result<(), Error> {
    let polar = state.polar.at(Urgency::Sweeping);
    let (meters, benefits) = (polar.meters().await?, polar.benefits().await?);
    for (key, _) in state.plans.meters() {
        let is_it = |meter: &&Value| meter["metadata"]["meter"] == key && meter["archived_at"].is_null();
        let first = usage_events::first_sent(&state.db, key).await?;
        let Some(id) = meters.iter().find(is_it).and_then(|meter| meter["id"].as_str()) else {
            if first.is_some() || !usage_windows::holders(&state.db, key, state.clock.billing()).await?.is_empty() {
                report.unexplained(line(key, None, "Polar has no such meter: run `boreal polar push`".to_owned()));
            }
            continue;
        };
        let (regiven_at, rolls_over) = giving(&benefits, id);
        let comparison = Comparison { state, polar: &polar, run, key, id, regiven_at, rolls_over };
        if let Some(first) = first {
            comparison.quantities(first - DAY, report).await?;
        }
        comparison.balances(report).await?;
    }
    Ok(())
}

/// The benefits that give of a meter: when one was last changed, and whether one lets go along what is left. What they give
/// now is given from the next renewal on.
fn giving(benefits: &[Value], meter: &str) -> (Option<Millis>, bool) {
    let gives = |benefit: &&Value| benefit["type"] == "meter_credit" && benefit["properties"]["meter_id"] == meter;
    let giving = || benefits.iter().filter(gives);
    let changed_at = giving().filter_map(|benefit| parse_ms(benefit["modified_at"].as_str()?)).max();
    (changed_at, giving().any(|benefit| benefit["properties"]["rollover"] == true))
}

fn line(key: &str, user: Option<&str>, words: String) -> Line {
    let id = user.map_or_else(|| key.to_owned(), |user| format!("{key}:{user}"));
    Line { kind: USAGE.to_owned(), id, user: user.map(str::to_owned), words }
}

/// One meter, as both sides have it.
struct Comparison<'c> {
    state: &'c State,
    polar: &'c Client,
    /// The run that it belongs to.
    run: &'c str,
    /// Ours.
    key: &'c str,
    /// Polar's.
    id: &'c str,
    /// When what Polar gives of it was last changed, billing time.
    regiven_at: Option<Millis>,
    /// Whether Polar lets go along what is left of it.
    rolls_over: bool,
}

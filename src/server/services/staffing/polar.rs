//! Polar's side as people see it: what it sent and what we hold, whether its endpoint is in order, and what sweeps found.

use super::{super::Error, Act, Actor, Refused, RunRow, note};
use crate::server::{
    db::{self, endpoint_case, sync_runs},
    services::{
        syncing::Line,
        watching::{self, WEBHOOKS},
    },
    state::State,
};
use serde::Deserialize;
use std::time::Duration;

/// So many looks at webhooks are shown.
const LOOKS: i64 = 10;

/// So many sweeps are shown.
const SWEEPS: i64 = 20;

/// So long a page waits for a look; it goes on without anybody waiting.
const PATIENCE: Duration = Duration::from_secs(15);

/// How Polar's side stands.
#[derive(Clone, Debug)]
pub struct PolarSide {
    /// What is wrong with the endpoint, a sentence each; empty when it is in order, as far as that was looked at.
    pub problems: Vec<String>,
    /// Whether any of that can be mended from here.
    pub can_mend: bool,
    /// The last looks at what was sent, the newest first.
    pub looks: Vec<RunRow>,
    /// The newest look that saw any event.
    pub with_events: Option<RunRow>,
    /// The last sweeps, the newest first.
    pub sweeps: Vec<RunRow>,
    /// What they repaired or could not explain, with when that was, the newest first.
    pub findings: Vec<(i64, Findings)>,
}

/// What a run did in words.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Findings {
    /// Each repair; of a dry run what would be repaired.
    #[serde(default)]
    pub repairs: Vec<Line>,
    /// Each thing that is still not as expected.
    #[serde(default)]
    pub unexplained: Vec<Line>,
    /// Each thing that differs for a reason that is no concern.
    #[serde(default)]
    pub explained: Vec<Line>,
}

impl Findings {
    /// Of a run.
    #[must_use]
    pub fn of(run: &RunRow) -> Self {
        run.report.as_deref().and_then(|report| serde_json::from_str(report).ok()).unwrap_or_default()
    }

    fn is_empty(&self) -> bool {
        self.repairs.is_empty() && self.unexplained.is_empty() && self.explained.is_empty()
    }
}

/// How Polar's side stands.
///
/// # Errors
/// When the database fails.
pub async fn polar_side(state: &State) -> Result<PolarSide, Error> {
    let db = &state.db;
    let sweeps = sync_runs::sweeps(db, SWEEPS).await?;
    let found = sweeps.iter().map(|run| (run.started_at, Findings::of(run)));
    let problems = endpoint_case::details(db).await?.unwrap_or_default();
    Ok(PolarSide {
        // What the command line can mend says so in its sentence.
        can_mend: problems.contains("--fix"),
        problems: problems.lines().map(str::to_owned).collect(),
        looks: sync_runs::newest(db, Some(WEBHOOKS), LOOKS).await?,
        with_events: sync_runs::newest_with_events(db).await?,
        findings: found.filter(|(_, findings)| !findings.is_empty()).collect(),
        sweeps,
    })
}

/// One run.
///
/// # Errors
/// When the database fails.
pub async fn run(state: &State, id: &str) -> Result<Option<RunRow>, Error> {
    Ok(sync_runs::by_id(&state.db, id).await?)
}

/// Looks at the endpoint and at what was sent to it now; with `mend` also switches the endpoint on, with every kind that we
/// need. A look that takes long goes on by itself.
///
/// # Errors
/// See [`Refused`].
pub async fn look_at_polar(state: &State, actor: &Actor, mend: bool) -> Result<(), Refused> {
    if !state.known.is_compared() {
        return Err(Refused::NoAnswer);
    }
    let details =
        endpoint_case::details(&state.db).await?.unwrap_or_else(|| "nothing was known to be wrong".to_owned());
    let action = if mend { "mend endpoint" } else { "look at webhooks" };
    let act = Act { action, user: None, target: "polar:webhooks", details: &details };
    let noted: Result<(), db::Error> =
        (state.db).transaction(async |tx| note(tx, actor, act, state.clock.wall()).await.map(drop)).await;
    noted?;
    let work = {
        let state = state.clone();
        async move {
            match mend {
                true => watching::fix(&state).await.map(drop),
                false => watching::look(&state).await.map(drop),
            }
        }
    };
    match tokio::time::timeout(PATIENCE, state.tasks.spawn(work)).await {
        Err(_) | Ok(Ok(Ok(()))) => Ok(()),
        Ok(Ok(Err(Error::Polar(error)))) => {
            tracing::warn!(%error, "a look at Polar failed");
            Err(Refused::NoAnswer)
        }
        Ok(Ok(Err(error))) => Err(Refused::Store(error)),
        Ok(Err(_)) => Err(Refused::Store(Error::Interrupted)),
    }
}

//! Looks at Polar as a whole, each kept as a run with its report.

use super::{
    look::{LEASE, Look},
    report::Report,
    user::known,
};
use crate::{
    model::{budget::Urgency, instant::Millis},
    server::{
        db::sync_runs,
        services::{Error, new_id},
        state::State,
    },
};
use std::time::Duration;

/// How long a run waits for its turn, and how often it looks.
const PATIENCE: u32 = 120;
const PAUSE: Duration = Duration::from_millis(500);

/// The kinds of sweeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sweep {
    /// What changed lately.
    Changed,
    /// Subscriptions that should end or renew soon.
    Ending,
    /// Some users at random.
    Sample,
    /// Everything.
    All,
}

impl Sweep {
    /// Each of them.
    pub const EACH: [Self; 4] = [Self::Changed, Self::Ending, Self::Sample, Self::All];

    /// As stored, and on the command line.
    #[must_use]
    pub fn stored(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Ending => "ending",
            Self::Sample => "sample",
            Self::All => "all",
        }
    }
}

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A sweep.
    Sweep(Sweep),
    /// Everything of one user, by our id.
    User(String),
}

impl What {
    fn stored(&self) -> &'static str {
        match self {
            Self::Sweep(sweep) => sweep.stored(),
            Self::User(_) => "user",
        }
    }
}

/// A run that ended.
#[derive(Clone, Debug)]
pub struct Run {
    /// Ours.
    pub id: String,
    /// What it found.
    pub report: Report,
    /// How long it took.
    pub took: Millis,
}

/// Looks, and keeps the run. `None` if another sweep runs, here or on another node. A dry run writes nothing but that.
///
/// # Errors
/// When Polar or the database fails; what was repaired before stays, and the run says why it ended.
pub async fn run(state: &State, what: &What, dry: bool) -> Result<Option<Run>, Error> {
    known(state)?;
    let (id, began) = (new_id(), state.clock.wall());
    if !sync_runs::begin(&state.db, (&id, what.stored(), dry), (began, began + LEASE)).await? {
        return Ok(None);
    }
    let mut look = Look::new(state, Urgency::Sweeping, Some(id.clone()), dry);
    let looked = match what {
        What::Sweep(Sweep::Changed) => look.changed().await,
        What::Sweep(Sweep::Ending) => look.ending().await,
        What::Sweep(Sweep::Sample) => look.sample().await,
        What::Sweep(Sweep::All) => look.all().await,
        What::User(user) => look.user(user).await,
    };
    let report = look.report;
    let (counts, now) = (report.counts(), state.clock.wall());
    let error = looked.as_ref().err().map(ToString::to_string);
    sync_runs::finish(&state.db, &id, now, counts, (&report.json(), error.as_deref())).await?;
    tracing::info!(kind = what.stored(), dry, ?counts, error, "a sync ended");
    looked?;
    Ok(Some(Run { id, report, took: now - began }))
}

/// As [`run`], but waits for its turn, a minute at most.
///
/// # Errors
/// As [`run`].
pub async fn in_turn(state: &State, what: &What, dry: bool) -> Result<Option<Run>, Error> {
    for _ in 0..PATIENCE {
        if let Some(run) = run(state, what, dry).await? {
            return Ok(Some(run));
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(None)
}

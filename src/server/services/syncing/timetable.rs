//! When each sweep is due, in wall time, over all nodes.

use super::sweep::{Sweep, What, run};
use crate::{
    model::instant::{DAY, HOUR, Millis},
    server::{
        db::{endpoint_case, sync_runs},
        services::Error,
        state::State,
    },
};

/// After a failure a sweep is tried again so soon, if it is not due earlier.
const AGAIN: Millis = 5 * 60_000;

/// Reports are kept so long.
const KEPT: Millis = 90 * DAY;

impl Sweep {
    fn every(self) -> Millis {
        match self {
            Self::Changed => 5 * 60_000,
            Self::Ending | Self::Sample => HOUR,
            Self::All => DAY,
        }
    }
}

/// Runs the sweeps that are due.
///
/// # Errors
/// When Polar or the database fails.
pub async fn run_due(state: &State) -> Result<(), Error> {
    for sweep in Sweep::EACH {
        if is_due(state, sweep).await? && !state.shutdown.is_cancelled() {
            run(state, &What::Sweep(sweep), false).await?;
            if sweep == Sweep::All {
                sync_runs::forget(&state.db, state.clock.wall() - KEPT).await?;
            }
        }
    }
    Ok(())
}

async fn is_due(state: &State, sweep: Sweep) -> Result<bool, Error> {
    let now = state.clock.wall();
    let (last, last_good) = sync_runs::last(&state.db, sweep.stored()).await?;
    // While an endpoint is off Polar writes no events down: nothing will ever tell what happened then.
    let back = endpoint_case::closed_at(&state.db).await?.filter(|back| sweep == Sweep::All && *back > last_good);
    let rested = now - last >= sweep.every().min(AGAIN) || back.is_some_and(|back| back > last);
    Ok(rested && (back.is_some() || now - last_good >= sweep.every()))
}

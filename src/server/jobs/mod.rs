//! The loops that claim and drive; what a job does is a service. Each ends when the server stops, after the piece of work
//! in hand.

pub mod kinds;
mod run;

pub use run::run_due;

use super::{
    services::{Error, accounts, applying, binding, syncing},
    state::State,
};
use std::{future::Future, time::Duration};
use tokio::sync::Notify;

/// How often a loop looks by itself; a wake-up comes earlier.
const TICK: Duration = Duration::from_secs(1);

/// How often ended sessions are swept away.
const SWEEP: Duration = Duration::from_secs(60 * 60);

/// Starts every loop.
pub fn start(state: &State) {
    repeat(state, "inbox", TICK, |state| &state.wake.inbox, async |state: State| match state.is_bound() {
        true => applying::drain(&state).await.map(drop),
        false => Ok(()),
    });
    repeat(state, "jobs", TICK, |state| &state.wake.jobs, async |state: State| match state.is_bound() {
        true => run_due(&state).await.map(drop),
        false => Ok(()),
    });
    repeat(state, "refolds", TICK, |state| &state.wake.refolds, async |state: State| {
        applying::refold_due(&state).await.map(drop)
    });
    repeat(state, "binding", TICK, |state| &state.wake.binding, bind_until_bound);
    repeat(state, "sessions", SWEEP, |state| &state.wake.sweep, async |state: State| accounts::sweep(&state).await);
    if state.config.uses_sandbox() {
        repeat(state, "sandbox clock", TICK, |state| &state.wake.clock, async |state: State| {
            syncing::follow_clock(&state).await
        });
    }
}

/// Compares this database with Polar until that worked once; another Polar stops the server.
async fn bind_until_bound(state: State) -> Result<(), Error> {
    if state.is_compared() {
        return Ok(());
    }
    if let binding::Bound::Mismatch(sentence) = binding::compare(&state).await? {
        tracing::error!("{sentence}");
        state.shutdown.cancel();
    }
    Ok(())
}

/// Does `work` again and again, each `every` or when woken, until the server stops.
fn repeat<F>(state: &State, name: &'static str, every: Duration, wake: fn(&State) -> &Notify, work: fn(State) -> F)
where
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    let state = state.clone();
    state.tasks.clone().spawn(async move {
        loop {
            if let Err(error) = work(state.clone()).await {
                tracing::warn!(task = name, error = %error, "background work failed, will be tried again");
            }
            tokio::select! {
                () = state.shutdown.cancelled() => break,
                () = wake(&state).notified() => {}
                () = tokio::time::sleep(every) => {}
            }
        }
    });
}

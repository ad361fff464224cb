//! The loops that claim and drive; what a job does is a service. Each ends when the server stops, after the piece of work
//! in hand.

mod run;

pub use run::run_due;

use super::{
    services::{Error, applying, binding, mailing, syncing, usage, watching},
    state::State,
};
use std::{future::Future, time::Duration};
use tokio::sync::Notify;

/// How often a loop looks by itself; a wake-up comes earlier.
const TICK: Duration = Duration::from_secs(1);

/// Starts every loop.
pub fn start(state: &State) {
    repeat(state, "inbox", Some(|state| &state.wake.inbox), apply_inbox);
    repeat(state, "jobs", Some(|state| &state.wake.jobs), run_jobs);
    repeat(state, "mail", Some(|state| &state.wake.mail), async |state: State| {
        mailing::send_due(&state).await.map(drop)
    });
    repeat(state, "usage", Some(|state| &state.wake.usage), send_usage);
    repeat(state, "refolds", None, async |state: State| applying::refold_due(&state).await.map(drop));
    repeat(state, "binding", None, bind_until_bound);
    repeat(state, "sweeps", None, sweep);
    repeat(state, "watching", None, watch);
    if state.config.uses_sandbox() {
        repeat(state, "sandbox clock", None, async |state: State| syncing::follow_clock(&state).await);
    }
}

async fn apply_inbox(state: State) -> Result<(), Error> {
    if state.known.is_bound() {
        applying::drain(&state).await?;
    }
    Ok(())
}

async fn run_jobs(state: State) -> Result<(), Error> {
    if state.known.is_bound() {
        run_due(&state).await?;
    }
    Ok(())
}

async fn send_usage(state: State) -> Result<(), Error> {
    if state.known.is_bound() {
        usage::send_due(&state).await?;
    }
    Ok(())
}

/// Looks Polar up as a whole, once it is known whose it is.
async fn sweep(state: State) -> Result<(), Error> {
    if state.known.is_compared() {
        syncing::run_due(&state).await?;
    }
    Ok(())
}

/// Looks at Polar's side of webhooks, and of usage.
async fn watch(state: State) -> Result<(), Error> {
    if state.known.is_compared() {
        watching::run_due(&state).await?;
        usage::reconcile_due(&state).await?;
    }
    Ok(())
}

/// Compares this database with Polar until that worked once; another Polar stops the server.
async fn bind_until_bound(state: State) -> Result<(), Error> {
    if state.known.is_compared() {
        return Ok(());
    }
    if let binding::Bound::Mismatch(sentence) = binding::compare(&state).await? {
        tracing::error!("{sentence}");
        state.stop.cancel();
    }
    Ok(())
}

/// The bell that ends a loop's pause.
type Bell = fn(&State) -> &Notify;

/// Does `work` again and again, every second or when woken, until the server stops.
fn repeat<W, F>(state: &State, name: &'static str, bell: Option<Bell>, work: W)
where
    W: Fn(State) -> F + Send + 'static,
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    let state = state.clone();
    state.tasks.clone().spawn(async move {
        while !state.shutdown.is_cancelled() {
            // In a task of its own: a panic ends this piece of work and not the loop.
            match tokio::spawn(work(state.clone())).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::warn!(task = name, error = %error, "background work failed, will be tried again")
                }
                Err(error) => {
                    tracing::error!(task = name, error = %error, "background work panicked, will be tried again")
                }
            }
            let woken = async {
                match bell {
                    Some(bell) => bell(&state).notified().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = state.shutdown.cancelled() => {}
                () = woken => {}
                () = tokio::time::sleep(TICK) => {}
            }
        }
    });
}

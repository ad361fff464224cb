//! When everything of a user's is looked up without being asked for: by a job, which nobody waits for.

use crate::{
    model::{
        instant::{DAY, Millis},
        job::SYNC_USER,
    },
    server::{
        db::{self, jobs, synced},
        services::new_id,
        state::State,
    },
};

/// After a payment Polar grants benefits and writes bills for some seconds.
const AFTER_PAYMENT: Millis = 10_000;

/// An older look than this is stale.
const STALE: Millis = DAY;

/// Looks again some seconds after a payment was seen.
///
/// # Errors
/// When the database fails.
pub async fn after_confirmation(state: &State, user: &str) -> Result<(), db::Error> {
    queue(state, user, state.clock.wall() + AFTER_PAYMENT).await
}

/// Looks after a log-in, if nobody looked for a day. Never in the way of the log-in: a failure is only logged.
pub async fn after_log_in(state: &State, user: &str) {
    let now = state.clock.wall();
    let asked = async {
        if synced::is_stale(&state.db, user, now - STALE).await? {
            queue(state, user, now).await?;
        }
        Ok::<_, db::Error>(())
    };
    if let Err(error) = asked.await {
        tracing::warn!(user_id = user, error = %error, "a look at Polar could not be queued");
    }
}

async fn queue(state: &State, user: &str, run_at: Millis) -> Result<(), db::Error> {
    (state.db).transaction(async |tx| jobs::queue(tx, &new_id(), SYNC_USER, user, run_at).await).await?;
    state.wake.jobs.notify_one();
    Ok(())
}

//! Running queued jobs: claimed by lease, tried again with growing pauses, dead at the end.

use crate::{
    model::{
        instant::Millis,
        job::{
            CARRY_ADDRESS, CONFIRM_DOUBLES, END_SUBSCRIPTION, EXPORT, LEAVE, READ_OBJECT, REMEDY, SETTLE_CHANGE,
            SYNC_CHECKOUT, SYNC_USER, TIE_CUSTOMER, object_of_key,
        },
        order::{Stage, State as OrderState},
    },
    server::{
        db::{
            jobs::{self, Job},
            orders,
        },
        polar,
        services::{Error, changing, confirming, customers, doubles, exporting, leaving, new_id, remedying, syncing},
        state::State,
    },
};

/// How long a job may run before another worker may take it.
const LEASE: Millis = 60_000;

/// After so many tries a job is dead, unless what fails is Polar: that passes.
const MOST_ATTEMPTS: i64 = 10;

/// A checkout that is paid or being paid is looked at so often, over about a day.
const MOST_LOOKS: i64 = 100;

/// The longest pause between two tries.
const LONGEST_PAUSE: Millis = 15 * 60 * 1000;

/// How a job ended.
enum Ended {
    /// It is done, or there is nothing to do any more.
    Done,
    /// It must be tried again, so often at most; why.
    Again(i64, String),
    /// Trying again is of no use; why.
    Dead(String),
}

/// Runs every job that is due; how many.
///
/// # Errors
/// When the database fails.
pub async fn run_due(state: &State) -> Result<usize, Error> {
    let mut count = 0;
    while !state.shutdown.is_cancelled() {
        let (token, now) = (new_id(), state.clock.wall());
        let Some(job) = jobs::claim(&state.db, &token, now, now + LEASE).await? else { break };
        run(state, &job, &token).await?;
        count += 1;
    }
    Ok(count)
}

async fn run(state: &State, job: &Job, token: &str) -> Result<(), Error> {
    match outcome(state, job).await {
        Ended::Done => drop(jobs::done(&state.db, &job.id, token).await?),
        Ended::Again(most, why) if job.attempts < most => {
            tracing::info!(job = job.kind, key = job.key, attempts = job.attempts, why, "a job will be tried again");
            let run_at = state.clock.wall() + (1000 << job.attempts.clamp(1, 20)).min(LONGEST_PAUSE);
            jobs::retry(&state.db, job, token, run_at, &why).await?;
        }
        Ended::Again(_, why) | Ended::Dead(why) => {
            tracing::error!(job = job.kind, key = job.key, why, "a job is dead");
            metrics::counter!("jobs_dead_total").increment(1);
            jobs::bury(&state.db, &job.id, token, &why).await?;
        }
    }
    Ok(())
}

async fn outcome(state: &State, job: &Job) -> Ended {
    let done = match job.kind.as_str() {
        SYNC_CHECKOUT => return sync_checkout(state, &job.key).await.unwrap_or_else(ended),
        END_SUBSCRIPTION => return however_long(doubles::carry_on(state, &job.key).await),
        REMEDY => return however_long(remedying::carry_on(state, &job.key).await),
        SETTLE_CHANGE => return however_long(changing::settle(state, &job.key).await),
        LEAVE => return however_long(leaving::carry_on(state, &job.key).await),
        CONFIRM_DOUBLES => doubles::confirm(state, &job.key).await,
        SYNC_USER => syncing::sync_user(state, &job.key).await.map(drop),
        EXPORT => exporting::make(state, &job.key).await,
        TIE_CUSTOMER => customers::tie_verified(state, &job.key).await,
        CARRY_ADDRESS => customers::carry_address(state, &job.key).await,
        READ_OBJECT => match object_of_key(&job.key) {
            Some((kind, id)) => syncing::read_object(state, kind, id).await,
            None => return Ended::Dead("the key names no object".to_owned()),
        },
        // While a newer version takes the place of this one, its jobs are for it.
        _ => return Ended::Again(MOST_LOOKS, "this version knows no such job".to_owned()),
    };
    done.map_or_else(ended, |()| Ended::Done)
}

fn ended(error: Error) -> Ended {
    match error {
        Error::Polar(polar::Error::NotFound) => Ended::Dead("Polar knows no such object".to_owned()),
        Error::Polar(error) if error.is_passing() => Ended::Again(i64::MAX, error.to_string()),
        error => Ended::Again(MOST_ATTEMPTS, error.to_string()),
    }
}

/// What somebody decided is carried out however long it takes.
fn however_long(came: Result<Option<String>, Error>) -> Ended {
    match came {
        Ok(None) => Ended::Done,
        Ok(Some(why)) => Ended::Again(i64::MAX, why),
        Err(error) => Ended::Again(i64::MAX, error.to_string()),
    }
}

/// Looks at an order's checkout, and goes on looking while it is paid but not yet access.
async fn sync_checkout(state: &State, order: &str) -> Result<Ended, Error> {
    let Some(order) = orders::by_id(&state.db, order).await? else { return Ok(Ended::Done) };
    if order.state() == OrderState::Done {
        return Ok(Ended::Done);
    }
    if !confirming::sync_checkout(state, &order).await? {
        return Ok(Ended::Again(i64::MAX, "somebody looked just now".to_owned()));
    }
    let now = orders::by_id(&state.db, &order.id).await?;
    let stage = now.map_or(Stage::Granted, |order| order.progress().stage());
    let waits = matches!(stage, Stage::Confirmed | Stage::Paid | Stage::Received);
    Ok(if waits { Ended::Again(MOST_LOOKS, format!("the order is {}", stage.word())) } else { Ended::Done })
}

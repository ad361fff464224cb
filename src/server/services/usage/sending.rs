//! Sending what was used to Polar: in batches, each event under our own id, so that whatever is sent again is not counted
//! again (C§2.11). A lost answer, a crash or two senders at once change nothing at the end.

use super::{
    super::{Error, new_id},
    alerts,
};
use crate::{
    model::{
        budget::Urgency,
        instant::{Millis, write_us},
    },
    server::{
        db::{
            self,
            usage_events::{self, Waiting},
        },
        polar::{self, UsageEvent},
        state::State,
    },
};
use std::{collections::BTreeSet, time::Duration};
use tokio::time::timeout;

/// Events in a batch.
const BATCH: i64 = 100;

/// How long a batch may be on its way before another worker may take it.
const LEASE: Millis = 60_000;

/// The longest pause between two tries.
const LONGEST_PAUSE: Millis = 5 * 60 * 1000;

/// What was used so shortly before is sent without its time, and Polar takes its own: our clocks may differ a little, and an
/// event of Polar's future is refused with all that are sent beside it.
const YOUNG: Millis = polar::MOST_SKEW;

/// A server that stops sends so long what it still can; the rest is sent when it is back.
const LAST_CALL: Duration = Duration::from_secs(5);

/// Sends everything that is due; how many events were sent.
///
/// # Errors
/// When the database fails. When Polar fails, what was not sent waits.
pub async fn send_due(state: &State) -> Result<u64, Error> {
    let mut count = 0;
    while !state.shutdown.is_cancelled() {
        match send_batch(state).await? {
            0 => break,
            sent => count += sent,
        }
    }
    Ok(count)
}

/// The last call before the server ends.
pub async fn flush(state: &State) {
    // Whose Polar it is is not known: nothing is told to a stranger.
    if !state.known.is_bound() {
        return;
    }
    let all = async {
        while send_batch(state).await? > 0 {}
        Ok::<(), Error>(())
    };
    match timeout(LAST_CALL, all).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(error = %error, "usage waits until the server is back"),
        Err(_) => tracing::info!("usage that is not sent yet waits until the server is back"),
    }
}

/// Sends one batch; how many events were sent, 0 if there are none or Polar takes none now.
async fn send_batch(state: &State) -> Result<u64, Error> {
    let (token, now) = (new_id(), state.clock.wall());
    let batch = usage_events::claim(&state.db, &token, (now, now + LEASE), BATCH).await?;
    if batch.is_empty() {
        return Ok(0);
    }
    tell(state, &batch).await?;
    let delivered = deliver(state, &batch, &token).await;
    let now = state.clock.wall();
    match delivered {
        Ok(()) => {
            let sent = usage_events::sent(&state.db, &token, now).await?;
            metrics::counter!("usage_sent_total").increment(sent);
            Ok(sent)
        }
        Err(Error::Polar(error)) => {
            tracing::warn!(events = batch.len(), error = %error, "usage could not be sent, will be tried again");
            let run_at = now + pause(&error, batch.iter().map(|event| event.attempts).max().unwrap_or(1));
            usage_events::give_back(&state.db, &token, run_at, &error.to_string()).await?;
            Ok(0)
        }
        Err(error) => Err(error),
    }
}

/// Tells owners what their uses have reached: whatever only recorded them did not look.
async fn tell(state: &State, batch: &[Waiting]) -> Result<(), Error> {
    let about: BTreeSet<_> = batch.iter().map(|event| (event.user_id.as_str(), event.meter.as_str())).collect();
    for about in about {
        let told: Result<(), db::Error> =
            state.db.transaction(async |tx| alerts::recorded(tx, state, about, false).await).await;
        told?;
    }
    Ok(())
}

/// Hands a batch to Polar. One event that Polar refuses fails all beside it: halves of halves are sent until it is alone, and
/// it is set aside.
async fn deliver(state: &State, batch: &[Waiting], token: &str) -> Result<(), Error> {
    let polar = state.polar.at(Urgency::Following);
    let mut parts = vec![batch];
    while let Some(part) = parts.pop() {
        let events: Vec<UsageEvent> = part.iter().map(|event| written(event, state.clock.billing())).collect();
        match (polar.ingest(&events).await, part) {
            (Ok(_), _) => {}
            (Err(error), [one]) if error.is_about_the_body() => alone(state, &polar, one, token).await?,
            (Err(error), many) if error.is_about_the_body() => {
                let (first, second) = many.split_at(many.len() / 2);
                parts.extend([second, first]);
            }
            (Err(error), _) => return Err(error.into()),
        }
    }
    Ok(())
}

/// An event that was refused is tried once more without its time, which our clock may have wrong.
async fn alone(state: &State, polar: &polar::Client, event: &Waiting, token: &str) -> Result<(), Error> {
    let timeless = UsageEvent { timestamp: None, ..written(event, state.clock.billing()) };
    match polar.ingest(&[timeless]).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_about_the_body() => {
            tracing::error!(event_id = event.id, user_id = event.user_id, error = %error, "Polar refuses a use");
            metrics::counter!("usage_aside_total").increment(1);
            Ok(usage_events::set_aside(&state.db, &event.id, token, &error.to_string()).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// As Polar takes it: named by the meter, with the amount among what is known about it.
fn written(event: &Waiting, now: Millis) -> UsageEvent {
    let mut metadata = serde_json::from_str::<serde_json::Value>(&event.properties).unwrap_or_default();
    if !metadata.is_object() {
        metadata = serde_json::json!({});
    }
    metadata["amount"] = event.amount.into();
    let is_old = event.counted_at < now - YOUNG;
    UsageEvent {
        name: event.meter.clone(),
        external_customer_id: event.user_id.clone(),
        external_id: event.id.clone(),
        timestamp: is_old.then(|| write_us(event.counted_at * 1000)),
        metadata,
    }
}

/// 2 s, 4 s, … 5 min; longer where Polar asks for it.
fn pause(error: &polar::Error, attempts: i64) -> Millis {
    let growing = (1000 << attempts.clamp(1, 20)).min(LONGEST_PAUSE);
    match error {
        polar::Error::Limited { retry_after } => i64::try_from(retry_after.as_millis()).unwrap_or(growing).max(1000),
        _ => growing,
    }
}

//! What Polar sent, beside what we hold. Events that it gave up are asked for again; those that it still tries are left
//! to it.

use super::super::{
    Error,
    syncing::{Line, Report},
};
use crate::{
    model::{
        budget::Urgency,
        instant::{DAY, Millis, write_us},
    },
    server::{
        db::inbox,
        polar::{self, Client, Event},
        state::State,
    },
};
use std::collections::BTreeMap;

/// At most so many pages of attempts are read at once; the rest waits for the next look, or for a sweep.
const MOST_PAGES: u32 = 50;

/// At most so many events are asked for at once.
const MOST_ASKED: usize = 100;

/// Whether any attempt was taken, and how the event stands.
type Attempted = BTreeMap<String, (bool, Option<bool>)>;

/// Compares what was sent since `since`, and what failed within a day, with the inbox.
pub(super) async fn compare(state: &State, endpoint: &str, since: Millis, report: &mut Report) -> Result<(), Error> {
    let client = state.polar.at(Urgency::Following);
    let (from, yesterday) = (write_us(since * 1000), write_us((state.clock.wall() - DAY) * 1000));
    let ours = ("endpoint_id", endpoint);
    let mut events = attempted(&client, &[ours, ("start_timestamp", &from)]).await?;
    let failed = attempted(&client, &[ours, ("start_timestamp", &yesterday), ("succeeded", "false")]).await?;
    for (id, seen) in failed {
        events.entry(id).or_insert(seen);
    }
    let mut asked = 0;
    for (id, (taken, outcome)) in &events {
        let line =
            |words: &str| Line { kind: "webhook".to_owned(), id: id.clone(), user: None, words: words.to_owned() };
        if inbox::holds(&state.db, id).await? {
            report.equal("webhook", id);
        } else if (*taken || *outcome == Some(false)) && asked < MOST_ASKED {
            asked += 1;
            match client.redeliver(id).await {
                Ok(()) => {}
                // Too old for Polar to have it: what it told is for a sweep to find.
                Err(polar::Error::NotFound) => continue,
                Err(error) => return Err(error.into()),
            }
            if *taken {
                report.unexplained(line("Polar's delivery was taken, but it is not there; asked for again"));
            } else {
                report.repair(line("given up by Polar, asked for again"));
            }
        }
    }
    Ok(())
}

async fn attempted(client: &Client, filter: &[(&str, &str)]) -> Result<Attempted, Error> {
    let mut found = Attempted::new();
    for number in 1..=MOST_PAGES {
        let (attempts, is_last) = client.attempts(filter, number).await?;
        for attempt in attempts {
            let Event { id, succeeded } = attempt.webhook_event;
            let seen = found.entry(id).or_insert((false, succeeded));
            seen.0 |= attempt.succeeded;
        }
        if is_last {
            break;
        }
    }
    Ok(found)
}

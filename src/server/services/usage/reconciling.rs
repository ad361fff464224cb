//! Every night: what Polar counted of each meter, beside what we sent. What Polar lacks is sent again, which counts nothing
//! twice; what Polar has beyond that is told to staff.

use super::super::{
    Error, new_id,
    syncing::{Line, Report},
};
use crate::{
    model::{
        budget::Urgency,
        instant::{DAY, HOUR, Millis, write_us},
    },
    server::{
        db::{sync_runs, usage_events},
        polar::Client,
        state::State,
    },
};

/// The kind of its runs.
pub const USAGE: &str = "usage";

/// After a failure it is tried again so soon.
const AGAIN: Millis = 5 * 60_000;

/// A run that was not heard of for so long is over.
const LEASE: Millis = HOUR;

/// Sums of whole numbers are compared as Polar tells them.
const SAME: f64 = 1e-6;

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
    let compared = compare(state, &mut report).await;
    let error = compared.as_ref().err().map(ToString::to_string);
    let (counts, now) = (report.counts(), state.clock.wall());
    sync_runs::finish(&state.db, &id, now, counts, (&report.json(), error.as_deref())).await?;
    state.wake.usage.notify_one();
    compared.map(|()| Some(report))
}

async fn compare(state: &State, report: &mut Report) -> Result<(), Error> {
    let polar = state.polar.at(Urgency::Sweeping);
    let there = polar.meters().await?;
    for (key, _) in state.plans.meters() {
        let is_it = |meter: &&serde_json::Value| meter["metadata"]["meter"] == key;
        let found = there.iter().find(is_it).and_then(|meter| meter["id"].as_str());
        let Some(first) = usage_events::first_sent(&state.db, key).await? else { continue };
        match found {
            Some(id) => Comparison { state, polar: &polar, key, id, from: first - DAY }.meter(report).await?,
            None => report.unexplained(line(key, None, "Polar has no such meter: run `boreal polar push`".to_owned())),
        }
    }
    Ok(())
}

fn line(key: &str, user: Option<&str>, words: String) -> Line {
    let id = user.map_or_else(|| key.to_owned(), |user| format!("{key}:{user}"));
    Line { kind: USAGE.to_owned(), id, user: user.map(str::to_owned), words }
}

/// One meter, as both sides count it.
struct Comparison<'c> {
    state: &'c State,
    polar: &'c Client,
    /// Ours.
    key: &'c str,
    /// Polar's.
    id: &'c str,
    /// From before the first use.
    from: Millis,
}

/// What both sides say.
enum Outcome {
    Same,
    /// Polar has less: so much, of so much.
    Less(f64, i64),
    /// Polar has more: so much, of so much.
    More(f64, i64),
}

impl Comparison<'_> {
    async fn meter(&self, report: &mut Report) -> Result<(), Error> {
        let (theirs, ours) = match self.held_against(None).await? {
            Outcome::Less(theirs, ours) | Outcome::More(theirs, ours) => (theirs, ours),
            Outcome::Same => {
                report.equal(USAGE, self.key);
                return Ok(());
            }
        };
        let mut differs = false;
        for user in usage_events::who_sent(&self.state.db, self.key).await? {
            differs |= self.person(&user, report).await?;
        }
        if !differs {
            let words =
                format!("Polar counts {theirs} in all, we sent {ours}: the rest is of people whom we do not know");
            report.unexplained(line(self.key, None, words));
        }
        Ok(())
    }

    /// Whether there is a difference.
    async fn person(&self, user: &str, report: &mut Report) -> Result<bool, Error> {
        let line = |words| line(self.key, Some(user), words);
        match self.held_against(Some(user)).await? {
            Outcome::Same => {
                report.equal(USAGE, &format!("{}:{user}", self.key));
                return Ok(false);
            }
            Outcome::Less(theirs, ours) => {
                let now = self.state.clock.wall();
                usage_events::send_again(&self.state.db, user, self.key, now).await?;
                report.repair(line(format!("Polar counted {theirs} of {ours}: all are sent again")));
            }
            Outcome::More(theirs, ours) => {
                report.unexplained(line(format!("Polar counted {theirs}, we sent {ours}")));
            }
        }
        Ok(true)
    }

    /// What is on its way may be there or not: it counts as either.
    async fn held_against(&self, user: Option<&str>) -> Result<Outcome, Error> {
        let (db, began) = (&self.state.db, self.state.clock.wall());
        let (least, _) = usage_events::sums(db, self.key, user).await?;
        let until = self.state.clock.billing() + HOUR;
        let span = (write_us(self.from * 1000), write_us(until * 1000));
        let theirs = self.polar.quantity(self.id, user, (&span.0, &span.1)).await?;
        let (_, most) = usage_events::sums(db, self.key, user).await?;
        #[expect(clippy::cast_precision_loss, reason = "sums of uses are far below 2^53")]
        let (low, high) = (least as f64, most as f64);
        Ok(match theirs {
            theirs if theirs < low - SAME => Outcome::Less(theirs, least),
            theirs if theirs > high + SAME => Outcome::More(theirs, most),
            _ => {
                usage_events::counted(db, self.key, user, began).await?;
                Outcome::Same
            }
        })
    }
}

//! What Polar counted of a meter in all, beside what we sent. What Polar lacks is sent again, which counts nothing twice.

use super::{Comparison, USAGE, line};
use crate::{
    model::{
        instant::{HOUR, Millis, write_us},
        reckoning::beside,
    },
    server::{
        db::usage_events,
        services::{Error, syncing::Report},
    },
};
use std::cmp::Ordering;

/// What both sides say.
enum Outcome {
    Same,
    /// Polar has less: so much, of so much.
    Less(f64, i64),
    /// Polar has more: so much, of so much.
    More(f64, i64),
}

impl Comparison<'_> {
    /// From an instant before the first use.
    pub(super) async fn quantities(&self, from: Millis, report: &mut Report) -> Result<(), Error> {
        let (theirs, ours) = match self.held_against(None, from).await? {
            Outcome::Less(theirs, ours) | Outcome::More(theirs, ours) => (theirs, ours),
            Outcome::Same => {
                report.equal(USAGE, self.key);
                return Ok(());
            }
        };
        let mut differs = false;
        for user in usage_events::who_sent(&self.state.db, self.key).await? {
            differs |= self.person(&user, from, report).await?;
        }
        if !differs {
            let words =
                format!("Polar counts {theirs} in all, we sent {ours}: the rest is of people whom we do not know");
            report.unexplained(line(self.key, None, words));
        }
        Ok(())
    }

    /// Whether there is a difference.
    async fn person(&self, user: &str, from: Millis, report: &mut Report) -> Result<bool, Error> {
        let line = |words| line(self.key, Some(user), words);
        match self.held_against(Some(user), from).await? {
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
    async fn held_against(&self, user: Option<&str>, from: Millis) -> Result<Outcome, Error> {
        let (db, began) = (&self.state.db, self.state.clock.wall());
        let (least, _) = usage_events::sums(db, self.key, user).await?;
        let until = self.state.clock.billing() + HOUR;
        let span = (write_us(from * 1000), write_us(until * 1000));
        let theirs = self.polar.quantity(self.id, user, (&span.0, &span.1)).await?;
        let (_, most) = usage_events::sums(db, self.key, user).await?;
        Ok(match beside(theirs, (least, most)) {
            Ordering::Less => Outcome::Less(theirs, least),
            Ordering::Greater => Outcome::More(theirs, most),
            Ordering::Equal => {
                usage_events::counted(db, self.key, user, began).await?;
                Outcome::Same
            }
        })
    }
}

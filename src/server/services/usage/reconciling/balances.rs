//! Customer by customer: what Polar says that they have of a meter, beside their open periods and what was sent in them.

use super::{Comparison, LEASE, line};
use crate::{
    model::{
        instant::Millis,
        reckoning::{LAG, Ours, Period, Sent, Verdict, judge, judge_missing},
        usage::Bill,
    },
    server::{
        db::{
            ledger, sync_runs,
            usage_events::{self, Around},
            usage_windows::{self, WindowRow},
            users,
        },
        services::{
            Error,
            syncing::{Line, Report},
        },
    },
};
use std::collections::BTreeSet;

/// The kind of its lines.
const BALANCE: &str = "balance";

impl Comparison<'_> {
    /// Every balance that Polar has of people of ours, and then whoever should have one.
    pub(super) async fn balances(&self, report: &mut Report) -> Result<(), Error> {
        let db = &self.state.db;
        let mut seen = BTreeSet::new();
        for number in 1.. {
            let (balances, is_last) = self.polar.customer_meters(self.id, number).await?;
            for balance in balances {
                let Some(user) = balance.external_id else { continue };
                if users::is_known(db, &user).await? && seen.insert(user.clone()) {
                    self.note(&user, judge(balance.held, &self.ours(&user).await?), report);
                }
            }
            if is_last {
                break;
            }
            let until = self.state.clock.wall() + LEASE;
            if !sync_runs::renew(db, self.run, until).await? {
                return Err(Error::Interrupted);
            }
        }
        for user in usage_windows::holders(db, self.key, self.state.clock.billing()).await? {
            if !seen.contains(&user) {
                self.note(&user, judge_missing(&self.ours(&user).await?), report);
            }
        }
        Ok(())
    }

    fn note(&self, user: &str, verdict: Verdict, report: &mut Report) {
        let line = |words| Line { kind: BALANCE.to_owned(), ..line(self.key, Some(user), words) };
        match verdict {
            Verdict::Equal => report.equal(BALANCE, &line(String::new()).id),
            Verdict::Explained(words) => report.explained(line(words)),
            Verdict::Differs(words) => report.unexplained(line(words)),
        }
    }

    /// What we hold now.
    async fn ours(&self, user: &str) -> Result<Ours, Error> {
        let (db, now) = (&self.state.db, self.state.clock.billing());
        let mut open = usage_windows::open(db, user, now).await?;
        open.retain(|window| window.meter == self.key);
        open.sort_by_key(|window| window.starts_at);
        let (turned_at, renewed_at) = usage_windows::turns(db, (user, self.key), now).await?;
        let since = open.first().map_or(now, |window| window.starts_at);
        let mut ours = Ours {
            periods: open.iter().map(period).collect(),
            turned: turned_at.is_some_and(|at| at > now - LAG),
            regiven: self.regiven_at.is_some_and(|at| at >= since),
            rolls_over: self.rolls_over,
            switched: ledger::lost_a_plan(db, user, since).await?,
            ..Ours::default()
        };
        for from in begins(&open, renewed_at) {
            ours.sent.push(self.sent(user, from).await?);
        }
        Ok(ours)
    }

    async fn sent(&self, user: &str, from: Millis) -> Result<Sent, Error> {
        let clock = &self.state.clock;
        let (wall, billing) = (clock.wall(), clock.billing());
        let around = Around { from, margin: LAG, from_wall: from - (billing - wall), lately: wall - LAG };
        let (least, most, loose, beyond) = usage_events::sums_since(&self.state.db, (user, self.key), around).await?;
        Ok(Sent { least, most, loose, beyond })
    }
}

fn period(window: &WindowRow) -> Period {
    Period { starts_at: window.starts_at, most: window.most, bill: Bill::of_stored(&window.bill) }
}

/// From when on Polar may count: the last of the periods that are open, the others, and the last renewal or ever.
fn begins(open: &[WindowRow], renewed_at: Option<Millis>) -> Vec<Millis> {
    let mut begins: Vec<Millis> = open.iter().rev().map(|window| window.starts_at).collect();
    if !begins.is_empty() {
        begins.push(renewed_at.unwrap_or_default());
    }
    begins.dedup();
    begins
}

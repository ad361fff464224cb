//! One look at Polar: everything that is read goes through the inbox, or, dry, is only held against the mirror; and what
//! came of it is noted.

use super::{
    observing::{Found, Unchanged, compare, observe},
    report::{Line, Report},
};
use crate::{
    model::{budget::Urgency, cause::CauseKind, instant::Millis, projection::Kind},
    server::{
        db::{entitlements::Cause, mirror, sync_runs},
        polar::{Client, Seen},
        services::{Error, applying},
        state::State,
    },
};
use serde_json::Value;
use std::collections::BTreeSet;

/// A run that was not heard of for so long is over. Longer than any single wait of a sweep.
pub(super) const LEASE: Millis = 3 * 60_000;

/// One look, with what it has found so far.
pub(super) struct Look<'s> {
    pub state: &'s State,
    pub polar: Client,
    /// Nothing is written.
    pub dry: bool,
    pub report: Report,
    /// Users whose things were all looked at.
    pub users: BTreeSet<String>,
    /// Customers whose things were all looked at.
    pub customers: BTreeSet<String>,
    /// Users whose things turned out to differ.
    pub stirred: BTreeSet<String>,
    /// Customers of nobody whose things turned out to differ.
    pub strangers: BTreeSet<String>,
    run: Option<String>,
}

impl<'s> Look<'s> {
    /// A look that can wait as long as `urgency` says, kept as `run` if it is one.
    pub fn new(state: &'s State, urgency: Urgency, run: Option<String>, dry: bool) -> Self {
        Self {
            state,
            polar: state.polar.at(urgency),
            dry,
            report: Report::default(),
            users: BTreeSet::new(),
            customers: BTreeSet::new(),
            stirred: BTreeSet::new(),
            strangers: BTreeSet::new(),
            run,
        }
    }

    /// Goes on, unless the server stops or the run was taken for abandoned.
    pub async fn go_on(&self) -> Result<(), Error> {
        let Some(run) = &self.run else { return Ok(()) };
        let until = self.state.clock.wall() + LEASE;
        let stopping = self.state.shutdown.is_cancelled();
        if stopping || !sync_runs::renew(&self.state.db, run, until).await? {
            return Err(Error::Interrupted);
        }
        Ok(())
    }

    /// Takes one answer in; whether it was news.
    pub async fn take(&mut self, kind: &str, seen: &Seen<Value>) -> Result<bool, Error> {
        let found = compare(self.state, kind, seen).await?;
        let says_something = !matches!(found, Found::Known | Found::Contradiction(_));
        let settled = match says_something && !self.dry {
            true => observe(self.state, kind, seen, Unchanged::Skip).await?,
            false => None,
        };
        let id = text(&seen.value, "id").to_owned();
        let line = |user, words| Line { kind: kind.to_owned(), id: id.clone(), user, words };
        let words = match found {
            Found::Known | Found::Heard => {
                self.report.equal(kind, &id);
                return Ok(false);
            }
            Found::Contradiction(why) | Found::Unreadable(why) => {
                self.report.unexplained(line(self.owner(kind, &id).await?, why));
                return Ok(false);
            }
            Found::News(words) => words,
        };
        let user = self.stir(kind, seen).await?;
        if self.dry {
            self.report.would_repair(line(user, words));
        } else if let Found::News(_) = compare(self.state, kind, seen).await? {
            self.report.unexplained(line(user, format!("{words}, but the mirror did not follow")));
        } else if let Some(effect) = settled.and_then(|settled| settled.effect) {
            self.report.repair(line(user, effect));
        } else {
            // A webhook has brought the same meanwhile: it was no repair of ours.
            self.report.equal(kind, &id);
        }
        Ok(true)
    }

    /// Notes whose things differ: the owner's, or else the customer's.
    async fn stir(&mut self, kind: &str, seen: &Seen<Value>) -> Result<Option<String>, Error> {
        let owner = self.owner(kind, text(&seen.value, "id")).await?;
        match (&owner, seen.value["customer_id"].as_str()) {
            (Some(user), _) => drop(self.stirred.insert(user.clone())),
            (None, Some(customer)) => drop(self.strangers.insert(customer.to_owned())),
            (None, None) => {}
        }
        Ok(owner)
    }

    /// Whose an object of the mirror is.
    async fn owner(&self, kind: &str, id: &str) -> Result<Option<String>, Error> {
        Ok(match Kind::of_stored(kind) {
            Some(kind) => mirror::object(&self.state.db, kind, id).await?.and_then(|row| row.owner_id),
            None => mirror::customer(&self.state.db, id).await?.and_then(|row| row.external_id),
        })
    }

    /// Holds a user's access against what follows from the mirror, and computes it again where it differs.
    pub async fn conclude(&mut self, user: &str) -> Result<(), Error> {
        let line = |words: &str| Line {
            kind: "access".to_owned(),
            id: user.to_owned(),
            user: Some(user.to_owned()),
            words: words.to_owned(),
        };
        let state = self.state;
        match applying::is_folded(state, user).await {
            Ok(true) => self.report.equal("access", user),
            Ok(false) if self.dry => self.report.would_repair(line("not what follows from the mirror")),
            Ok(false) => {
                let cause = Cause { kind: CauseKind::Sync, id: self.run.clone().unwrap_or_default() };
                applying::refold_user(state, user, &cause).await?;
                if applying::is_folded(state, user).await? {
                    self.report.repair(line("computed again"));
                } else {
                    self.report.unexplained(line("not what follows from the mirror, even computed again"));
                }
            }
            Err(error) => self.report.unexplained(line(&format!("it cannot be computed: {error}"))),
        }
        Ok(())
    }
}

/// A text of an object; empty if it has none.
pub(super) fn text<'v>(object: &'v Value, key: &str) -> &'v str {
    object[key].as_str().unwrap_or_default()
}

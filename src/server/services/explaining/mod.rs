//! Why somebody has what they have: the sources, the rule on each and what would change it, and what is open because of
//! which. At a past instant: what we believed then, and what had made us believe it.

mod holding;
mod past;

pub use past::{Because, Belief, because, then};

use super::{Error, applying};
use crate::{
    model::{
        fold::{self, Entitlement},
        instant::Millis,
        plan::Value,
        source::Source,
        told::Told,
        verdict::Rule,
    },
    server::{
        db::{entitlements, mirror, users},
        state::State,
    },
};
use std::collections::BTreeMap;

pub use super::super::db::{ledger::LedgerRow, users::PersonRow};

/// What somebody has now, and why.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// Everything that gives access or might, what gives it first.
    pub sources: Vec<Explained>,
    /// Everything that is open beyond what everybody has, by name.
    pub features: Vec<Open>,
    /// When the answer may change by time alone, billing time.
    pub refold_at: Option<Millis>,
}

/// One source.
#[derive(Clone, Debug)]
pub struct Explained {
    /// `subscription`, `purchase`, `grant` or `staff_grant`.
    pub kind: &'static str,
    /// Its id: Polar's, or ours of a staff grant.
    pub id: String,
    /// What it is, in words and instants.
    pub told: Told,
    /// How the object became this user's; none for what staff gave.
    pub owned_by: Option<String>,
}

/// One feature that is open.
#[derive(Clone, Debug)]
pub struct Open {
    /// As `plans.toml` has it, or `plan:<slug>`.
    pub feature: String,
    /// The name people read.
    pub name: String,
    /// How much of it.
    pub value: Value,
    /// What decided, with until when it is certain.
    pub by: Entitlement,
    /// The rule on it.
    pub rule: Option<Rule>,
}

/// Whoever has this id or address.
///
/// # Errors
/// When the database fails.
pub async fn person(state: &State, who: &str) -> Result<Option<PersonRow>, Error> {
    let who = who.trim();
    let found = users::person(&state.db, who).await?;
    Ok(match found {
        None => users::person(&state.db, &who.to_lowercase()).await?,
        found => found,
    })
}

/// What `user` has now, and why; read at one moment.
///
/// # Errors
/// When the database fails.
pub async fn now(state: &State, user: &str) -> Result<Explanation, Error> {
    let mut tx = state.db.snapshot().await?;
    let holdings = applying::holdings(&mut tx, state, user).await?;
    let stored = entitlements::of(&mut tx, user).await?;
    let plans: BTreeMap<String, String> = mirror::product_plans(&mut tx).await?.into_iter().collect();
    let sources = holdings.sources()?;
    let folded = fold::fold(&sources, &state.plans, state.clock.billing());
    let words = holding::Words { plans: &state.plans, products: &plans, holdings: &holdings };
    let rule_on = |source: &Source| {
        let (kind, id) = source.key();
        folded.rules.get(&(kind, id.to_owned())).cloned()
    };
    let mut explained: Vec<Explained> =
        sources.iter().filter_map(|source| Some(words.explained(source, rule_on(source)?))).collect();
    let rank = |one: &Explained| (!one.told.rule.gives(), std::cmp::Reverse(one.told.since));
    explained.sort_by_key(rank);
    let features = stored.into_iter().filter_map(|(feature, by)| {
        let rule = (explained.iter()).find(|one| one.kind == by.source_kind && one.id == by.source_id);
        let name = holding::feature_name(&state.plans, &feature);
        Some(Open {
            name,
            value: Value::of_stored(&by.value)?,
            rule: rule.map(|one| one.told.rule.clone()),
            feature,
            by,
        })
    });
    Ok(Explanation { features: features.collect(), sources: explained, refold_at: folded.refold_at })
}

impl Explanation {
    /// The source that decides a feature.
    #[must_use]
    pub fn source_of(&self, by: &Entitlement) -> Option<&Explained> {
        self.sources.iter().find(|one| one.kind == by.source_kind && one.id == by.source_id)
    }

    /// The sources that give access.
    pub fn giving(&self) -> impl Iterator<Item = &Explained> {
        self.sources.iter().filter(|one| one.told.rule.gives())
    }
}

//! The fold: what a user may do now, as a pure function of their sources, the plans and billing time. Several sources
//! unite; limits take the highest.

use super::{
    instant::Millis,
    plan::{Plans, Value},
    source::{Given, Source, StaffGrant},
    verdict::{Rule, judge},
};
use serde::{Deserialize, Serialize};
use std::{cmp::Reverse, collections::BTreeMap};

/// One feature or limit that a user has, with its source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entitlement {
    /// As [`Value::stored`].
    pub value: String,
    /// `subscription`, `purchase`, `grant` or `staff_grant`.
    pub source_kind: String,
    /// The source's id.
    pub source_id: String,
    /// Until when it is certain; `None` without a known end.
    pub until: Option<Millis>,
}

/// What follows for one user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// Feature → entitlement. Holding a plan is the feature `plan:<slug>`.
    pub wanted: BTreeMap<String, Entitlement>,
    /// The rule on each source, by its kind and id.
    pub rules: BTreeMap<(&'static str, String), Rule>,
    /// The next instant at which the fold may differ by time alone.
    pub refold_at: Option<Millis>,
    /// Subscriptions that must be looked at again before their access can end.
    pub reads: Vec<String>,
}

/// The feature that says that a plan is held.
#[must_use]
pub fn plan_feature(slug: &str) -> String {
    format!("plan:{slug}")
}

/// The plan that such a feature names.
#[must_use]
pub fn plan_of_feature(feature: &str) -> Option<&str> {
    feature.strip_prefix("plan:")
}

/// Folds `sources` at billing time `now`.
#[must_use]
pub fn fold(sources: &[Source], plans: &Plans, now: Millis) -> Folded {
    let mut folded = Folded::default();
    let mut ranked: BTreeMap<String, Rank> = BTreeMap::new();
    for source in sources {
        let verdict = judge(source, source.plan().and_then(|slug| plans.get(slug)), now);
        if verdict.rule.gives() {
            add(&mut ranked, plans, source, verdict.rule.until());
        }
        let (kind, id) = source.key();
        if verdict.read {
            folded.reads.push(id.to_owned());
        }
        folded.refold_at = folded.refold_at.into_iter().chain(verdict.refold_at).min();
        folded.rules.insert((kind, id.to_owned()), verdict.rule);
    }
    folded.wanted = ranked.into_iter().map(|(feature, rank)| (feature, rank.entitlement())).collect();
    folded
}

/// What a source opens while it gives access.
fn opens(source: &Source, plans: &Plans) -> Vec<(String, Value)> {
    let feature = match source {
        Source::Grant(grant) => Some((grant.feature.clone(), grant.value)),
        Source::StaffGrant(StaffGrant { what: Given::Feature(feature, value), .. }) => Some((feature.clone(), *value)),
        _ => None,
    };
    let plan = source.plan().and_then(|slug| plans.get(slug)).into_iter();
    let of_plan = plan.flat_map(|plan| {
        let held = (plan_feature(&plan.slug), Value::Switch(true));
        plan.features.iter().map(|(feature, value)| (feature.clone(), *value)).chain([held])
    });
    of_plan.chain(feature).filter(|(_, value)| *value != Value::Switch(false)).collect()
}

/// What decides between several sources of one feature: more of it, for longer, by the higher plan; then by name, so
/// that the answer never depends on an order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    value: Value,
    until: Millis,
    plan_rank: i64,
    source: (Reverse<&'static str>, Reverse<String>),
}

impl Rank {
    fn entitlement(self) -> Entitlement {
        Entitlement {
            value: self.value.stored(),
            source_kind: self.source.0.0.to_owned(),
            source_id: self.source.1.0,
            until: Some(self.until).filter(|until| *until != Millis::MAX),
        }
    }
}

fn add(ranked: &mut BTreeMap<String, Rank>, plans: &Plans, source: &Source, until: Option<Millis>) {
    let plan_rank = source.plan().and_then(|slug| plans.get(slug)).map_or(i64::MIN, |plan| plan.rank);
    for (feature, value) in opens(source, plans) {
        let (kind, id) = source.key();
        let source = (Reverse(kind), Reverse(id.to_owned()));
        let new = Rank { value, until: until.unwrap_or(Millis::MAX), plan_rank, source };
        match ranked.get(&feature) {
            Some(best) if *best >= new => {}
            _ => {
                ranked.insert(feature, new);
            }
        }
    }
}

/// One line of the ledger to be: a feature's entitlement before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which.
    pub feature: String,
    /// What it was.
    pub before: Option<Entitlement>,
    /// What it is.
    pub after: Option<Entitlement>,
    /// The rule that decided: on the source that gives it now, or on the one that gives it no more.
    pub rule: &'static str,
}

/// The differences between what is stored and what was folded.
#[must_use]
pub fn difference(stored: &BTreeMap<String, Entitlement>, folded: &Folded) -> Vec<Change> {
    let mut features: Vec<&String> = stored.keys().chain(folded.wanted.keys()).collect();
    features.sort_unstable();
    features.dedup();
    (features.into_iter())
        .map(|feature| (feature, stored.get(feature), folded.wanted.get(feature)))
        .filter(|(_, before, after)| before != after)
        .map(|(feature, before, after)| Change {
            rule: after.or(before).map_or("gone", |entitlement| folded.rule_on(entitlement)),
            feature: feature.clone(),
            before: before.cloned(),
            after: after.cloned(),
        })
        .collect()
}

impl Folded {
    /// A source that is not there any more was given to somebody else, or its plan to nobody.
    fn rule_on(&self, entitlement: &Entitlement) -> &'static str {
        let of = |((kind, id), _): &(&(&'static str, String), &Rule)| {
            *kind == entitlement.source_kind && *id == entitlement.source_id
        };
        self.rules.iter().find(of).map_or("gone", |(_, rule)| rule.stored())
    }
}

#[cfg(test)]
mod tests;

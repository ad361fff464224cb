//! The fold: what a user may do now, as a pure function of their sources, the plans and billing time.
//!
//! Ends that Polar announces (`current_period_end`, `ends_at`) never end access by themselves, nor does the grace after a
//! failed renewal: when such an instant has passed, another look at Polar is due, and only what is seen after it ends
//! access.

use super::{
    instant::{HOUR, Millis},
    plan::{Plan, Plans, Value},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What can give access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A recurring contract.
    Subscription(Subscription),
    /// A paid one-time bill.
    Purchase(Purchase),
}

/// A subscription, as far as access depends on it. Instants are billing time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Polar's id.
    pub id: String,
    /// The plan of its product.
    pub plan: String,
    /// Polar's word.
    pub status: String,
    /// Since when a renewal is unpaid.
    pub past_due_at: Option<Millis>,
    /// When it will end.
    pub ends_at: Option<Millis>,
    /// When it was last seen like this.
    pub observed_at: Millis,
}

/// A one-time purchase, as far as access depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// The id of Polar's order.
    pub id: String,
    /// The plan of its product.
    pub plan: String,
    /// Polar's word; `refunded` is a full refund.
    pub status: String,
    /// When it was bought.
    pub bought_at: Millis,
}

/// One feature or limit that a user has, with its source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entitlement {
    /// As [`Value::stored`].
    pub value: String,
    /// `subscription` or `purchase`.
    pub source_kind: String,
    /// Polar's id of the source.
    pub source_id: String,
    /// Until when it is certain; `None` without a known end.
    pub until: Option<Millis>,
}

/// What follows for one user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// Feature → entitlement. Holding a plan is the feature `plan:<slug>`.
    pub wanted: BTreeMap<String, Entitlement>,
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
        let Some(plan) = plans.get(source.plan()) else { continue };
        let grant = match source {
            Source::Subscription(subscription) => folded.subscription(subscription, plan, now),
            Source::Purchase(purchase) => folded.purchase(purchase, plan, now),
        };
        if let Some(until) = grant {
            add(&mut ranked, plan, source, until);
        }
    }
    folded.wanted = ranked.into_iter().map(|(feature, rank)| (feature, rank.entitlement())).collect();
    folded
}

impl Source {
    fn plan(&self) -> &str {
        match self {
            Self::Subscription(subscription) => &subscription.plan,
            Self::Purchase(purchase) => &purchase.plan,
        }
    }

    fn key(&self) -> (&'static str, &str) {
        match self {
            Self::Subscription(subscription) => ("subscription", &subscription.id),
            Self::Purchase(purchase) => ("purchase", &purchase.id),
        }
    }
}

impl Folded {
    /// `Some(until)` if the subscription gives access; notes what is due later.
    fn subscription(&mut self, subscription: &Subscription, plan: &Plan, now: Millis) -> Option<Option<Millis>> {
        match subscription.status.as_str() {
            "active" | "trialing" => {
                if let Some(ends_at) = subscription.ends_at {
                    self.look_after(ends_at + HOUR, subscription, now);
                }
                Some(subscription.ends_at)
            }
            "past_due" => {
                let grace_end = subscription.past_due_at.unwrap_or(subscription.observed_at) + plan.grace();
                self.look_after(grace_end, subscription, now);
                (now < grace_end || subscription.observed_at < grace_end).then_some(Some(grace_end))
            }
            _ => None,
        }
    }

    fn purchase(&mut self, purchase: &Purchase, plan: &Plan, now: Millis) -> Option<Option<Millis>> {
        if !matches!(purchase.status.as_str(), "paid" | "partially_refunded") {
            return None;
        }
        let until = plan.lasts().map(|lasts| purchase.bought_at + lasts);
        if let Some(until) = until.filter(|until| now < *until) {
            self.refold_by(until);
        }
        until.is_none_or(|until| now < until).then_some(until)
    }

    /// Before `instant`: come back then. After it: look at Polar again, unless it was seen since.
    fn look_after(&mut self, instant: Millis, subscription: &Subscription, now: Millis) {
        if now < instant {
            self.refold_by(instant);
        } else if subscription.observed_at < instant {
            self.reads.push(subscription.id.clone());
        }
    }

    fn refold_by(&mut self, instant: Millis) {
        self.refold_at = Some(self.refold_at.map_or(instant, |other| other.min(instant)));
    }
}

/// What decides between several sources of one feature: more of it, for longer, by the higher plan; then by name, so
/// that the answer never depends on an order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    value: Value,
    until: Millis,
    plan_rank: i64,
    source: (std::cmp::Reverse<&'static str>, std::cmp::Reverse<String>),
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

fn add(ranked: &mut BTreeMap<String, Rank>, plan: &Plan, source: &Source, until: Option<Millis>) {
    let held = (plan_feature(&plan.slug), Value::Switch(true));
    let opened = plan.features.iter().map(|(feature, value)| (feature.clone(), *value));
    for (feature, value) in opened.chain([held]).filter(|(_, value)| *value != Value::Switch(false)) {
        let (kind, id) = source.key();
        let source = (std::cmp::Reverse(kind), std::cmp::Reverse(id.to_owned()));
        let new = Rank { value, until: until.unwrap_or(Millis::MAX), plan_rank: plan.rank, source };
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
}

/// The differences between what is stored and what is wanted.
#[must_use]
pub fn difference(stored: &BTreeMap<String, Entitlement>, wanted: &BTreeMap<String, Entitlement>) -> Vec<Change> {
    let mut features: Vec<&String> = stored.keys().chain(wanted.keys()).collect();
    features.sort_unstable();
    features.dedup();
    (features.into_iter())
        .map(|feature| (feature, stored.get(feature), wanted.get(feature)))
        .filter(|(_, before, after)| before != after)
        .map(|(feature, before, after)| Change {
            feature: feature.clone(),
            before: before.cloned(),
            after: after.cloned(),
        })
        .collect()
}

#[cfg(test)]
mod tests;

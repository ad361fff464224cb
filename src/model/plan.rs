//! The plans: what we sell, as `plans.toml` describes it.

mod metering;

use super::{
    catalog::Interval,
    instant::{DAY, Millis},
    meter::{Allowance, Meter},
    switch::{Timing, Timings},
};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What a feature is worth: open, or open up to a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Open or (in a comparison table) closed.
    Switch(bool),
    /// Open up to so many.
    Limit(i64),
}

impl Value {
    /// As stored: `true` or a number.
    #[must_use]
    pub fn stored(self) -> String {
        match self {
            Self::Switch(on) => on.to_string(),
            Self::Limit(limit) => limit.to_string(),
        }
    }

    /// Reads what [`Value::stored`] wrote.
    #[must_use]
    pub fn of_stored(text: &str) -> Option<Self> {
        text.parse().map(Self::Switch).or_else(|_| text.parse().map(Self::Limit)).ok()
    }
}

/// A product to set up in a new organization; not what is charged (Polar says that).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedPrice {
    /// `day`, `week`, `month`, `year` or `once`.
    pub interval: String,
    /// Minor units.
    pub amount: i64,
    /// Lower-case ISO code.
    pub currency: String,
    /// Days of trial before the first payment.
    pub trial_days: Option<i64>,
}

/// One plan.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The name in addresses and in Polar's product metadata.
    pub slug: String,
    /// The name people read.
    pub name: String,
    /// Higher is more; decides the order on the page and which plan somebody "has".
    pub rank: i64,
    /// Marked on the pricing page.
    #[serde(default)]
    pub recommended: bool,
    /// One sentence.
    #[serde(default)]
    pub summary: String,
    /// Three to six lines in the customer's words.
    #[serde(default)]
    pub highlights: Vec<String>,
    /// What it opens.
    #[serde(default)]
    pub features: BTreeMap<String, Value>,
    /// How much of each meter it allows, by the meter's key.
    #[serde(skip)]
    pub usage: BTreeMap<String, Allowance>,
    #[serde(default, rename = "usage")]
    written: BTreeMap<String, metering::Written>,
    /// Days of access after a failed renewal.
    #[serde(default = "seven")]
    pub grace_days: i64,
    /// Days that a one-time purchase lasts; for ever if absent.
    pub lasts_days: Option<i64>,
    /// Sold no more: who has it keeps it.
    #[serde(default)]
    pub retired: bool,
    /// Products to set up.
    #[serde(default, rename = "price")]
    pub prices: Vec<SeedPrice>,
}

fn seven() -> i64 {
    7
}

impl Plan {
    /// How long access goes on after a failed renewal.
    #[must_use]
    pub fn grace(&self) -> Millis {
        self.grace_days * DAY
    }

    /// How long a one-time purchase lasts; `None` for ever.
    #[must_use]
    pub fn lasts(&self) -> Option<Millis> {
        self.lasts_days.map(|days| days * DAY)
    }

    /// Whether everybody has it: it is sold nowhere.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.prices.is_empty() && !self.retired
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FeatureWords {
    name: String,
    /// Polar's products give it as a feature-flag benefit as well.
    #[serde(default)]
    benefit: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    require_verified_email: bool,
    #[serde(rename = "plan")]
    plans: Vec<Plan>,
    #[serde(default, rename = "feature")]
    features: BTreeMap<String, FeatureWords>,
    #[serde(default, rename = "meter")]
    meters: BTreeMap<String, Meter>,
    #[serde(default)]
    changes: Timings,
}

/// Why `plans.toml` cannot be used, in one sentence.
#[derive(Debug, thiserror::Error)]
#[error("plans.toml: {0}")]
pub struct Unusable(String);

/// All plans, in rank order.
#[derive(Clone, Debug)]
pub struct Plans {
    plans: Vec<Plan>,
    features: BTreeMap<String, FeatureWords>,
    meters: BTreeMap<String, Meter>,
    requires_verified_email: bool,
    timings: Timings,
    hash: String,
}

impl Plans {
    /// Reads the text of `plans.toml`.
    ///
    /// # Errors
    /// On anything that is unknown, missing or contradictory, with the place.
    pub fn parse(text: &str) -> Result<Self, Unusable> {
        let File { require_verified_email: requires_verified_email, mut plans, features, meters, changes: timings } =
            toml::from_str(text).map_err(|error| Unusable(error.to_string()))?;
        plans.sort_by(|a, b| a.rank.cmp(&b.rank).then_with(|| a.slug.cmp(&b.slug)));
        check(&plans)?;
        metering::settle(&mut plans, &meters)?;
        let hash = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { plans, features, meters, requires_verified_email, timings, hash })
    }

    /// The plan of this slug.
    #[must_use]
    pub fn get(&self, slug: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.slug == slug)
    }

    /// What everybody has who has nothing else.
    #[must_use]
    pub fn free(&self) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.is_free())
    }

    /// Every plan in rank order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Plan> {
        self.plans.iter()
    }

    /// Every plan that is not retired, in rank order.
    pub fn shown(&self) -> impl DoubleEndedIterator<Item = &Plan> {
        self.plans.iter().filter(|plan| !plan.retired)
    }

    /// The first plan, from below, that opens a feature.
    #[must_use]
    pub fn first_with(&self, feature: &str) -> Option<&Plan> {
        self.shown().find(|plan| plan.features.get(feature).is_some_and(|value| *value != Value::Switch(false)))
    }

    /// The name people read of a feature.
    #[must_use]
    pub fn feature_name<'p>(&'p self, feature: &'p str) -> &'p str {
        self.features.get(feature).map_or(feature, |words| &words.name)
    }

    /// Whether Polar's products are to give this feature as a benefit.
    #[must_use]
    pub fn is_benefit(&self, feature: &str) -> bool {
        self.features.get(feature).is_some_and(|words| words.benefit)
    }

    /// Every feature of every plan, each once, by name.
    #[must_use]
    pub fn features(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.plans.iter().flat_map(|plan| plan.features.keys().map(String::as_str)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether only somebody whose address was proved to be theirs may log in and buy.
    #[must_use]
    pub fn requires_verified_email(&self) -> bool {
        self.requires_verified_email
    }

    /// When a change from one plan and interval to another takes effect.
    #[must_use]
    pub fn timing(&self, from: (&str, &Interval), to: (&str, &Interval)) -> Timing {
        self.timings.of(self, from, to)
    }

    /// Changes when the file changes.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

fn check(plans: &[Plan]) -> Result<(), Unusable> {
    let refuse = |why: String| Err(Unusable(why));
    for (place, plan) in plans.iter().enumerate() {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if plan.slug.is_empty() || !plan.slug.chars().all(plain) {
            return refuse(format!("the slug {:?} must be lower-case letters, digits and hyphens", plan.slug));
        }
        if plans[..place].iter().any(|other| other.slug == plan.slug) {
            return refuse(format!("two plans have the slug {:?}", plan.slug));
        }
        for (place, price) in plan.prices.iter().enumerate() {
            if !["day", "week", "month", "year", "once"].contains(&price.interval.as_str()) || price.amount < 0 {
                return refuse(format!("plan {:?} has a price with a wrong interval or a negative amount", plan.slug));
            }
            if let Some(why) = contradiction(price, &plan.prices[..place]) {
                return refuse(format!("plan {:?} {why}", plan.slug));
            }
        }
    }
    if let Some(feature) = of_two_kinds(plans) {
        return refuse(format!("the feature {feature:?} is true or false in one plan and a number in another"));
    }
    match plans.iter().filter(|plan| plan.is_free()).count() {
        0 | 1 => Ok(()),
        _ => refuse("only one plan can be without prices: it is what everybody has".to_owned()),
    }
}

fn of_two_kinds(plans: &[Plan]) -> Option<&str> {
    let is_limit = |value: &Value| matches!(value, Value::Limit(_));
    let mut kinds = BTreeMap::new();
    let mut all = plans.iter().flat_map(|plan| &plan.features);
    all.find_map(|(name, value)| {
        let kind = *kinds.entry(name).or_insert(is_limit(value));
        (kind != is_limit(value)).then_some(name.as_str())
    })
}

/// Prices of one interval are one product: it has one price in each currency, and one trial.
fn contradiction(price: &SeedPrice, others: &[SeedPrice]) -> Option<String> {
    let SeedPrice { interval, currency, .. } = price;
    let trial = |price: &SeedPrice| price.trial_days.filter(|days| *days != 0);
    if trial(price).is_some_and(|days| days < 0 || interval == "once") {
        return Some("has a trial that is negative, or before a single payment".to_owned());
    }
    let mut same = others.iter().filter(|other| other.interval == *interval);
    if same.clone().any(|other| other.currency.eq_ignore_ascii_case(currency)) {
        return Some(format!("has two prices in {currency} for the interval {interval:?}"));
    }
    let differs = same.any(|other| trial(other) != trial(price));
    differs.then(|| format!("has prices with different trials for the interval {interval:?}"))
}

#[cfg(test)]
mod tests;

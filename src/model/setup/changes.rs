//! How a product at Polar differs from the one that the plans want.

use super::{
    super::{catalog::Trial, money::Money},
    metering::Metering,
    prices::{self, Entry, UnitPrice},
    there::There,
    wanted::Wanted,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// One thing about a product that is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Its name, from the present one.
    Name(String),
    /// Its description, to this one.
    Description(String),
    /// Its tag, from the present one.
    Tag {
        /// What it is tagged now.
        from: Option<String>,
        /// The plan that it belongs to.
        to: String,
        /// All its metadata then.
        metadata: BTreeMap<String, Value>,
    },
    /// Its trial.
    Trial {
        /// The present one.
        from: Option<Trial>,
        /// The wanted one.
        to: Option<Trial>,
    },
    /// Its prices.
    Prices {
        /// What differs, each now and then; none where there is nothing in that currency.
        told: Vec<(Option<Money>, Option<Money>)>,
        /// The same of what units of meters cost.
        units: Vec<(Option<UnitPrice>, Option<UnitPrice>)>,
        /// All its prices then.
        entries: Vec<Entry>,
    },
}

impl Change {
    /// Whether it is about a meter that is yet to be made.
    pub(super) fn waits(&self) -> bool {
        let Self::Prices { entries, .. } = self else { return false };
        entries.iter().any(|entry| matches!(entry, Entry::Unit { price: UnitPrice { id: None, .. }, .. }))
    }
}

/// Everything that differs, the more important first.
pub(super) fn between(product: &There, wanted: &Wanted, metering: &Metering<'_>) -> Vec<Change> {
    let prices = product.sold(metering).and_then(|live| prices::between(&live, wanted));
    let trial = product.trial();
    let trial = (days(trial.as_ref()) != days(wanted.trial.as_ref()))
        .then(|| Change::Trial { from: trial, to: wanted.trial.clone() });
    let name = (product.facts.name != wanted.name).then(|| Change::Name(product.facts.name.clone()));
    let described = product.description.as_deref().map(str::trim);
    let description = wanted.description.clone().filter(|text| described != Some(text)).map(Change::Description);
    [prices, trial, tag(product, wanted), name, description].into_iter().flatten().collect()
}

fn tag(product: &There, wanted: &Wanted) -> Option<Change> {
    let (from, to) = (product.facts.plan(), wanted.plan.as_str());
    if from == Some(to) {
        return None;
    }
    let mut metadata = product.facts.metadata.clone();
    metadata.insert("plan".to_owned(), to.into());
    Some(Change::Tag { from: from.map(str::to_owned), to: to.to_owned(), metadata })
}

/// Weeks are days; months and years are not.
fn days(trial: Option<&Trial>) -> Option<(&str, i64)> {
    let Trial { unit, count } = trial?;
    Some(if unit == "week" { ("day", count * 7) } else { (unit, *count) })
}

//! How a product at Polar differs from the one that the plans want.

use super::{
    super::{catalog::Trial, money::Money, projection::PriceFacts},
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
        /// All its prices then.
        entries: Vec<Entry>,
    },
}

/// A price that a product has after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// One that it has already: Polar's id.
    Keep(String),
    /// A new one.
    New {
        /// What is billed each time.
        price: Money,
        /// Polar's word for how tax is counted, as the replaced price has it; none: as the organization says.
        tax: Option<String>,
    },
}

/// Everything that differs, the more important first.
pub(super) fn between(product: &There, wanted: &Wanted) -> Vec<Change> {
    let prices = product.fixed().and_then(|live| prices(&live, &wanted.prices));
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

fn prices(live: &[(&PriceFacts, Money)], wanted: &[Money]) -> Option<Change> {
    let (mut told, mut entries) = (Vec::new(), Vec::new());
    for price in wanted {
        let same = live.iter().find(|(_, there)| there.currency == price.currency);
        if let Some((kept, _)) = same.filter(|(_, there)| there == price) {
            entries.push(Entry::Keep(kept.id.clone()));
            continue;
        }
        let tax = same.or(live.first()).and_then(|(there, _)| there.tax_behavior.clone());
        told.push((same.map(|(_, there)| there.clone()), Some(price.clone())));
        entries.push(Entry::New { price: price.clone(), tax });
    }
    let dropped = live.iter().filter(|(_, there)| wanted.iter().all(|price| price.currency != there.currency));
    told.extend(dropped.map(|(_, there)| (Some(there.clone()), None)));
    (!told.is_empty()).then_some(Change::Prices { told, entries })
}

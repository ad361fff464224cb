//! The prices of a product at Polar, held against those that the plans want: a fixed one in each currency, and beside it one
//! for a unit of each meter of which more may be used than is included.

use super::{
    super::{money::Money, projection::PriceFacts, rate::Rate},
    changes::Change,
    wanted::Wanted,
};

/// What one unit of a meter costs beyond what is included, in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitPrice {
    /// The meter's key.
    pub meter: String,
    /// One of it, for people.
    pub one: String,
    /// Polar's meter; `None` while it is yet to be made.
    pub id: Option<String>,
    /// Lower-case ISO code.
    pub currency: String,
    /// What it costs.
    pub rate: Rate,
}

impl UnitPrice {
    /// `$0.04 for each QR code`.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{} for each {}", self.rate.words(&self.currency), self.one)
    }
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
    /// A new one for units of a meter.
    Unit {
        /// What one costs.
        price: UnitPrice,
        /// The most that one bill charges, in minor units, as the replaced price has it: the plans do not speak of it.
        cap: Option<i64>,
        /// As of a fixed one.
        tax: Option<String>,
    },
}

/// What a product is sold for now.
#[derive(Default)]
pub(super) struct Sold<'t> {
    pub(super) fixed: Vec<(&'t PriceFacts, Money)>,
    pub(super) units: Vec<(&'t PriceFacts, UnitPrice)>,
}

/// What differs, each now and then.
type Told<P> = Vec<(Option<P>, Option<P>)>;

/// How they differ, and all prices of the product then.
pub(super) fn between(live: &Sold<'_>, wanted: &Wanted) -> Option<Change> {
    let (told, mut entries) = fixed(live, &wanted.prices);
    let (units, more) = units(live, &wanted.units);
    entries.extend(more);
    (!told.is_empty() || !units.is_empty()).then_some(Change::Prices { told, units, entries })
}

fn fixed(Sold { fixed: live, .. }: &Sold<'_>, wanted: &[Money]) -> (Told<Money>, Vec<Entry>) {
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
    (told, entries)
}

fn units(live: &Sold<'_>, wanted: &[UnitPrice]) -> (Told<UnitPrice>, Vec<Entry>) {
    let (mut told, mut entries, mut left) = (Vec::new(), Vec::new(), live.units.iter().collect::<Vec<_>>());
    for price in wanted {
        // A meter that was made anew has two in one currency: the one that is right is kept.
        let place = left.iter().position(|(_, there)| there == price);
        let place = place.or_else(|| {
            left.iter().position(|(_, there)| (&there.meter, &there.currency) == (&price.meter, &price.currency))
        });
        let same = place.map(|place| left.remove(place));
        if let Some((kept, _)) = same.filter(|(_, there)| there == price) {
            entries.push(Entry::Keep(kept.id.clone()));
            continue;
        }
        let beside = live.fixed.iter().find(|(_, there)| there.currency == price.currency).or(live.fixed.first());
        let like = same.map(|(there, _)| *there).or(beside.map(|(there, _)| *there));
        told.push((same.map(|(_, there)| there.clone()), Some(price.clone())));
        entries.push(Entry::Unit {
            price: price.clone(),
            cap: same.and_then(|(there, _)| there.cap_amount),
            tax: like.and_then(|there| there.tax_behavior.clone()),
        });
    }
    told.extend(left.into_iter().map(|(_, there)| (Some(there.clone()), None)));
    (told, entries)
}

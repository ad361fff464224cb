//! Setting up an organization at Polar: what it must be like to sell what `plans.toml` says, and what differs. A product is
//! ours by its tag, or because it was once tied to a plan; whatever is neither stays as it is.

mod changes;
mod giving;
mod metering;
mod prices;
mod there;
mod wanted;
mod words;

use super::{catalog::Interval, plan::Plans};
pub use changes::Change;
pub use giving::Gift;
use giving::Giving;
use metering::Metering;
pub use metering::{Credit, CreditChange, aggregation, filter};
pub use prices::{Entry, UnitPrice};
use std::collections::BTreeMap;
pub use there::{Benefit, MeterThere, There};
pub use wanted::{Flag, Wanted, unfit};

/// Something to be done at Polar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A meter is made.
    MakeMeter {
        /// Its key in `plans.toml`.
        key: String,
        /// What people read.
        name: String,
    },
    /// A meter is called otherwise.
    RenameMeter {
        /// Polar's meter.
        id: String,
        /// What people read from now on.
        name: String,
        /// What they read before.
        from: String,
    },
    /// A benefit is made.
    MakeFlag(Flag),
    /// A benefit that gives units of a meter is made.
    MakeCredit {
        /// What it gives.
        credit: Credit,
        /// Polar's meter; `None` while it is yet to be made.
        meter: Option<String>,
    },
    /// A benefit gives units otherwise than before.
    ChangeCredit {
        /// Polar's benefit.
        id: String,
        /// What it gives from now on.
        credit: Credit,
        /// Polar's meter; `None` while it is yet to be made.
        meter: Option<String>,
        /// One or more.
        changes: Vec<CreditChange>,
    },
    /// A product is made.
    Create(Wanted),
    /// A product is changed.
    Change {
        /// Polar's product.
        id: String,
        /// What it is called after it.
        name: String,
        /// One or more.
        changes: Vec<Change>,
    },
    /// A product gives other benefits than before.
    Give {
        /// Polar's product and all benefits that it has then; `None` while one of them is yet to be made.
        at: Option<(String, Vec<String>)>,
        /// What the product is called.
        name: String,
        /// What it gives from now on, for people.
        gains: Vec<String>,
        /// What it gives no more, for people.
        loses: Vec<String>,
    },
    /// A product is sold no more.
    Archive {
        /// Polar's product.
        id: String,
        /// What it is called.
        name: String,
        /// Why.
        why: Why,
    },
}

/// Why a product is sold no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// This plan is retired.
    Retired(String),
    /// This plan has no price for this interval.
    NoPrice(String, Interval),
    /// Another product stands for the same plan and interval.
    Twice,
}

/// Something that is left as it is, and worth knowing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A product's prices are of a kind that `plans.toml` cannot say.
    Kind(String),
    /// A product is billed at an interval that `plans.toml` cannot say.
    Rhythm(String, Interval),
    /// A product is private or a draft.
    Hidden(String),
    /// A meter counts otherwise than events of its key are to be counted.
    Counts(String, String),
    /// A product is tagged with a plan that there is not: it may be somebody else's.
    NoPlan(String, String),
}

/// What differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    /// What is to be done, in this order: what is sold is never missing in between.
    pub steps: Vec<Step>,
    /// What stays.
    pub notes: Vec<Note>,
}

impl Step {
    /// Whether it only adds what is missing.
    #[must_use]
    pub fn only_adds(&self) -> bool {
        match self {
            Self::MakeMeter { .. } | Self::MakeFlag(_) | Self::MakeCredit { .. } | Self::Create(_) => true,
            Self::Give { loses, .. } => loses.is_empty(),
            Self::RenameMeter { .. } | Self::ChangeCredit { .. } | Self::Change { .. } | Self::Archive { .. } => false,
        }
    }

    /// Whether something that it is about is yet to be made: then it can be done after another look.
    #[must_use]
    pub fn waits(&self) -> bool {
        match self {
            Self::Give { at, .. } => at.is_none(),
            Self::MakeCredit { meter, .. } | Self::ChangeCredit { meter, .. } => meter.is_none(),
            Self::Create(wanted) => wanted.units.iter().any(|price| price.id.is_none()),
            Self::Change { changes, .. } => changes.iter().any(Change::waits),
            Self::MakeMeter { .. } | Self::RenameMeter { .. } | Self::MakeFlag(_) | Self::Archive { .. } => false,
        }
    }
}

/// Holds Polar's products, benefits and meters against the plans; `ties` are the plans that products were first tagged with.
#[must_use]
pub fn compare(
    plans: &Plans,
    ties: &BTreeMap<String, String>,
    there: &[There],
    benefits: &[Benefit],
    meters: &[MeterThere],
) -> Setup {
    let mut giving = Giving::new(plans, benefits, meters);
    let (mut setup, mut made, mut archived) = (Setup::default(), Vec::new(), Vec::new());
    let mut left: Vec<&There> = there.iter().filter(|product| !product.facts.is_archived).collect();
    for mut wanted in wanted::wanted(plans) {
        giving.metering.place(&mut wanted.units);
        let stands =
            |product: &&There| plan_of(product, ties) == Some(&wanted.plan) && product.interval() == wanted.interval;
        let (standing, others) = left.into_iter().partition(stands);
        left = others;
        let Some((product, twins)) = chosen(standing, &wanted, &giving.metering) else {
            giving.to(&wanted, None);
            made.push(Step::Create(wanted));
            continue;
        };
        setup.notes.extend(limits(product, &giving.metering));
        if !product.is_public() {
            // Sold to somebody alone, or not ready yet: not what the plans speak of.
            continue;
        }
        giving.to(&wanted, Some(product));
        let changes = changes::between(product, &wanted, &giving.metering);
        if !changes.is_empty() {
            setup.steps.push(Step::Change { id: product.id.clone(), name: wanted.name, changes });
        }
        archived.extend(twins.into_iter().filter_map(|twin| archive(twin, Why::Twice)));
    }
    for product in left {
        match unwanted(plans, product, ties) {
            Some(Ok(why)) => archived.extend(archive(product, why)),
            Some(Err(note)) => setup.notes.push(note),
            None => {}
        }
    }
    let (notes, giving) = giving.steps();
    setup.notes.extend(notes);
    setup.steps = giving.made.into_iter().chain(made).chain(setup.steps).chain(giving.given).chain(archived).collect();
    setup
}

/// The plan that a product belongs to: the one it was first tagged with, since access by it stays.
fn plan_of<'p>(product: &'p There, ties: &'p BTreeMap<String, String>) -> Option<&'p str> {
    ties.get(&product.id).map(String::as_str).or_else(|| product.facts.plan())
}

/// Of several products for the same thing, the one to go on with: for sale, with the least to change, the oldest.
fn chosen<'p>(
    mut standing: Vec<&'p There>,
    wanted: &Wanted,
    metering: &Metering<'_>,
) -> Option<(&'p There, Vec<&'p There>)> {
    standing.sort_by_cached_key(|product| {
        let changes = changes::between(product, wanted, metering).len();
        (!product.is_public(), changes, product.created_at.clone(), product.id.clone())
    });
    let mut standing = standing.into_iter();
    Some((standing.next()?, standing.collect()))
}

/// What is told of a product that stands for a plan and cannot be sold as it is.
fn limits(product: &There, metering: &Metering<'_>) -> Vec<Note> {
    let name = || product.facts.name.clone();
    let kind = product.sold(metering).is_none().then(|| Note::Kind(name()));
    let hidden = (!product.is_public()).then(|| Note::Hidden(name()));
    kind.into_iter().chain(hidden).collect()
}

/// Only what is tagged and for sale is archived: anything else is not ours to take away.
fn archive(product: &There, why: Why) -> Option<Step> {
    let ours = product.facts.plan().is_some() && product.is_public();
    ours.then(|| Step::Archive { id: product.id.clone(), name: product.facts.name.clone(), why })
}

/// Why a product that stands for nothing in the plans is not for sale, or why it stays.
fn unwanted(plans: &Plans, product: &There, ties: &BTreeMap<String, String>) -> Option<Result<Why, Note>> {
    let slug = plan_of(product, ties)?;
    let interval = product.interval();
    let name = || product.facts.name.clone();
    Some(match plans.get(slug) {
        _ if !product.is_public() => Err(Note::Hidden(name())),
        None => Err(Note::NoPlan(name(), slug.to_owned())),
        Some(plan) if plan.retired => Ok(Why::Retired(plan.name.clone())),
        Some(_) if matches!(interval, Interval::Every { count, .. } if count != 1) => {
            Err(Note::Rhythm(name(), interval))
        }
        Some(plan) => Ok(Why::NoPrice(plan.name.clone(), interval)),
    })
}

#[cfg(test)]
mod tests;

//! Which benefits products give: a feature-flag benefit for each feature that `plans.toml` wants as one, tagged with its
//! key and limit, and a meter-credit benefit for what a subscription includes of a meter. Benefits of any other kind, feature
//! or meter stay with their products.

use super::{
    super::plan::{Plans, Value},
    Note, Step,
    metering::{Credit, Metering},
    there::{Benefit, MeterThere, There},
    wanted::{Flag, Wanted},
};

/// A benefit that a product gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gift {
    /// A feature.
    Flag(Flag),
    /// Units of a meter.
    Credit(Credit),
}

impl Gift {
    /// What people read.
    #[must_use]
    pub fn description(&self) -> &str {
        match self {
            Self::Flag(flag) => &flag.description,
            Self::Credit(credit) => &credit.description,
        }
    }

    fn is(&self, benefit: &Benefit) -> bool {
        match self {
            Self::Flag(flag) => {
                let wanted = Some((flag.feature.as_str(), flag.value));
                benefit.is_flag() && benefit.facts.feature() == wanted
            }
            Self::Credit(credit) => credit.is(benefit),
        }
    }
}

/// What is found out while the products are gone through.
pub(super) struct Giving<'p> {
    plans: &'p Plans,
    benefits: &'p [Benefit],
    /// The meters.
    pub(super) metering: Metering<'p>,
    /// Benefits that are missing.
    missing: Vec<Gift>,
    /// Benefits that give something else than before.
    changed: Vec<Step>,
    /// Products that give other benefits.
    given: Vec<Step>,
}

/// What is to be done about what products give.
pub(super) struct Steps {
    /// Before the products are there.
    pub(super) made: Vec<Step>,
    /// After it.
    pub(super) given: Vec<Step>,
}

impl<'p> Giving<'p> {
    pub(super) fn new(plans: &'p Plans, benefits: &'p [Benefit], meters: &'p [MeterThere]) -> Self {
        let metering = Metering::new(plans, meters);
        Self { plans, benefits, metering, missing: Vec::new(), changed: Vec::new(), given: Vec::new() }
    }

    /// Holds what a product gives against what it should; `product` is missing where it is yet to be made.
    pub(super) fn to(&mut self, wanted: &Wanted, product: Option<&There>) {
        let (attached, benefits) = (product.map_or(&[][..], |product| &product.benefits), self.benefits);
        for gift in &wanted.gifts {
            match (attached.iter().chain(benefits).find(|benefit| gift.is(benefit)), gift) {
                (Some(benefit), Gift::Credit(credit)) => self.changed.extend(self.metering.change(credit, benefit)),
                (None, _) if !self.missing.contains(gift) => self.missing.push(gift.clone()),
                _ => {}
            }
        }
        let missing = |gift: &&Gift| !attached.iter().any(|benefit| gift.is(benefit));
        let gains: Vec<&Gift> = wanted.gifts.iter().filter(missing).collect();
        let (stays, goes): (Vec<&Benefit>, Vec<&Benefit>) = attached
            .iter()
            .partition(|benefit| !self.manages(benefit) || wanted.gifts.iter().any(|gift| gift.is(benefit)));
        if gains.is_empty() && goes.is_empty() {
            return;
        }
        let gained = gains.iter().map(|gift| benefits.iter().find(|benefit| gift.is(benefit)));
        let whole: Option<Vec<&Benefit>> = stays.into_iter().map(Some).chain(gained).collect();
        let ids = |whole: Vec<&Benefit>| whole.into_iter().map(|benefit| benefit.id.clone()).collect();
        self.given.push(Step::Give {
            at: product.zip(whole).map(|(product, whole)| (product.id.clone(), ids(whole))),
            name: wanted.name.clone(),
            gains: gains.iter().map(|gift| gift.description().to_owned()).collect(),
            loses: goes.iter().filter_map(|benefit| self.told(benefit)).collect(),
        });
    }

    /// What is to be done, and what stays.
    pub(super) fn steps(self) -> (Vec<Note>, Steps) {
        let Self { metering, missing, changed, given, .. } = self;
        let made = missing.into_iter().map(|gift| match gift {
            Gift::Flag(flag) => Step::MakeFlag(flag),
            Gift::Credit(credit) => metering.make(credit),
        });
        let made = made.collect::<Vec<_>>();
        let made = metering.steps.into_iter().chain(made).chain(changed).collect();
        (metering.notes, Steps { made, given })
    }

    /// Whether the plans decide about it.
    fn manages(&self, benefit: &Benefit) -> bool {
        let feature = benefit.facts.feature().map(|(feature, _)| feature);
        let flag = benefit.is_flag() && feature.is_some_and(|feature| self.plans.is_benefit(feature));
        let metered = benefit.tag("meter").is_some_and(|meter| self.plans.meter(meter).is_some());
        flag || benefit.is_credit() && metered && benefit.tag("plan").is_some()
    }

    fn told(&self, benefit: &Benefit) -> Option<String> {
        if benefit.is_credit() {
            return benefit.description.clone();
        }
        let (feature, value) = benefit.facts.feature()?;
        let name = self.plans.feature_name(feature);
        Some(match value {
            Value::Switch(_) => name.to_owned(),
            Value::Limit(limit) => format!("{name}: {limit}"),
        })
    }
}

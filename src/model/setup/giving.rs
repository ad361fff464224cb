//! Which benefits products give: a feature-flag benefit for each feature that `plans.toml` wants as one, tagged with its
//! key and limit. Benefits of any other kind or feature stay with their products.

use super::{
    super::plan::{Plans, Value},
    Step,
    there::{Benefit, There},
    wanted::{Flag, Wanted},
};

/// What is found out while the products are gone through.
pub(super) struct Giving<'p> {
    plans: &'p Plans,
    benefits: &'p [Benefit],
    /// Benefits that are missing.
    pub(super) flags: Vec<Flag>,
    /// Products that give something else.
    pub(super) gifts: Vec<Step>,
}

impl<'p> Giving<'p> {
    pub(super) fn new(plans: &'p Plans, benefits: &'p [Benefit]) -> Self {
        Self { plans, benefits, flags: Vec::new(), gifts: Vec::new() }
    }

    /// Holds what a product gives against what it should; `product` is missing where it is yet to be made.
    pub(super) fn to(&mut self, wanted: &Wanted, product: Option<&There>) {
        let (attached, benefits) = (product.map_or(&[][..], |product| &product.benefits), self.benefits);
        for flag in &wanted.flags {
            let there = benefits.iter().chain(attached).any(|benefit| is(benefit, flag));
            if !there && !self.flags.contains(flag) {
                self.flags.push(flag.clone());
            }
        }
        let missing = |flag: &&Flag| !attached.iter().any(|benefit| is(benefit, flag));
        let gains: Vec<&Flag> = wanted.flags.iter().filter(missing).collect();
        let (stays, goes): (Vec<&Benefit>, Vec<&Benefit>) = attached
            .iter()
            .partition(|benefit| !self.manages(benefit) || wanted.flags.iter().any(|flag| is(benefit, flag)));
        if gains.is_empty() && goes.is_empty() {
            return;
        }
        let gained = gains.iter().map(|flag| benefits.iter().find(|benefit| is(benefit, flag)));
        let whole: Option<Vec<&Benefit>> = stays.into_iter().map(Some).chain(gained).collect();
        let ids = |whole: Vec<&Benefit>| whole.into_iter().map(|benefit| benefit.id.clone()).collect();
        self.gifts.push(Step::Give {
            at: product.zip(whole).map(|(product, whole)| (product.id.clone(), ids(whole))),
            name: wanted.name.clone(),
            gains: gains.iter().map(|flag| flag.description.clone()).collect(),
            loses: goes.iter().filter_map(|benefit| self.told(benefit)).collect(),
        });
    }

    /// Whether the plans decide about it.
    fn manages(&self, benefit: &Benefit) -> bool {
        let feature = benefit.facts.feature().map(|(feature, _)| feature);
        benefit.facts.r#type == "feature_flag" && feature.is_some_and(|feature| self.plans.is_benefit(feature))
    }

    fn told(&self, benefit: &Benefit) -> Option<String> {
        let (feature, value) = benefit.facts.feature()?;
        let name = self.plans.feature_name(feature);
        Some(match value {
            Value::Switch(_) => name.to_owned(),
            Value::Limit(limit) => format!("{name}: {limit}"),
        })
    }
}

fn is(benefit: &Benefit, flag: &Flag) -> bool {
    benefit.facts.r#type == "feature_flag" && benefit.facts.feature() == Some((flag.feature.as_str(), flag.value))
}

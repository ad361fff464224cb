//! What is at Polar, as far as it is held against the plans.

use super::{
    super::{
        catalog::{Interval, Trial},
        money::Money,
        projection::{BenefitFacts, PriceFacts, ProductFacts},
    },
    metering::Metering,
    prices::Sold,
};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A product at Polar.
#[derive(Clone, Debug, Deserialize)]
pub struct There {
    /// Polar's id.
    pub id: String,
    /// When it was made.
    pub created_at: String,
    /// One sentence.
    #[serde(default)]
    pub description: Option<String>,
    /// What it gives.
    #[serde(default)]
    pub benefits: Vec<Benefit>,
    /// What the mirror keeps as well.
    #[serde(flatten)]
    pub facts: ProductFacts,
}

/// A benefit at Polar.
#[derive(Clone, Debug, Deserialize)]
pub struct Benefit {
    /// Polar's id.
    pub id: String,
    /// What people read.
    #[serde(default)]
    pub description: Option<String>,
    /// What it gives; each kind has its own.
    #[serde(default)]
    pub properties: Value,
    /// What it is, and our tags.
    #[serde(flatten)]
    pub facts: BenefitFacts,
}

/// A meter at Polar.
#[derive(Clone, Debug, Deserialize)]
pub struct MeterThere {
    /// Polar's id.
    pub id: String,
    /// When it was made.
    pub created_at: String,
    /// What people read.
    pub name: String,
    /// Which events it counts.
    pub filter: Value,
    /// How it counts them.
    pub aggregation: Value,
    /// When it was put away.
    pub archived_at: Option<String>,
    /// Our tag.
    #[serde(default)]
    pub metadata: BTreeMap<String, Value>,
}

impl Benefit {
    /// Whether it gives a feature.
    pub(super) fn is_flag(&self) -> bool {
        self.facts.r#type == "feature_flag"
    }

    /// Whether it gives units of a meter.
    pub(super) fn is_credit(&self) -> bool {
        self.facts.r#type == "meter_credit"
    }

    /// A tag.
    pub(super) fn tag(&self, key: &str) -> Option<&str> {
        self.facts.metadata.get(key)?.as_str()
    }
}

impl MeterThere {
    /// Whether it counts still.
    pub(super) fn is_live(&self) -> bool {
        self.archived_at.is_none()
    }

    /// The key in `plans.toml` that it is tagged with.
    pub(super) fn key(&self) -> Option<&str> {
        self.metadata.get("meter")?.as_str()
    }
}

impl There {
    /// How often it is billed.
    pub(super) fn interval(&self) -> Interval {
        match &self.facts.recurring_interval {
            None => Interval::Once,
            Some(unit) => {
                Interval::Every { unit: unit.clone(), count: self.facts.recurring_interval_count.unwrap_or(1) }
            }
        }
    }

    /// Whether it is neither private nor a draft.
    pub(super) fn is_public(&self) -> bool {
        self.facts.visibility.as_deref().is_none_or(|visibility| visibility == "public")
    }

    /// Before the first payment.
    pub(super) fn trial(&self) -> Option<Trial> {
        let (unit, count) = (self.facts.trial_interval.clone()?, self.facts.trial_interval_count?);
        (count > 0).then_some(Trial { unit, count })
    }

    /// Its prices on sale, whatever their kind.
    pub(super) fn live(&self) -> impl Iterator<Item = &PriceFacts> {
        let prices = self.facts.prices.iter();
        prices.filter(|price| !price.is_archived && price.source.as_deref() != Some("ad_hoc"))
    }

    /// What it is sold for; `None` if one of its prices is neither plainly fixed nor for units of a meter of the plans.
    pub(super) fn sold(&self, metering: &Metering<'_>) -> Option<Sold<'_>> {
        let mut sold = Sold::default();
        for price in self.live() {
            match money(price) {
                Some(money) => sold.fixed.push((price, money)),
                None => sold.units.push((price, metering.priced(price)?)),
            }
        }
        Some(sold)
    }
}

fn money(price: &PriceFacts) -> Option<Money> {
    let amount = price.price_amount.filter(|_| price.amount_type == "fixed")?;
    Some(Money::new(amount, price.price_currency.as_deref()?))
}

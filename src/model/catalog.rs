//! The catalog: plans joined with Polar's live products and prices. Only what can be sold with certainty is for sale:
//! one fixed price in one currency, and beside it what more of a meter costs. Everything else is left out without breaking
//! the page.

mod selling;

use super::{
    money::Money,
    plan::Plans,
    projection::{ProductFacts, SubscriptionFacts},
    rate::Rate,
};
use serde::{Deserialize, Serialize};

/// How often an offer is billed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Interval {
    /// Once, and never again.
    Once,
    /// Every `count` of `unit` (`day`, `week`, `month`, `year`).
    Every {
        /// The unit, as Polar writes it.
        unit: String,
        /// How many of them.
        count: i64,
    },
}

impl Interval {
    /// How often a subscription is billed.
    #[must_use]
    pub fn of(facts: &SubscriptionFacts) -> Self {
        let unit = facts.recurring_interval.clone().unwrap_or_else(|| "period".to_owned());
        Self::Every { unit, count: facts.recurring_interval_count.unwrap_or(1) }
    }

    /// `month`, `year`, `3 months`; `once` for one-time offers.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Once => "once".to_owned(),
            Self::Every { unit, count: 1 } => unit.clone(),
            Self::Every { unit, count } => format!("{count} {unit}s"),
        }
    }

    /// The word in addresses: `month`, `year`, `once`, `3-months`.
    #[must_use]
    pub fn slug(&self) -> String {
        self.words().replace(' ', "-")
    }

    /// Whether it renews.
    #[must_use]
    pub fn recurs(&self) -> bool {
        *self != Self::Once
    }
}

/// A time without payment at the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// `day`, `week`, `month`, `year`.
    pub unit: String,
    /// How many of them.
    pub count: i64,
}

impl Trial {
    /// `14 days`, `1 month`.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{} {}{}", self.count, self.unit, if self.count == 1 { "" } else { "s" })
    }
}

/// One thing that can be bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The plan it gives.
    pub plan: String,
    /// Polar's product.
    pub product_id: String,
    /// Polar's price.
    pub price_id: String,
    /// How often it is billed.
    pub interval: Interval,
    /// What is billed each time.
    pub price: Money,
    /// `inclusive`, `exclusive`, `location`; none: the organization's default.
    pub tax: Option<String>,
    /// Before the first payment.
    pub trial: Option<Trial>,
    /// What more costs than is included, for each meter of which more is sold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extras: Vec<Extra>,
}

/// More of a meter than a plan includes, paid by the unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extra {
    /// The meter's key in `plans.toml`.
    pub meter: String,
    /// What one unit costs, in the currency of the price.
    pub each: Rate,
}

/// Everything that is for sale.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers(Vec<Offer>);

impl Offers {
    /// Joins plans and products; `currency` is preferred where a product has several. The order is that of the plans,
    /// then of the price.
    #[must_use]
    pub fn join(plans: &Plans, products: &[(String, ProductFacts)], currency: &str) -> Self {
        let mut offers: Vec<Offer> = (products.iter())
            .filter(|(_, facts)| facts.plan().is_some_and(|slug| plans.get(slug).is_some_and(|plan| !plan.retired)))
            .filter_map(|(id, facts)| selling::offer(plans, id, facts, currency))
            .collect();
        let rank = |offer: &Offer| plans.get(&offer.plan).map_or(i64::MAX, |plan| plan.rank);
        offers.sort_by(|a, b| {
            let key = |offer: &Offer| (rank(offer), offer.price.amount);
            key(a).cmp(&key(b)).then_with(|| a.product_id.cmp(&b.product_id))
        });
        Self(offers)
    }

    /// These offers, in this order.
    #[cfg(test)]
    #[must_use]
    pub fn of_test(offers: Vec<Offer>) -> Self {
        Self(offers)
    }

    /// Every offer.
    pub fn iter(&self) -> impl Iterator<Item = &Offer> {
        self.0.iter()
    }

    /// The offers of one plan.
    pub fn of<'o>(&'o self, plan: &'o str) -> impl Iterator<Item = &'o Offer> {
        self.0.iter().filter(move |offer| offer.plan == plan)
    }

    /// The offer of a plan that is billed at this interval (its slug).
    #[must_use]
    pub fn find(&self, plan: &str, interval: &str) -> Option<&Offer> {
        self.0.iter().find(|offer| offer.plan == plan && offer.interval.slug() == interval)
    }

    /// The offer of this product.
    #[must_use]
    pub fn of_product(&self, product_id: &str) -> Option<&Offer> {
        self.0.iter().find(|offer| offer.product_id == product_id)
    }
}

#[cfg(test)]
mod tests;

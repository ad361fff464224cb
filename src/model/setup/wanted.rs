//! The products and benefits that `plans.toml` wants at Polar: one product for each plan and interval, with one price in
//! each currency, and beside it those of units beyond what is included.

use super::super::{
    catalog::{Interval, Trial},
    money::Money,
    plan::{Plan, Plans, SeedPrice, Value},
};
use super::{
    giving::Gift,
    metering::{credits, unit_prices},
    prices::UnitPrice,
};

/// How long a product's name may be, in characters (C§2.2).
const NAME: std::ops::RangeInclusive<usize> = 3..=64;

/// How long a benefit's description may be, in characters (C§2.12).
const DESCRIPTION: std::ops::RangeInclusive<usize> = 3..=42;

/// How long a meter's name may be, in characters; Polar sets no upper bound.
const METER: std::ops::RangeInclusive<usize> = 3..=64;

/// One product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The slug of its plan, and its tag.
    pub plan: String,
    /// How often it is billed.
    pub interval: Interval,
    /// What buyers read.
    pub name: String,
    /// One sentence, if the plan has one.
    pub description: Option<String>,
    /// Before the first payment.
    pub trial: Option<Trial>,
    /// One in each currency.
    pub prices: Vec<Money>,
    /// What units of meters cost beyond what is included: one of each meter in each currency.
    pub units: Vec<UnitPrice>,
    /// The benefits that it gives.
    pub gifts: Vec<Gift>,
}

/// A feature as a feature-flag benefit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Its key, and the benefit's tag.
    pub feature: String,
    /// How much of it.
    pub value: Value,
    /// What people read.
    pub description: String,
}

/// Every product that the plans want.
#[must_use]
pub fn wanted(plans: &Plans) -> Vec<Wanted> {
    plans.shown().flat_map(|plan| products(plans, plan)).collect()
}

fn products(plans: &Plans, plan: &Plan) -> Vec<Wanted> {
    let mut products: Vec<Wanted> = Vec::new();
    for price in &plan.prices {
        let (interval, money) = (interval(price), Money::new(price.amount, &price.currency));
        match products.iter_mut().find(|product| product.interval == interval) {
            Some(product) => product.prices.push(money),
            None => products.push(product(plans, plan, price, (interval, money))),
        }
    }
    for product in products.iter_mut().filter(|product| product.interval.recurs()) {
        product.units = unit_prices(plans, plan, &product.prices);
    }
    products
}

fn product(plans: &Plans, plan: &Plan, price: &SeedPrice, (interval, money): (Interval, Money)) -> Wanted {
    let (name, summary) = (plan.name.trim(), plan.summary.trim());
    let days = price.trial_days.filter(|days| *days > 0);
    Wanted {
        plan: plan.slug.clone(),
        name: match &interval {
            Interval::Once => name.to_owned(),
            Interval::Every { .. } => format!("{name} ({})", rhythm(&interval)),
        },
        description: Some(summary.to_owned()).filter(|summary| !summary.is_empty()),
        trial: days.map(|count| Trial { unit: "day".to_owned(), count }),
        prices: vec![money],
        units: Vec::new(),
        gifts: gifts(plans, plan, &interval),
        interval,
    }
}

fn interval(price: &SeedPrice) -> Interval {
    match price.interval.as_str() {
        "once" => Interval::Once,
        unit => Interval::Every { unit: unit.to_owned(), count: 1 },
    }
}

/// `every month`, `once`.
pub(super) fn rhythm(interval: &Interval) -> String {
    if interval.recurs() { format!("every {}", interval.words()) } else { interval.words() }
}

fn gifts(plans: &Plans, plan: &Plan, interval: &Interval) -> Vec<Gift> {
    let credits = credits(plans, plan, interval).into_iter().map(Gift::Credit);
    flags(plans, plan).map(Gift::Flag).chain(credits).collect()
}

fn flags(plans: &Plans, plan: &Plan) -> impl Iterator<Item = Flag> {
    let open =
        plan.features.iter().filter(|(feature, value)| plans.is_benefit(feature) && **value != Value::Switch(false));
    let flag = |(feature, value): (&String, &Value)| Flag {
        feature: feature.clone(),
        value: *value,
        description: match value {
            Value::Switch(_) => plans.feature_name(feature).trim().to_owned(),
            Value::Limit(limit) => format!("{}: {limit}", plans.feature_name(feature).trim()),
        },
    };
    open.map(flag)
}

/// Names that Polar would refuse, a sentence each.
#[must_use]
pub fn unfit(plans: &Plans) -> Vec<String> {
    let mut found = Vec::new();
    let mut check = |what: &str, text: &str, fits: &std::ops::RangeInclusive<usize>| {
        if !fits.contains(&text.chars().count()) {
            let (least, most) = (fits.start(), fits.end());
            found.push(format!("plans.toml: Polar takes {what} of {least} to {most} characters, not {text:?}."));
        }
    };
    for product in wanted(plans) {
        check("names of products", &product.name, &NAME);
        product.gifts.iter().for_each(|gift| check("names of benefits", gift.description(), &DESCRIPTION));
    }
    plans.meters().for_each(|(_, meter)| check("names of meters", meter.name.trim(), &METER));
    found.sort_unstable();
    found.dedup();
    found
}

//! Meters at Polar, and the benefits by which it credits subscribers with units of them. Both are found again by their tags,
//! so that a new name or number changes what is there. What units cost beyond that is a price of the product.

use super::{
    super::{
        catalog::Interval,
        meter::Meter,
        money::Money,
        plan::{Plan, Plans},
        projection::PriceFacts,
    },
    Note, Step,
    prices::UnitPrice,
    there::{Benefit, MeterThere},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// So many units of a meter at each renewal, as a meter-credit benefit of one product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    /// The meter's key.
    pub meter: String,
    /// The slug of its product's plan.
    pub plan: String,
    /// How often its product is billed.
    pub interval: Interval,
    /// How many.
    pub units: i64,
    /// Whether what is left of them goes along to the next period.
    pub rollover: bool,
    /// What people read.
    pub description: String,
}

/// One thing about a credit that is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreditChange {
    /// How many, from so many.
    Units(i64),
    /// What people read, from this.
    Description(String),
    /// It was of another meter.
    Meter,
    /// What is left over goes along to the next period, or does no more: it was so.
    Rollover(bool),
}

impl Credit {
    /// By what the benefit is found again.
    #[must_use]
    pub fn tags(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([("meter", self.meter.clone()), ("plan", self.plan.clone()), ("interval", self.interval.slug())])
    }

    pub(super) fn is(&self, benefit: &Benefit) -> bool {
        benefit.is_credit() && self.tags().iter().all(|(key, value)| benefit.tag(key) == Some(value))
    }

    /// What differs at Polar; `meter` is Polar's id of the meter, if there is one.
    fn changes(&self, benefit: &Benefit, meter: Option<&str>) -> Vec<CreditChange> {
        let property = |key: &str| &benefit.properties[key];
        let units = property("units").as_i64().unwrap_or_default();
        let told = benefit.description.clone().unwrap_or_default();
        let units = (units != self.units).then_some(CreditChange::Units(units));
        // Another number is another description.
        let renamed = units.is_none() && told != self.description;
        let moved = meter.is_none() || property("meter_id").as_str() != meter;
        let rolls = property("rollover") == true;
        let turned = (rolls != self.rollover).then_some(CreditChange::Rollover(rolls));
        let others = [renamed.then_some(CreditChange::Description(told)), moved.then_some(CreditChange::Meter), turned];
        units.into_iter().chain(others.into_iter().flatten()).collect()
    }
}

/// What a product gives of each meter: what is paid once is given nothing, since Polar would give it only once.
pub(super) fn credits(plans: &Plans, plan: &Plan, interval: &Interval) -> Vec<Credit> {
    let credit = |(key, meter): (&str, &Meter)| {
        let units = plans.allowance(&plan.slug, key)?.per_period(interval)?;
        let description = format!("{} a {}", meter.counted(units), interval.words());
        let rollover = plans.rolls_over(&plan.slug, key);
        let (meter, plan, interval) = (key.to_owned(), plan.slug.clone(), interval.clone());
        Some(Credit { meter, plan, interval, units, rollover, description })
    };
    plans.meters().filter_map(credit).collect()
}

/// What units cost beside these prices of a product that recurs, meter by meter.
pub(super) fn unit_prices(plans: &Plans, plan: &Plan, prices: &[Money]) -> Vec<UnitPrice> {
    let priced = |(key, meter): (&str, &Meter)| {
        let rates = plans.rates(&plan.slug, key)?;
        let (key, one) = (key.to_owned(), meter.one.clone());
        let unit = move |(currency, rate)| UnitPrice { meter: key.clone(), one: one.clone(), id: None, currency, rate };
        let rate = |price: &Money| Some((price.currency.clone(), *rates.get(&price.currency)?));
        Some(prices.iter().filter_map(rate).map(unit).collect::<Vec<_>>())
    };
    plans.meters().filter_map(priced).flatten().collect()
}

/// Which events a meter counts: those of its name.
#[must_use]
pub fn filter(key: &str) -> Value {
    json!({"conjunction": "and", "clauses": [{"property": "name", "operator": "eq", "value": key}]})
}

/// How it counts them: by the amounts that they say.
#[must_use]
pub fn aggregation() -> Value {
    json!({"func": "sum", "property": "amount"})
}

/// The meters of the plans, held against those at Polar.
pub(super) struct Metering<'p> {
    plans: &'p Plans,
    /// What is to be done about them.
    pub(super) steps: Vec<Step>,
    /// What stays.
    pub(super) notes: Vec<Note>,
    /// Polar's id of each that is there, by key.
    ids: BTreeMap<&'p str, &'p str>,
    /// The key of each that is or was one of ours, by Polar's id.
    keys: BTreeMap<&'p str, &'p str>,
}

impl<'p> Metering<'p> {
    pub(super) fn new(plans: &'p Plans, there: &'p [MeterThere]) -> Self {
        let keys = there.iter().filter_map(|one| Some((one.id.as_str(), one.key()?))).collect();
        let mut found = Self { plans, steps: Vec::new(), notes: Vec::new(), ids: BTreeMap::new(), keys };
        for (key, meter) in plans.meters() {
            let name = meter.name.trim().to_owned();
            let standing = there.iter().filter(|one| one.is_live() && one.key() == Some(key));
            let Some(standing) = standing.min_by_key(|one| (&one.created_at, &one.id)) else {
                found.steps.push(Step::MakeMeter { key: key.to_owned(), name });
                continue;
            };
            found.ids.insert(key, &standing.id);
            if standing.filter != filter(key) || standing.aggregation != aggregation() {
                found.notes.push(Note::Counts(standing.name.clone(), key.to_owned()));
            }
            if standing.name != name {
                let (id, from) = (standing.id.clone(), standing.name.clone());
                found.steps.push(Step::RenameMeter { id, name, from });
            }
        }
        found
    }

    /// Of a price for units of a meter that the plans name what it says; `None` for any other.
    pub(super) fn priced(&self, price: &PriceFacts) -> Option<UnitPrice> {
        let id = price.meter.as_ref().filter(|_| price.is_metered())?.id.as_str();
        let (key, currency) = (*self.keys.get(id)?, price.price_currency.as_ref()?);
        Some(UnitPrice {
            meter: key.to_owned(),
            one: self.plans.meter(key)?.one.clone(),
            id: Some(id.to_owned()),
            currency: currency.to_ascii_lowercase(),
            rate: price.unit_amount?,
        })
    }

    /// Says of each price which of Polar's meters it is of.
    pub(super) fn place(&self, prices: &mut [UnitPrice]) {
        prices.iter_mut().for_each(|price| price.id = self.id(&price.meter));
    }

    /// The step that makes a credit.
    pub(super) fn make(&self, credit: Credit) -> Step {
        Step::MakeCredit { meter: self.id(&credit.meter), credit }
    }

    /// The step that brings a credit in line, if it differs.
    pub(super) fn change(&self, credit: &Credit, benefit: &Benefit) -> Option<Step> {
        let meter = self.id(&credit.meter);
        let changes = credit.changes(benefit, meter.as_deref());
        let (id, credit) = (benefit.id.clone(), credit.clone());
        (!changes.is_empty()).then_some(Step::ChangeCredit { id, credit, meter, changes })
    }

    fn id(&self, key: &str) -> Option<String> {
        self.ids.get(key).map(|id| (*id).to_owned())
    }
}

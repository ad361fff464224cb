//! What of Polar's products can be sold with certainty: one fixed price in one currency, and beside it what more of a meter
//! costs.

use super::{Extra, Interval, Offer, Trial};
use crate::model::{
    money::Money,
    plan::Plans,
    projection::{PriceFacts, ProductFacts},
};

/// What a product offers to everybody, if that is certain.
pub(super) fn offer(plans: &Plans, product_id: &str, facts: &ProductFacts, currency: &str) -> Option<Offer> {
    let for_sale = !facts.is_archived && facts.visibility.as_deref().is_none_or(|visibility| visibility == "public");
    if !for_sale {
        return None;
    }
    let price = sellable_price(facts, currency)?;
    let (plan, money) = (facts.plan()?, Money::new(price.price_amount?, price.price_currency.as_deref()?));
    let interval = match &facts.recurring_interval {
        None => Interval::Once,
        Some(unit) => Interval::Every { unit: unit.clone(), count: facts.recurring_interval_count.unwrap_or(1) },
    };
    let trial = match (&facts.trial_interval, facts.trial_interval_count) {
        (Some(unit), Some(count)) if count > 0 && interval.recurs() => Some(Trial { unit: unit.clone(), count }),
        _ => None,
    };
    Some(Offer {
        plan: plan.to_owned(),
        product_id: product_id.to_owned(),
        price_id: price.id.clone(),
        extras: extras(plans, plan, facts, &money.currency)?,
        interval,
        price: money,
        tax: price.tax_behavior.clone(),
        trial,
    })
}

fn live(facts: &ProductFacts) -> impl Iterator<Item = &PriceFacts> {
    facts.prices.iter().filter(|price| price.is_on_sale())
}

/// The one fixed price of the product in the preferred currency, else in its first: none unless it is alone there beside
/// metered ones.
fn sellable_price<'f>(facts: &'f ProductFacts, currency: &str) -> Option<&'f PriceFacts> {
    let fixed = || live(facts).filter(|price| !price.is_metered());
    if fixed().any(|price| price.amount_type != "fixed" || price.price_amount.is_none()) {
        return None;
    }
    let in_currency = |code: &str| fixed().filter(|price| price.price_currency.as_deref() == Some(code)).count();
    let wanted = if in_currency(currency) > 0 { currency } else { fixed().next()?.price_currency.as_deref()? };
    if in_currency(wanted) != 1 {
        return None;
    }
    fixed().find(|price| price.price_currency.as_deref() == Some(wanted))
}

/// What more costs in this currency. `None` where that cannot be told with certainty: a meter that the plan does not include,
/// or two prices for one.
fn extras(plans: &Plans, plan: &str, facts: &ProductFacts, currency: &str) -> Option<Vec<Extra>> {
    let mut extras: Vec<Extra> = Vec::new();
    let own = |price: &&PriceFacts| price.is_metered() && price.price_currency.as_deref() == Some(currency);
    for price in live(facts).filter(own) {
        let meter = plans.priced_meter(plan, &price.meter.as_ref()?.name)?.to_owned();
        if extras.iter().any(|extra| extra.meter == meter) {
            return None;
        }
        extras.push(Extra { meter, each: price.unit_amount? });
    }
    Some(extras)
}

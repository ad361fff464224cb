//! What somebody can do who may not: which plan opens it, and how they get that plan from where they stand.

use super::{
    catalog::{Interval, Offer, Offers},
    meter::Allowance,
    plan::{Plan, Plans, Value},
};

/// A feature, and at least how much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need<'n> {
    /// Its name in `plans.toml`.
    pub feature: &'n str,
    /// A switch that is on, or a number.
    pub least: Value,
}

impl Need<'_> {
    /// Whether a plan opens it.
    #[must_use]
    pub fn is_met_by(&self, plan: &Plan) -> bool {
        plan.features.get(self.feature).is_some_and(|value| *value >= self.least)
    }
}

/// A subscription that is changed, not bought again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// Polar's id.
    pub id: String,
    /// The plan's slug; empty for a product that belongs to none.
    pub plan: String,
    /// What it is billed in.
    pub currency: String,
    /// How often it is billed.
    pub interval: Interval,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Buy this.
    Buy(Offer),
    /// Change the subscription of this id into this.
    Change(String, Offer),
    /// Look at what they have: it would open it, or it cannot be changed as it stands.
    Account,
}

impl Way {
    /// The page where it begins.
    #[must_use]
    pub fn path(&self) -> String {
        let of = |offer: &Offer| format!("plan={}&interval={}", offer.plan, offer.interval.slug());
        match self {
            Self::Buy(offer) => format!("/buy?{}", of(offer)),
            Self::Change(id, offer) => format!("/subscription/change?id={id}&{}", of(offer)),
            Self::Account => "/account".to_owned(),
        }
    }

    /// What is bought or changed to.
    #[must_use]
    pub fn offer(&self) -> Option<&Offer> {
        match self {
            Self::Buy(offer) | Self::Change(_, offer) => Some(offer),
            Self::Account => None,
        }
    }
}

/// Whether a plan allows more of a meter than any of those that somebody has.
#[must_use]
pub fn gives_more(plans: &Plans, meter: &str, held: &[String], plan: &Plan) -> bool {
    let most = held.iter().filter_map(|plan| plans.allowance(plan, meter)).map(Allowance::in_a_month).max();
    plan.usage.get(meter).copied().map(Allowance::in_a_month) > most
}

/// The cheapest way to a plan that `opens` what is needed, for somebody with these live subscriptions, by the next bill: of
/// plans in the currency that they pay in, else `currency`, the one with the least price. Who has a subscription gets it at
/// the interval they have, where it is sold so. `None` if nothing that is for sale opens it.
#[must_use]
pub fn way(
    plans: &Plans,
    offers: &Offers,
    opens: impl Fn(&Plan) -> bool,
    live: &[Live],
    currency: &str,
) -> Option<Way> {
    let opens = |plan: &str| plans.get(plan).is_some_and(&opens);
    let all = || offers.iter().filter(|offer| opens(&offer.plan));
    match live {
        [] => {
            let cheapest = all().min_by_key(|offer| (offer.price.currency != currency, offer.price.amount));
            cheapest.cloned().map(Way::Buy)
        }
        [only] if opens(&only.plan) => Some(Way::Account),
        [only] => {
            let fits = |offer: &&Offer| offer.interval.recurs() && offer.price.currency == only.currency;
            let change = all().filter(fits).min_by_key(|offer| (offer.interval != only.interval, offer.price.amount));
            let once = || all().filter(|offer| !offer.interval.recurs()).min_by_key(|offer| offer.price.amount);
            let change = change.cloned().map(|offer| Way::Change(only.id.clone(), offer));
            change.or_else(|| once().cloned().map(Way::Buy))
        }
        _ => Some(Way::Account),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::money::Money;

    const STUDIO: Need<'static> = Need { feature: "studio", least: Value::Switch(true) };
    const MANY: Need<'static> = Need { feature: "projects", least: Value::Limit(51) };

    fn every(unit: &str) -> Interval {
        Interval::Every { unit: unit.into(), count: 1 }
    }

    fn offer(plan: &str, interval: Interval, amount: i64, currency: &str) -> Offer {
        let id = format!("{plan}-{}", interval.slug());
        let price = Money::new(amount, currency);
        Offer {
            plan: plan.into(),
            product_id: id.clone(),
            price_id: id,
            interval,
            price,
            tax: None,
            trial: None,
            extras: Vec::new(),
        }
    }

    /// The plans of the house with a price of Team by the year besides, and Pro in yen.
    fn path(need: Need<'_>, live: &[Live], currency: &str) -> Option<String> {
        let plans = Plans::parse(include_str!("../../plans.toml")).unwrap();
        let offers = Offers::of_test(vec![
            offer("pro", every("month"), 1200, "usd"),
            offer("pro", every("year"), 12_000, "usd"),
            offer("pro", every("month"), 900, "jpy"),
            offer("team", every("month"), 3900, "usd"),
            offer("team", every("year"), 39_000, "usd"),
            offer("lifetime", Interval::Once, 24_900, "usd"),
        ]);
        way(&plans, &offers, |plan| need.is_met_by(plan), live, currency).map(|way| way.path())
    }

    fn live(plan: &str, interval: &str, currency: &str) -> Live {
        Live { id: "s1".into(), plan: plan.into(), currency: currency.into(), interval: every(interval) }
    }

    #[test]
    fn who_has_nothing_buys_the_cheapest_that_opens_it() {
        assert_eq!(path(STUDIO, &[], "usd").unwrap(), "/buy?plan=pro&interval=month");
        assert_eq!(path(MANY, &[], "usd").unwrap(), "/buy?plan=team&interval=month");
        assert_eq!(
            path(MANY, &[], "eur").unwrap(),
            "/buy?plan=team&interval=month",
            "better in dollars than not at all"
        );
        assert_eq!(path(Need { least: Value::Limit(501), ..MANY }, &[], "usd"), None);
        assert_eq!(path(Need { feature: "rockets", ..STUDIO }, &[], "usd"), None);
    }

    #[test]
    fn more_of_a_meter_is_more_than_any_plan_of_theirs_gives() {
        let plans = Plans::parse(include_str!("../../plans.toml")).unwrap();
        let more = |held: &[&str]| {
            let held: Vec<String> = held.iter().map(|plan| (*plan).to_owned()).collect();
            let more = plans.iter().filter(|plan| gives_more(&plans, "codes", &held, plan));
            more.map(|plan| plan.slug.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(more(&["free"]), ["pro", "team", "lifetime"]);
        assert_eq!(more(&["free", "lifetime"]), ["pro", "team"]);
        assert_eq!(more(&["free", "lifetime", "pro"]), ["team"]);
        assert_eq!(more(&["free", "team"]), [""; 0]);
        assert!(!gives_more(&plans, "films", &[], plans.get("pro").unwrap()), "which no plan gives");
    }

    #[test]
    fn who_has_a_subscription_changes_it_at_its_own_interval() {
        let change = |to: &str| Some(format!("/subscription/change?id=s1&{to}"));
        assert_eq!(path(MANY, &[live("pro", "month", "usd")], "usd"), change("plan=team&interval=month"));
        assert_eq!(path(MANY, &[live("pro", "year", "usd")], "usd"), change("plan=team&interval=year"));
        assert_eq!(path(STUDIO, &[live("", "week", "usd")], "usd"), change("plan=pro&interval=month"));
        assert_eq!(path(STUDIO, &[live("", "month", "jpy")], "usd"), change("plan=pro&interval=month"), "in yen");
        let euros = path(STUDIO, &[live("", "month", "eur")], "usd");
        assert_eq!(euros.unwrap(), "/buy?plan=lifetime&interval=once", "no subscription is sold in euros");
        assert_eq!(path(MANY, &[live("pro", "month", "eur")], "usd"), None);
    }

    #[test]
    fn who_pays_for_it_already_is_not_sold_it_again() {
        assert_eq!(path(STUDIO, &[live("pro", "month", "usd")], "usd").unwrap(), "/account");
        assert_eq!(path(MANY, &[live("pro", "month", "usd"), live("", "month", "usd")], "usd").unwrap(), "/account");
    }
}

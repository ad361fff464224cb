//! The catalog: plans joined with Polar's live products and prices. Only what can be sold with certainty is for sale:
//! one fixed price in one currency. Everything else is left out without breaking the page.

use super::{
    money::Money,
    plan::Plans,
    projection::{PriceFacts, ProductFacts, SubscriptionFacts},
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
            .filter_map(|(id, facts)| offer(id, facts, currency))
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

fn offer(product_id: &str, facts: &ProductFacts, currency: &str) -> Option<Offer> {
    let for_sale = !facts.is_archived && facts.visibility.as_deref().is_none_or(|visibility| visibility == "public");
    if !for_sale {
        return None;
    }
    let price = sellable_price(facts, currency)?;
    let interval = match &facts.recurring_interval {
        None => Interval::Once,
        Some(unit) => Interval::Every { unit: unit.clone(), count: facts.recurring_interval_count.unwrap_or(1) },
    };
    let trial = match (&facts.trial_interval, facts.trial_interval_count) {
        (Some(unit), Some(count)) if count > 0 && interval.recurs() => Some(Trial { unit: unit.clone(), count }),
        _ => None,
    };
    Some(Offer {
        plan: facts.plan()?.to_owned(),
        product_id: product_id.to_owned(),
        price_id: price.id.clone(),
        interval,
        price: Money::new(price.price_amount?, price.price_currency.as_deref()?),
        tax: price.tax_behavior.clone(),
        trial,
    })
}

/// The one price of the product in the preferred currency, else in its first: none unless it is fixed and alone there.
fn sellable_price<'f>(facts: &'f ProductFacts, currency: &str) -> Option<&'f PriceFacts> {
    let live = || facts.prices.iter().filter(|price| !price.is_archived && price.source.as_deref() != Some("ad_hoc"));
    if live().any(|price| price.amount_type != "fixed" || price.price_amount.is_none()) {
        return None;
    }
    let in_currency = |code: &str| live().filter(|price| price.price_currency.as_deref() == Some(code)).count();
    let wanted = if in_currency(currency) > 0 { currency } else { live().next()?.price_currency.as_deref()? };
    if in_currency(wanted) != 1 {
        return None;
    }
    live().find(|price| price.price_currency.as_deref() == Some(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plans() -> Plans {
        Plans::parse(include_str!("../../plans.toml")).expect("the shipped plans")
    }

    fn product(id: &str, plan: &str, change: &serde_json::Value) -> (String, ProductFacts) {
        let mut facts = json!({
            "name": "x", "is_archived": false, "visibility": "public", "recurring_interval": "month",
            "recurring_interval_count": 1, "metadata": {"plan": plan},
            "prices": [{"id": format!("price-{id}"), "amount_type": "fixed", "price_currency": "usd", "price_amount": 1200}]
        });
        for (key, value) in change.as_object().into_iter().flatten() {
            facts[key] = value.clone();
        }
        (id.to_owned(), serde_json::from_value(facts).expect("a product"))
    }

    fn sold(change: &serde_json::Value) -> usize {
        Offers::join(&plans(), &[product("p", "pro", change)], "usd").iter().count()
    }

    #[test]
    fn only_certain_prices_are_for_sale() {
        assert_eq!(sold(&json!({})), 1);
        assert_eq!(sold(&json!({"is_archived": true})), 0);
        assert_eq!(sold(&json!({"visibility": "draft"})), 0);
        assert_eq!(sold(&json!({"metadata": {"plan": "unheard-of"}})), 0);
        assert_eq!(sold(&json!({"prices": [{"id": "a", "amount_type": "by_the_moon"}]})), 0);
        assert_eq!(sold(&json!({"prices": []})), 0);
        let metered = json!({"id": "m", "amount_type": "metered_unit", "price_currency": "usd"});
        let fixed = json!({"id": "f", "amount_type": "fixed", "price_currency": "usd", "price_amount": 5});
        assert_eq!(sold(&json!({"prices": [fixed, metered]})), 0);
        assert_eq!(sold(&json!({"prices": [fixed, {"id": "old", "amount_type": "legacy", "is_archived": true}]})), 1);
    }

    #[test]
    fn a_retired_plan_is_not_for_sale_although_its_product_is_there() {
        let text = include_str!("../../plans.toml").replacen("slug = \"pro\"", "slug = \"pro\"\nretired = true", 1);
        let plans = Plans::parse(&text).expect("plans");
        assert_eq!(Offers::join(&plans, &[product("p", "pro", &json!({}))], "usd").iter().count(), 0);
    }

    #[test]
    fn the_preferred_currency_is_taken_where_there_is_one() {
        let prices = json!({"prices": [
            {"id": "e", "amount_type": "fixed", "price_currency": "eur", "price_amount": 900},
            {"id": "j", "amount_type": "fixed", "price_currency": "jpy", "price_amount": 1500}]});
        let price = |currency| {
            let offers = Offers::join(&plans(), &[product("p", "pro", &prices)], currency);
            offers.iter().next().expect("an offer").price.to_string()
        };
        assert_eq!((price("jpy").as_str(), price("usd").as_str()), ("¥1,500", "€9"));
    }

    #[test]
    fn found_by_plan_and_interval() {
        let yearly = json!({"recurring_interval": "year", "prices":
            [{"id": "y", "amount_type": "fixed", "price_currency": "usd", "price_amount": 12000}]});
        let products = [product("y", "pro", &yearly), product("m", "pro", &json!({}))];
        let offers = Offers::join(&plans(), &products, "usd");
        assert_eq!(offers.find("pro", "year").expect("yearly").price_id, "y");
        assert_eq!(offers.iter().map(|offer| offer.product_id.as_str()).collect::<Vec<_>>(), ["m", "y"]);
    }
}

//! What is for sale, and what is not.

use super::*;
use serde_json::json;

fn plans() -> Plans {
    Plans::parse(include_str!("../../../plans.toml")).expect("the shipped plans")
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
    assert_eq!(sold(&json!({"prices": [metered]})), 0, "nothing fixed");
    let fixed = json!({"id": "f", "amount_type": "fixed", "price_currency": "usd", "price_amount": 5});
    assert_eq!(sold(&json!({"prices": [fixed, metered]})), 0);
    assert_eq!(sold(&json!({"prices": [fixed, {"id": "old", "amount_type": "legacy", "is_archived": true}]})), 1);
}

#[test]
fn more_than_is_included_is_sold_by_the_unit() {
    let metered = |meter: &str, each: &str, currency: &str| {
        json!({"id": "m", "amount_type": "metered_unit", "price_currency": currency, "unit_amount": each,
               "meter": {"id": "t", "name": meter}})
    };
    let sold = |prices: &[serde_json::Value]| {
        let fixed = json!({"id": "f", "amount_type": "fixed", "price_currency": "usd", "price_amount": 5});
        let prices: Vec<_> = [fixed].iter().chain(prices).cloned().collect();
        let offers = Offers::join(&plans(), &[product("p", "pro", &json!({"prices": prices}))], "usd");
        offers.iter().next().map(|offer| offer.extras.clone())
    };
    let extra = |each| vec![Extra { meter: "codes".into(), each: Rate::parse(each).expect("a rate") }];
    assert_eq!(sold(&[metered("QR codes", "0.5000", "usd")]), Some(extra("0.5")));
    assert_eq!(sold(&[metered("QR codes", "5", "usd"), metered("QR codes", "4", "eur")]), Some(extra("5")));
    assert_eq!(sold(&[metered("Tokens", "5", "usd")]), None, "nobody can say what that is");
    assert_eq!(sold(&[metered("QR codes", "much", "usd")]), None);
    assert_eq!(sold(&[metered("QR codes", "5", "usd"), metered("QR codes", "4", "usd")]), None);
}

#[test]
fn a_retired_plan_is_not_for_sale_although_its_product_is_there() {
    let text = include_str!("../../../plans.toml").replacen("slug = \"pro\"", "slug = \"pro\"\nretired = true", 1);
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

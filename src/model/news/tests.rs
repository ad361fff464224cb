//! Which state of an object is which news.

use super::{super::plan::Plans, *};
use serde_json::{Value, json};

const THEN: &str = "2027-03-03T10:00:00Z";

fn then() -> Millis {
    parse_ms(THEN).unwrap()
}

fn with(base: Value, change: &Value) -> Value {
    let mut facts = base;
    for (key, value) in change.as_object().unwrap() {
        facts[key] = value.clone();
    }
    facts
}

fn subscription(change: &Value) -> Vec<String> {
    let facts = json!({
        "status": "active", "amount": 12000, "currency": "usd", "customer_id": "c", "product_id": "p",
        "current_period_end": THEN, "recurring_interval": "month"
    });
    let facts = serde_json::from_value(with(facts, change)).unwrap();
    let plans = Plans::parse("[[plan]]\nslug='pro'\nname='Pro'\nrank=1").unwrap();
    of_subscription("s", &facts, plans.get("pro").unwrap()).into_iter().map(|news| news.key).collect()
}

#[test]
fn a_subscription_tells_how_it_stands() {
    let at = then();
    assert_eq!(subscription(&json!({})), [""; 0]);
    assert_eq!(subscription(&json!({"status": "past_due", "past_due_at": THEN})), [format!("payment_failed:s:{at}")]);
    let canceled = json!({"cancel_at_period_end": true, "canceled_at": THEN, "ends_at": THEN});
    assert_eq!(subscription(&canceled), [format!("canceled:s:{at}")]);
    assert_eq!(subscription(&json!({"canceled_at": THEN})), [""; 0], "it was taken back");
    assert_eq!(subscription(&with(canceled, &json!({"status": "canceled", "ended_at": THEN}))), ["ended:s"]);
    assert_eq!(subscription(&json!({"status": "a word of tomorrow", "ended_at": THEN})), [""; 0]);
}

#[test]
fn a_yearly_renewal_is_told_a_week_ahead_unless_it_is_none() {
    assert_eq!(subscription(&json!({"recurring_interval": "year"})), [format!("renewal_soon:s:{}", then())]);
    for other in [
        json!({"ends_at": THEN}),
        json!({"pause_at_period_end": true}),
        json!({"pending_update": {"applies_at": THEN, "product_id": "q"}}),
    ] {
        assert_eq!(subscription(&with(json!({"recurring_interval": "year"}), &other)), [""; 0], "{other}");
    }
    let news = News { key: String::new(), at: then() - AHEAD, letter: BillingLetter::TwoSubscriptions };
    assert!(!news.is_fresh(then() - AHEAD - 1) && news.is_fresh(then() - AHEAD) && news.is_fresh(then() - AHEAD + DAY));
    assert!(!news.is_fresh(then() - AHEAD + DAY + 1));
}

fn bill(change: &Value, paid_at: Option<Millis>) -> Option<News> {
    let facts = json!({
        "status": "paid", "billing_reason": "subscription_cycle", "total_amount": 1428, "currency": "usd",
        "customer_id": "c", "created_at": THEN
    });
    of_bill("o", &serde_json::from_value(with(facts, change)).unwrap(), None, "Pro", paid_at)
}

#[test]
fn a_bill_is_news_once_it_is_paid_and_if_it_cost_anything() {
    let news = bill(&json!({}), None).unwrap();
    assert_eq!((news.key.as_str(), news.at), ("order_paid:o", then()));
    assert_eq!(bill(&json!({}), Some(9)).unwrap().at, 9, "the change was seen");
    assert_eq!(bill(&json!({"status": "pending"}), None), None);
    assert_eq!(bill(&json!({"status": "refunded"}), None), None);
    assert_eq!(bill(&json!({"total_amount": 0}), None), None);
    assert_eq!(bill(&json!({"due_amount": 0}), None), None, "paid with credit");
}

#[test]
fn a_refund_is_news_once_it_succeeded() {
    let facts = |status: &str| {
        serde_json::from_value(json!({
            "status": status, "amount": 1200, "tax_amount": 228, "currency": "usd", "order_id": "o",
            "customer_id": "c", "created_at": THEN
        }))
        .unwrap()
    };
    assert_eq!(of_refund("r", &facts("pending"), "Pro"), None);
    let told = of_refund("r", &facts("succeeded"), "Pro").unwrap();
    assert_eq!(told.letter, BillingLetter::Refunded { what: "Pro".into(), amount: Money::new(1428, "usd") });
}

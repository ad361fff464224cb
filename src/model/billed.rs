//! What a bill was for, in a few words.

use super::{
    instant::{Millis, parse_ms},
    projection::{OrderFacts, SubscriptionFacts},
};

/// What `bill` was for; `None` of what was bought once. `of` is the subscription that it bills, where that is known.
///
/// Polar calls the last bill of a subscription that is over a renewal (C§2.9), though it asks only for what was used;
/// whoever cancelled must not read that.
#[must_use]
pub fn what_for(bill: &OrderFacts, of: Option<&SubscriptionFacts>) -> Option<&'static str> {
    match bill.billing_reason.as_str() {
        "subscription_create" => Some("first payment"),
        "subscription_cycle" if is_after(bill, of.and_then(end)) => Some("last bill, for what was used"),
        "subscription_cycle" => Some("renewal"),
        "subscription_update" => Some("change of plan"),
        "subscription_meter_cycle" => Some("what was used"),
        _ => None,
    }
}

fn end(of: &SubscriptionFacts) -> Option<Millis> {
    parse_ms(of.ended_at.as_deref().or(of.ends_at.as_deref())?)
}

fn is_after(bill: &OrderFacts, end: Option<Millis>) -> bool {
    end.zip(parse_ms(&bill.created_at)).is_some_and(|(end, made)| end <= made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn of(reason: &str, subscription: Option<Value>) -> Option<&'static str> {
        let bill = json!({
            "status": "paid", "billing_reason": reason, "total_amount": 1428, "currency": "usd", "customer_id": "c",
            "created_at": "2026-03-03T10:00:00Z"
        });
        let subscription = subscription.map(|mut facts| {
            facts["customer_id"] = json!("c");
            facts["product_id"] = json!("p");
            facts["status"] = json!("active");
            facts["amount"] = json!(1200);
            facts["currency"] = json!("usd");
            serde_json::from_value(facts).expect("facts")
        });
        what_for(&serde_json::from_value(bill).expect("facts"), subscription.as_ref())
    }

    #[test]
    fn each_reason_has_its_words() {
        assert_eq!(of("subscription_create", None), Some("first payment"));
        assert_eq!(of("subscription_update", None), Some("change of plan"));
        assert_eq!(of("subscription_meter_cycle", None), Some("what was used"));
        assert_eq!(of("purchase", None), None);
    }

    #[test]
    fn what_comes_after_the_end_is_no_renewal() {
        let cycle = |subscription| of("subscription_cycle", subscription).expect("words");
        for goes_on in [None, Some(json!({})), Some(json!({"ends_at": "2026-04-03T10:00:00Z"}))] {
            assert_eq!(cycle(goes_on.clone()), "renewal", "{goes_on:?}");
        }
        let last = "last bill, for what was used";
        assert_eq!(cycle(Some(json!({"ends_at": "2026-03-03T10:00:00Z"}))), last, "the end is heard of later");
        assert_eq!(cycle(Some(json!({"ends_at": "2026-04-03T10:00:00Z", "ended_at": "2026-03-02T10:00:00Z"}))), last);
        assert_eq!(cycle(Some(json!({"ended_at": "2026-03-09T10:00:00Z"}))), "renewal", "it ended unpaid, later");
    }
}

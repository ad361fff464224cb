//! Small objects of the shapes that Polar's server answered with.

use super::*;
use serde_json::json;

fn subscription() -> Value {
    json!({
        "id": "s1", "created_at": "2026-11-21T17:07:02.556592Z", "modified_at": null, "status": "active", "amount": 1000,
        "currency": "usd", "recurring_interval": "month", "recurring_interval_count": 1,
        "current_period_start": "2026-11-21T17:07:02.549143Z", "current_period_end": "2026-12-21T17:07:02.549143Z",
        "trial_end": null, "cancel_at_period_end": false, "canceled_at": null, "ends_at": null, "ended_at": null,
        "past_due_at": null, "customer_id": "c1", "product_id": "p1", "checkout_id": "k1", "pending_update": null,
        "metadata": {"user_id": "u1", "order_id": "o1", "n": 7}, "something_new": {"deep": [1, 2]}
    })
}

#[test]
fn a_subscription_keeps_its_ties_and_version() {
    let seen = mirrored(Kind::Subscription, &subscription()).unwrap();
    assert_eq!(seen.version_us, 1_795_280_822_556_592);
    assert_eq!(seen.ties.checkout_id.as_deref(), Some("k1"));
    assert_eq!((seen.ties.user_id.as_deref(), seen.ties.order_id.as_deref()), (Some("u1"), Some("o1")));
    assert_eq!((seen.status.as_deref(), seen.amount), (Some("active"), Some(1000)));
}

#[test]
fn the_later_of_created_and_modified_is_the_version() {
    let mut changed = subscription();
    changed["modified_at"] = json!("2026-11-21T17:07:03Z");
    assert_eq!(mirrored(Kind::Subscription, &changed).unwrap().version_us, 1_795_280_823_000_000);
    changed["modified_at"] = json!("2026-11-20T00:00:00Z");
    assert_eq!(mirrored(Kind::Subscription, &changed).unwrap().version_us, 1_795_280_822_556_592);
}

#[test]
fn unknown_price_kinds_and_words_are_kept_not_refused() {
    let product = json!({
        "id": "p1", "created_at": "2026-11-21T17:04:56Z", "modified_at": null, "name": "Odd", "is_archived": false,
        "visibility": "secret", "recurring_interval": "fortnight", "metadata": {"plan": "pro"},
        "prices": [{"id": "x", "amount_type": "by_the_moon", "phase": 3}]
    });
    let seen = mirrored(Kind::Product, &product).unwrap();
    let facts: ProductFacts = serde_json::from_str(&seen.projection).unwrap();
    assert_eq!((facts.plan(), facts.prices[0].amount_type.as_str()), (Some("pro"), "by_the_moon"));
}

#[test]
fn the_price_of_a_unit_is_the_same_however_it_is_written() {
    let product = |unit: Value| {
        let price = json!({
            "id": "m", "amount_type": "metered_unit", "price_currency": "usd", "unit_amount": unit, "cap_amount": null,
            "meter_id": "t", "meter": {"id": "t", "name": "QR codes", "unit": "scalar"}
        });
        let product = json!({"id": "p1", "created_at": "2026-11-21T17:04:56Z", "name": "Pro", "prices": [price]});
        mirrored(Kind::Product, &product).unwrap().projection
    };
    assert_eq!(product(json!("0.1")), product(json!("0.100000000000")), "http/016, http/209");
    assert!(product(json!("0.1")).contains("QR codes"));
    assert!(!product(json!({"a": "table"})).contains("unit_amount"), "what cannot be read breaks nothing");
}

#[test]
fn a_subscription_keeps_what_it_pays_for_usage_and_no_other_price() {
    let mut one = subscription();
    let before = mirrored(Kind::Subscription, &one).unwrap().projection;
    let fixed =
        json!({"id": "f", "amount_type": "fixed", "price_currency": "usd", "price_amount": 900, "is_archived": false});
    one["prices"] = json!([fixed]);
    assert_eq!(mirrored(Kind::Subscription, &one).unwrap().projection, before, "older pictures stay the same");
    let metered = json!({
        "id": "m", "amount_type": "metered_unit", "price_currency": "usd", "unit_amount": "0.100000000000",
        "cap_amount": 5000, "is_archived": true, "meter": {"id": "t", "name": "QR codes", "unit": "scalar"}
    });
    one["prices"] = json!([fixed, metered, {"id": "b", "amount_type": "metered_unit", "unit_amount": "free"}, 7]);
    let kept = mirrored(Kind::Subscription, &one).unwrap().projection;
    let facts: SubscriptionFacts = serde_json::from_str(&kept).unwrap();
    assert_eq!(facts.metered.len(), 1);
    assert_eq!((facts.metered[0].unit_amount.to_string(), facts.metered[0].cap_amount), ("0.1".into(), Some(5000)));
    assert_eq!(canonical(&facts), kept, "it is read as it was written");
}

#[test]
fn what_rules_rest_on_must_be_there() {
    let mut broken = subscription();
    broken.as_object_mut().unwrap().remove("status");
    assert!(mirrored(Kind::Subscription, &broken).unwrap_err().to_string().contains("status"));
    let mut undated = subscription();
    undated["created_at"] = json!("soon");
    assert!(mirrored(Kind::Subscription, &undated).unwrap_err().to_string().contains("created_at"));
}

#[test]
fn an_empty_external_id_is_none() {
    let customer = json!({"id": "c1", "created_at": "2026-11-21T17:07:01Z", "external_id": "", "deleted_at": null});
    assert_eq!(mirrored_customer(&customer).unwrap().external_id, None);
}

#[test]
fn a_grant_names_its_feature_and_says_whether_it_stands() {
    let mut grant = json!({
        "id": "g1", "created_at": "2026-11-21T17:07:05Z", "modified_at": null, "is_granted": true, "is_revoked": false,
        "subscription_id": "s1", "order_id": null, "customer_id": "c1",
        "benefit": {"id": "b1", "type": "feature_flag", "metadata": {"feature": "studio"}}
    });
    let seen = mirrored(Kind::Grant, &grant).unwrap();
    assert_eq!((seen.status.as_deref(), seen.ties.subscription_id.as_deref()), (Some("granted"), Some("s1")));
    let facts: GrantFacts = serde_json::from_str(&seen.projection).unwrap();
    assert_eq!(facts.feature(), Some(("studio", crate::model::plan::Value::Switch(true))));
    (grant["is_granted"], grant["is_revoked"]) = (json!(false), json!(true));
    assert_eq!(mirrored(Kind::Grant, &grant).unwrap().status.as_deref(), Some("revoked"));
}

#[test]
fn a_refund_is_tied_to_its_bill() {
    let refund = json!({
        "id": "r1", "created_at": "2026-11-21T17:13:15Z", "modified_at": null, "status": "succeeded", "amount": 400,
        "tax_amount": 0, "currency": "usd", "reason": "customer_request", "order_id": "o1", "subscription_id": null,
        "customer_id": "c1", "metadata": {"k": "v"}
    });
    let seen = mirrored(Kind::Refund, &refund).unwrap();
    assert_eq!((seen.ties.polar_order_id.as_deref(), seen.amount), (Some("o1"), Some(400)));
}

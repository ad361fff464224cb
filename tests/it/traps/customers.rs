//! Whose it is, when nothing but Polar's customer says so: bought by a link of Polar's, or given by the merchant.

use super::told::{Told, ended, later, mirrored, orders, without_our_marks};
use boreal::server::db::Reader;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn order_before_its_customer() {
    let told = Told::of("lifetime", "once").await;
    let (bill, customer) = (without_our_marks(told.event("order.paid")), told.event("customer.created"));
    told.hear_products().await;
    let alone = told.hear(&bill).await;
    assert_eq!((told.verdict().await.as_str(), &mirrored(&alone, &bill).owner_id), ("foreign", &None));
    assert!(!told.may("plan:lifetime").await, "nobody knows yet whose it is");
    let late = told.hear(&customer).await;
    assert_eq!(mirrored(&late, &bill).owner_id, Some(told.ann.id.clone()));
    assert!(told.may("plan:lifetime").await);

    told.replica.forget().await;
    told.hear_products().await;
    told.hear(&customer).await;
    assert!(!told.may("plan:lifetime").await);
    assert_eq!(told.hear(&bill).await, late, "as if they had come in their order");
    told.close().await;
}

/// The customer after its deletion, as Polar tells it (wh0171–0177).
fn deleted(customer: &Value) -> Value {
    let mut event = later(customer, "customer.deleted", 60);
    (event["data"]["external_id"], event["data"]["deleted_at"]) = (Value::Null, event["data"]["modified_at"].clone());
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn null_external_id_after_deletion() {
    let told = Told::of("pro", "month").await;
    let customer = told.event("customer.created");
    let begun = without_our_marks(told.event("subscription.active"));
    let mut over = ended(&begun, "subscription.revoked", 90);
    over["data"]["customer"]["external_id"] = Value::Null;
    let mut once = without_our_marks(told.event("order.paid"));
    // Something bought for good stays, also where its customer is gone.
    (once["data"]["id"], once["data"]["subscription_id"]) = (json!("for-good"), Value::Null);
    once["data"]["billing_reason"] = json!("purchase");
    once["data"]["product_id"] = json!(told.shop.propose(&told.ann, "lifetime", "once").await.quote.offer.product_id);
    let all = [&customer, &deleted(&customer), &begun, &over, &once];

    told.hear_products().await;
    for (event, pro) in [(&customer, false), (&begun, true), (&deleted(&customer), true), (&over, false)] {
        let picture = told.hear(event).await;
        assert_eq!(told.may("plan:pro").await, pro, "after {}", event["type"]);
        if picture.objects.iter().any(|object| begun["data"]["id"] == object.id) {
            assert_eq!(mirrored(&picture, &begun).owner_id, Some(told.ann.id.clone()), "after {}", event["type"]);
        }
    }
    let end = told.hear(&once).await;
    let known = "SELECT external_id FROM polar_customers WHERE id = $1";
    let id = customer["data"]["id"].as_str().expect("an id");
    let external_id: Option<String> = told.replica.state.db.read(known).bind(id).scalar().await.expect("a row");
    assert_eq!(external_id, Some(told.ann.id.clone()), "a null erases nothing");
    assert!(!told.may("plan:pro").await && told.may("plan:lifetime").await);

    for order in orders(all.len()) {
        told.replica.forget().await;
        told.hear_products().await;
        for place in &order {
            told.hear(all[*place]).await;
        }
        assert_eq!(told.replica.settle().await, end, "heard in the order {order:?}");
    }
    told.close().await;
}

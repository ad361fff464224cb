//! Refund: in part and in full, of a subscription's bill and of a purchase, with and without its benefits.

use super::{
    benefits::{benefit, give},
    scene::{RENEWAL, Scene, id},
};
use crate::polar::PAYS;
use serde_json::{Value, json};

/// What is told of a refund; the payment provider reports twice.
const REFUND: [&str; 5] = ["refund.created", "order.updated", "order.refunded", "refund.updated", "refund.updated"];

/// Refunds so much of Ann's newest bill, as Polar's dashboard does.
async fn refund(scene: &Scene, amount: i64, more: Value) -> (u16, Value) {
    let bill = scene.bills().await.remove(0);
    let mut body = json!({"order_id": id(&bill), "reason": "customer_request", "amount": amount});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    scene.shop.polar.send("POST", "/v1/refunds/", Some(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_never_ends_a_subscription() {
    let scene = Scene::open().await;
    scene.buy("pro", "month", PAYS).await;
    scene.told().await;
    assert_eq!(refund(&scene, 500, json!({})).await.0, 201);
    assert_eq!(scene.told().await, REFUND);
    assert!(scene.may("studio").await);
    scene.reads(&["You have Pro", "Partly refunded", "Renews on"]).await;

    assert_eq!(refund(&scene, 701, json!({})).await.0, 422, "more than is left");
    let (status, refused) = refund(&scene, 700, json!({"revoke_benefits": true})).await;
    assert_eq!((status, &refused["error"]), (400, &json!("RevokeSubscriptionBenefitsProhibited")));
    assert_eq!(scene.told().await, [""; 0]);
    assert_eq!(refund(&scene, 700, json!({})).await.0, 201);
    assert_eq!(scene.told().await, REFUND);
    let (status, refused) = refund(&scene, 1, json!({})).await;
    assert_eq!((status, &refused["error"]), (403, &json!("RefundedAlready")));
    assert!(scene.may("studio").await, "it is not over before it is cancelled");
    scene.reads(&["You have Pro", "Refunded", "Renews on"]).await;
    scene.reads_nothing_of(&["Partly refunded"]).await;
    scene.next_period().await;
    assert_eq!(scene.told().await, RENEWAL);
    assert_eq!(scene.ledger("studio").await, ["given"]);
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_refund_ends_what_was_bought_once_and_a_part_does_not() {
    let scene = Scene::open().await;
    scene.buy("lifetime", "once", PAYS).await;
    scene.told().await;
    assert_eq!(refund(&scene, 4_900, json!({})).await.0, 201);
    assert_eq!(scene.told().await, REFUND);
    assert!(scene.may("studio").await);
    scene.reads(&["You have Lifetime", "Yours for good.", "Partly refunded"]).await;

    let left = scene.bills().await[0]["refundable_amount"].as_i64().expect("an amount");
    assert_eq!(left, 20_000);
    assert_eq!(refund(&scene, left, json!({})).await.0, 201);
    assert_eq!(scene.told().await, REFUND);
    assert!(!scene.may("studio").await);
    scene.reads(&["You have Free.", "Refunded", "See plans and prices"]).await;
    scene.reads_nothing_of(&["Yours for good."]).await;
    assert_eq!(scene.ledger("studio").await, ["given", "taken"]);

    scene.buy("lifetime", "once", PAYS).await;
    assert!(scene.may("studio").await, "it can be bought again");
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_benefits_of_a_purchase_go_with_its_refund_if_that_is_asked_for() {
    let scene = Scene::open().await;
    let flag = benefit(&scene, "Early access").await;
    give(&scene, &scene.product("lifetime", "once").await, &[&flag]).await;
    scene.buy("lifetime", "once", PAYS).await;
    assert_eq!(scene.told().await.last().map(String::as_str), Some("benefit_grant.created"));
    let grants = async || {
        let path = format!("/v1/benefit-grants/?external_customer_id={}&is_granted=true", scene.who.id);
        scene.shop.polar.list(&path).await.len()
    };
    assert_eq!(refund(&scene, 900, json!({})).await.0, 201);
    assert_eq!(scene.told().await, REFUND);
    assert_eq!(grants().await, 1);
    assert_eq!(refund(&scene, 24_000, json!({"revoke_benefits": true})).await.0, 201);
    let told = scene.told().await;
    assert_eq!(told, [&REFUND[..3], &["benefit_grant.revoked"], &REFUND[3..]].concat());
    assert_eq!(grants().await, 0);
    assert!(!scene.may("studio").await);
    scene.reads(&["You have Free.", "Refunded"]).await;
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_one_purchase_leaves_what_another_gives() {
    let scene = Scene::open().await;
    scene.buy("pro", "month", PAYS).await;
    scene.shop.advance(60_000).await;
    scene.buy("lifetime", "once", PAYS).await;
    scene.told().await;
    scene.reads(&["You have Lifetime", "Renews on", "Yours for good."]).await;
    assert_eq!(refund(&scene, 24_900, json!({})).await.0, 201);
    assert_eq!(scene.told().await, REFUND);
    assert!(scene.may("studio").await, "by the subscription");
    scene.reads(&["You have Pro", "Renews on", "from your Pro subscription"]).await;
    scene.reads_nothing_of(&["Yours for good."]).await;
    scene.shop.close().await;
}

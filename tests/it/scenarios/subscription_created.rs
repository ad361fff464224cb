//! Subscription created: with a trial that is paid after it or cancelled before, and as a gift of the merchant.

use super::scene::{END, FIRST_PURCHASE, MINUTE, RENEWAL, Scene, id, instant};
use crate::polar::PAYS;
use boreal::model::instant::{DAY, spell_date};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_is_free_and_then_paid() {
    let scene = Scene::open().await;
    scene.buy("team", "month", PAYS).await;
    assert_eq!(scene.told().await, FIRST_PURCHASE, "active is told of a trial too");
    let one = scene.subscription().await;
    assert_eq!((&one["status"], &one["trial_end"]), (&json!("trialing"), &one["current_period_end"]));
    let first = scene.bills().await.remove(0);
    assert_eq!((&first["total_amount"], &first["billing_reason"]), (&json!(0), &json!("subscription_create")));
    assert!(scene.may("sharing").await);
    let end = instant(&one, "trial_end");
    assert!((end - instant(&one, "started_at") - 14 * DAY).abs() < MINUTE, "{one}");
    scene.reads(&["You have Team", "Trial", &format!("Free until {}.", spell_date(end)), "first payment is due"]).await;

    scene.travel_to(end - MINUTE).await;
    assert_eq!(scene.told().await, [""; 0]);
    scene.travel_to(end + MINUTE).await;
    assert_eq!(scene.told().await, RENEWAL, "no second active");
    let one = scene.subscription().await;
    assert_eq!((&one["status"], instant(&one, "current_period_start")), (&json!("active"), end));
    let bill = scene.bills().await.remove(0);
    assert_eq!((&bill["total_amount"], &bill["billing_reason"]), (&json!(3_900), &json!("subscription_cycle")));
    scene.reads(&["You have Team", "Active", "$39", "Renews on"]).await;
    scene.reads_nothing_of(&["Free until"]).await;
    assert_eq!(scene.ledger("sharing").await, ["given"]);
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_that_is_cancelled_ends_unbilled() {
    let scene = Scene::open().await;
    scene.buy("team", "month", PAYS).await;
    scene.told().await;
    let end = instant(&scene.subscription().await, "trial_end");
    scene.at_subscription("cancel", &[("reason", "unused")]).await;
    assert_eq!(scene.told().await, ["subscription.updated", "subscription.canceled"]);
    assert!(scene.may("sharing").await, "it was promised until then");
    scene.reads(&["You have Team", &format!("Ends on {}.", spell_date(end)), "nothing more is charged"]).await;
    scene.travel_to(end + MINUTE).await;
    assert_eq!(scene.told().await, END);
    assert!(!scene.may("sharing").await);
    assert_eq!(scene.bills().await.len(), 1, "nothing but the bill of nothing");
    scene.reads(&["You have Free."]).await;
    assert_eq!(scene.ledger("sharing").await, ["given", "changed", "taken"]);
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_can_be_ended_early_by_the_merchant_and_is_billed_then() {
    let scene = Scene::open().await;
    scene.buy("team", "month", PAYS).await;
    scene.told().await;
    scene.shop.advance(3 * DAY).await;
    assert_eq!(scene.change(json!({"trial_end": "now"})).await["status"], "active");
    let told = scene.told().await;
    assert_eq!(told, RENEWAL);
    assert_eq!(scene.bills().await[0]["total_amount"], 3_900);
    scene.reads(&["You have Team", "Renews on"]).await;
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gift_of_the_merchant_belongs_to_the_customer_with_our_id() {
    let scene = Scene::open().await;
    let body = json!({"name": "Pro, given", "recurring_interval": "month", "metadata": {"plan": "pro"},
        "prices": [{"amount_type": "fixed", "price_amount": 0, "price_currency": "usd"}]});
    let (status, product) = scene.shop.polar.send("POST", "/v1/products/", Some(body)).await;
    assert_eq!(status, 201, "{product}");
    let body = json!({"email": scene.who.email, "external_id": scene.who.id});
    assert_eq!(scene.shop.polar.send("POST", "/v1/customers/", Some(body)).await.0, 201);
    scene.told().await;
    let body = json!({"product_id": id(&product), "external_customer_id": scene.who.id});
    let (status, gift) = scene.shop.polar.send("POST", "/v1/subscriptions/", Some(body)).await;
    assert_eq!(status, 201, "{gift}");
    assert_eq!(scene.told().await, ["subscription.created", "subscription.active", "subscription.updated"]);
    assert!(scene.may("studio").await);
    assert!(scene.bills().await.is_empty(), "no order");
    scene.reads(&["You have Pro", "Active", "$0"]).await;

    let path = format!("/v1/subscriptions/{}", id(&gift));
    assert_eq!(scene.shop.polar.send("DELETE", &path, None).await.0, 200);
    assert_eq!(scene.told().await, END);
    assert!(!scene.may("studio").await);
    scene.shop.close().await;
}

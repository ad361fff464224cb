//! Renewals that are not paid: tried again, recovered, or ended; all by the clock.

use serde_json::{Value, json};

use super::harness::World;
use crate::sandbox::clock::Stamp;

const LATER: &str = "4000 0000 0000 0341";

/// Somebody whose card pays once, a month later.
async fn behind() -> (World, String) {
    let world = World::new().await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let id = world.subscribe(&pro, "user-5", LATER).await;
    world.told().await;
    let end = world.get(&format!("/v1/subscriptions/{id}")).await.1["current_period_end"].clone();
    let days = (time(&end).0 - now(&world).await.0) / 86_400_000_000 + 1;
    world.advance(days.unsigned_abs()).await;
    (world, id)
}

fn time(value: &Value) -> Stamp {
    Stamp::read(value.as_str().expect("a time")).expect("a time")
}

async fn now(world: &World) -> Stamp {
    time(&world.get("/sandbox/clock").await.1["now"])
}

async fn order(world: &World) -> Value {
    world.get("/v1/orders/").await.1["items"][0].clone()
}

#[tokio::test]
async fn a_failed_renewal_is_past_due_and_tried_again_in_silence_until_it_ends() {
    let (world, id) = behind().await;
    let wanted = ["subscription.cycled", "subscription.updated", "order.created"];
    let told = world.told().await;
    assert_eq!(told[..3], wanted);
    assert_eq!(told[3..], ["subscription.updated", "subscription.past_due"]);
    let one = world.get(&format!("/v1/subscriptions/{id}")).await.1;
    assert_eq!(one["status"], "past_due");
    assert!(time(&one["current_period_end"]) > now(&world).await, "the period has moved all the same");
    assert_eq!(world.get("/v1/customers/external/user-5/state").await.1["active_subscriptions"], json!([]));
    let failed = time(&one["past_due_at"]);
    let mut bill = order(&world).await;
    assert_eq!((&bill["status"], &bill["paid"]), (&json!("pending"), &json!(false)));
    for (days, until_next) in [(2, 2), (5, 7), (7, 14), (7, 21)] {
        let planned = time(&bill["next_payment_attempt_at"]).0 - failed.0;
        assert_eq!(planned / 3_600_000_000, until_next * 24, "{bill}");
        if until_next < 21 {
            world.advance(days).await;
            assert_eq!(world.told().await, [""; 0], "a declined retry tells nothing");
            bill = order(&world).await;
        }
    }
    world.advance(7).await;
    assert_eq!(
        world.told().await,
        ["subscription.updated", "subscription.canceled", "subscription.revoked", "order.updated"]
    );
    let bill = order(&world).await;
    assert_eq!((&bill["status"], &bill["next_payment_attempt_at"]), (&json!("void"), &json!(null)));
    assert_eq!(world.get(&format!("/v1/subscriptions/{id}")).await.1["status"], "canceled");
    world.advance(60).await;
    assert_eq!(world.told().await, [""; 0], "an ended subscription is not billed again");
}

#[tokio::test]
async fn one_long_journey_ends_the_same() {
    let (world, id) = behind().await;
    world.told().await;
    world.advance(90).await;
    let one = world.get(&format!("/v1/subscriptions/{id}")).await.1;
    let days = (time(&one["ended_at"]).0 - time(&one["past_due_at"]).0) / 3_600_000_000;
    assert_eq!((&one["status"], days), (&json!("canceled"), 21 * 24));
    assert_eq!(world.get("/v1/orders/").await.1["pagination"]["total_count"], 2);
}

#[tokio::test]
async fn a_new_card_recovers_at_once() {
    let (world, id) = behind().await;
    world.told().await;
    let token = world.portal("user-5").await;
    let (status, page) = world.press(&token, "card", &[("number", "4000000000000002")]).await;
    assert!(status == 200 && page.contains("Your card was declined."), "{page}");
    assert_eq!(world.press(&token, "card", &[("number", LATER)]).await.0, 303);
    assert_eq!(world.told().await, [""; 0], "a card that fails changes nothing");
    assert_eq!(world.press(&token, "card", &[("number", "4242424242424242")]).await.0, 303);
    assert_eq!(world.told().await, ["subscription.updated", "subscription.active", "order.updated", "order.paid"]);
    let one = world.get(&format!("/v1/subscriptions/{id}")).await.1;
    assert_eq!((&one["status"], &one["past_due_at"]), (&json!("active"), &json!(null)));
    assert_eq!(order(&world).await["next_payment_attempt_at"], json!(null));
    let methods = world.get("/v1/customers/external/user-5/payment-methods").await.1;
    assert_eq!(methods["items"][0]["method_metadata"]["last4"], "4242");
}

#[tokio::test]
async fn ending_while_past_due_voids_what_is_owed() {
    let (world, id) = behind().await;
    world.told().await;
    let (status, one) = world.patch(&id, json!({"cancel_at_period_end": true})).await;
    assert_eq!((status, &one["status"]), (200, &json!("past_due")));
    assert_eq!(world.told().await, ["subscription.updated", "subscription.canceled"]);
    assert_eq!(world.send("DELETE", &format!("/v1/subscriptions/{id}"), None).await.0, 200);
    assert_eq!(
        world.told().await,
        ["subscription.updated", "subscription.canceled", "subscription.revoked", "order.updated"]
    );
    assert_eq!(order(&world).await["status"], "void");
    let path = format!("/v1/orders/{}/invoice", order(&world).await["id"].as_str().expect("an id"));
    let invoice = world.send("POST", &path, Some(json!({}))).await;
    assert_eq!((invoice.0, &invoice.1["error"]), (409, &json!("OrderNotEligibleForInvoice")));
}

#[tokio::test]
async fn cards_confirm_or_are_refused_at_the_checkout() {
    let world = World::new().await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let checkout = world.checkout(&pro, json!({"external_customer_id": "user-6"})).await;
    let poor = world.pay(&checkout, "six@boreal.dev", "4000 0000 0000 9995").await;
    assert!(poor.0 == 200 && poor.2.contains("insufficient funds"), "{}", poor.2);
    let (status, _, page) = world.pay(&checkout, "six@boreal.dev", "4000 0025 0000 3155").await;
    assert!(status == 200 && page.contains("name=\"confirmation\""), "{page}");
    let answer = async |answer: &str| {
        let fields = format!(
            "email=six%40boreal.dev&name=Six&number=4000002500003155&expiry=12%2F34&cvc=123&country=DE&confirmation={answer}"
        );
        let url = checkout["url"].as_str().expect("a URL");
        let request = world.http.post(url).header("content-type", "application/x-www-form-urlencoded").body(fields);
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a page"))
    };
    let refused = answer("refuse").await;
    assert!(refused.0 == 200 && refused.1.contains("unable to authenticate"), "{}", refused.1);
    assert_eq!(answer("complete").await.0, 303);
    world.advance(32).await;
    assert_eq!(order(&world).await["status"], "paid", "the confirmed card pays renewals");
}

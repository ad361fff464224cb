//! Pauses: asked for, reached, and ended by hand or by the clock.

use serde_json::json;

use super::harness::World;

const GOOD: &str = "4242 4242 4242 4242";

async fn on_pro(card: &str) -> (World, String) {
    let world = World::new().await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let id = world.subscribe(&pro, "user-2", card).await;
    world.told().await;
    (world, id)
}

#[tokio::test]
async fn a_pause_begins_with_the_period_and_ends_by_hand() {
    let (world, id) = on_pro(GOOD).await;
    let error = async |body| {
        let (status, refusal) = world.patch(&id, body).await;
        (status, refusal["error"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(error(json!({"pause_at_period_end": false})).await, (409, "NoScheduledPause".into()));
    assert_eq!(error(json!({"resume": true})).await, (409, "NotPausedSubscription".into()));
    let (status, one) = world.patch(&id, json!({"pause_at_period_end": true})).await;
    assert_eq!((status, &one["status"], &one["pause_at_period_end"]), (200, &json!("active"), &json!(true)));
    assert_eq!(error(json!({"pause_at_period_end": true})).await, (409, "CannotPauseSubscription".into()));
    assert_eq!(world.patch(&id, json!({"pause_at_period_end": false})).await.1["pause_at_period_end"], false);
    world.patch(&id, json!({"pause_at_period_end": true})).await;
    assert_eq!(world.told().await, ["subscription.updated"; 3]);

    world.advance(32).await;
    assert_eq!(world.told().await, ["subscription.updated", "subscription.paused"]);
    let one = world.get(&format!("/v1/subscriptions/{id}")).await.1;
    assert_eq!((&one["status"], &one["pause_at_period_end"]), (&json!("paused"), &json!(false)));
    let state = world.get("/v1/customers/external/user-2/state").await.1;
    assert_eq!(state["active_subscriptions"], json!([]));
    assert_eq!(error(json!({"cancel_at_period_end": true})).await, (403, "AlreadyCanceledSubscription".into()));

    let (status, one) = world.patch(&id, json!({"resume": true})).await;
    assert_eq!((status, &one["status"], &one["paused_at"]), (200, &json!("active"), &json!(null)));
    assert_eq!(
        world.told().await,
        ["subscription.updated", "subscription.resumed", "order.created", "order.updated", "order.paid"]
    );
    assert_eq!(world.get("/v1/orders/").await.1["items"][0]["billing_reason"], "subscription_cycle");
}

#[tokio::test]
async fn the_clock_ends_a_pause_that_has_a_date() {
    let (world, id) = on_pro(GOOD).await;
    let end = world.get(&format!("/v1/subscriptions/{id}")).await.1["current_period_end"].clone();
    let early = world.patch(&id, json!({"pause_at_period_end": true, "resumes_at": end})).await;
    assert_eq!((early.0, &early.1["detail"][0]["loc"]), (422, &json!(["body", "resumes_at"])));
    let end = crate::sandbox::clock::Stamp::read(end.as_str().expect("a time")).expect("a time");
    let back = end.plus_ms(10 * 86_400_000);
    assert_eq!(world.patch(&id, json!({"pause_at_period_end": true, "resumes_at": back})).await.0, 200);
    world.told().await;
    world.advance(45).await;
    assert_eq!(
        world.told().await,
        [
            "subscription.updated",
            "subscription.paused",
            "subscription.updated",
            "subscription.resumed",
            "order.created",
            "order.updated",
            "order.paid"
        ]
    );
    let one = world.get(&format!("/v1/subscriptions/{id}")).await.1;
    let started = crate::sandbox::clock::Stamp::read(one["current_period_start"].as_str().expect("a time"));
    let late = started.expect("a time").0 - back.0;
    assert!((0..1_000_000).contains(&late), "the new period starts with the resumption: {late}");
}

#[tokio::test]
async fn a_cancel_replaces_a_pause_and_a_paused_one_can_be_revoked() {
    let (world, id) = on_pro(GOOD).await;
    world.patch(&id, json!({"pause_at_period_end": true})).await;
    let one = world.patch(&id, json!({"cancel_at_period_end": true})).await.1;
    assert_eq!((&one["pause_at_period_end"], &one["cancel_at_period_end"]), (&json!(false), &json!(true)));
    world.patch(&id, json!({"cancel_at_period_end": false})).await;
    world.patch(&id, json!({"pause_at_period_end": true})).await;
    world.advance(32).await;
    world.told().await;
    let (status, one) = world.send("DELETE", &format!("/v1/subscriptions/{id}"), None).await;
    assert_eq!((status, &one["status"]), (200, &json!("canceled")));
    assert_eq!(world.told().await, ["subscription.updated", "subscription.canceled", "subscription.revoked"]);
}

#[tokio::test]
async fn resuming_with_a_card_that_fails_leaves_it_past_due() {
    let (world, id) = on_pro("4000 0000 0000 0341").await;
    world.patch(&id, json!({"pause_at_period_end": true})).await;
    world.advance(32).await;
    world.told().await;
    assert_eq!(world.patch(&id, json!({"resume": true})).await.0, 200);
    let told = world.told().await;
    assert_eq!(told[..3], ["subscription.updated", "subscription.resumed", "order.created"]);
    assert_eq!(told[3..], ["subscription.updated", "subscription.past_due"]);
}

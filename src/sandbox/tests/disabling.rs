//! Endpoints that take nothing: switched off after a grace, skipped while off, and what still arrives later (C§11).

use serde_json::{Value, json};

use super::harness::World;

fn id(value: &Value) -> &str {
    value["id"].as_str().expect("an id")
}

#[tokio::test]
async fn an_endpoint_that_fails_ten_events_is_switched_off_until_somebody_enables_it() {
    let world = World::new().await;
    world.faults(json!({"retry_scale": 0.0})).await;
    world.answers.lock().expect("not poisoned").extend([500; 100]);
    for number in 0..10 {
        world.product(&format!("Plan {number}"), Some("month"), 1_000).await;
    }
    settled(&world).await;
    let own = async || world.get("/v1/webhooks/endpoints").await.1["items"][0].clone();
    assert_eq!((world.deliveries().len(), &own().await["enabled"]), (100, &json!(true)), "half a minute of grace");
    world.advance(0).await;
    let own = own().await;
    assert_eq!(own["enabled"], false);
    let again = format!("/v1/webhooks/events/{}/redeliver", world.deliveries()[0].header("webhook-id"));
    assert_eq!(world.send("POST", &again, Some(json!({}))).await.0, 202, "asked for, and not sent");
    world.idle().await;
    assert_eq!(world.deliveries().len(), 100);
    world.product("Unseen", Some("month"), 1_000).await;
    assert_eq!(world.get("/sandbox/deliveries").await.1["items"].as_array().expect("items").len(), 10);
    let path = format!("/v1/webhooks/endpoints/{}", id(&own));
    assert_eq!(world.send("PATCH", &path, Some(json!({"enabled": true}))).await.0, 200);
    world.product("Seen", Some("month"), 1_000).await;
    world.idle().await;
    assert_eq!(world.deliveries().len(), 101);
}

/// Waits until no delivery is outstanding, whatever jobs there are.
async fn settled(world: &World) {
    for _ in 0..400 {
        if world.get("/sandbox/idle").await.1["events"] == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("the deliveries do not end");
}

#[tokio::test]
async fn an_endpoint_that_answers_within_the_grace_stays_on() {
    let world = World::new().await;
    world.faults(json!({"retry_scale": 0.0})).await;
    world.answers.lock().expect("not poisoned").extend([500; 100]);
    for number in 0..10 {
        world.product(&format!("Plan {number}"), Some("month"), 1_000).await;
    }
    settled(&world).await;
    world.product("Taken", Some("month"), 1_000).await;
    settled(&world).await;
    world.advance(0).await;
    assert_eq!(world.get("/v1/webhooks/endpoints").await.1["items"][0]["enabled"], true);
}

#[tokio::test]
async fn an_event_that_was_taken_stays_so_when_its_redelivery_fails_and_is_tried_again() {
    let world = World::new().await;
    world.product("Pro", Some("month"), 1_000).await;
    world.idle().await;
    world.faults(json!({"retry_scale": 0.0})).await;
    world.answers.lock().expect("not poisoned").extend([500; 2]);
    let again = format!("/v1/webhooks/events/{}/redeliver", world.deliveries()[0].header("webhook-id"));
    assert_eq!(world.send("POST", &again, Some(json!({}))).await.0, 202);
    world.idle().await;
    assert_eq!(world.deliveries().len(), 4);
    let (_, all) = world.get("/v1/webhooks/deliveries").await;
    let shown: Vec<_> = all["items"].as_array().expect("items").iter().map(|one| one["succeeded"].clone()).collect();
    assert_eq!(shown, [json!(true), json!(false), json!(false), json!(true)]);
    assert!(all["items"].as_array().expect("items").iter().all(|one| one["webhook_event"]["succeeded"] == true));
}

#[tokio::test]
async fn a_retry_that_comes_due_after_its_endpoint_was_enabled_again_arrives() {
    let world = World::new().await;
    world.faults(json!({"retry_scale": 0.3})).await;
    world.answers.lock().expect("not poisoned").push(500);
    world.product("Pro", Some("month"), 1_000).await;
    while world.deliveries().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let own = world.get("/v1/webhooks/endpoints").await.1["items"][0].clone();
    let path = format!("/v1/webhooks/endpoints/{}", id(&own));
    for enabled in [false, true] {
        assert_eq!(world.send("PATCH", &path, Some(json!({"enabled": enabled}))).await.0, 200);
    }
    world.idle().await;
    assert_eq!(world.deliveries().len(), 2, "what waited is not forgotten");
}

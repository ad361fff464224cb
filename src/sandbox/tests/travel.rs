//! The clock: by a span, to a time, to the next renewal, past dunning; and never back.

use serde_json::{Value, json};

use super::harness::World;
use crate::sandbox::clock::Stamp;

const PAYS: &str = "4242 4242 4242 4242";
const LATER: &str = "4000 0000 0000 0341";

async fn clock(world: &World, body: Value) -> (u16, Value) {
    let (status, answer) = world.send("POST", "/sandbox/clock", Some(body)).await;
    world.idle().await;
    (status, answer)
}

async fn one(world: &World, id: &str) -> Value {
    world.get(&format!("/v1/subscriptions/{id}")).await.1
}

fn time(value: &Value) -> Stamp {
    Stamp::read(value.as_str().expect("a time")).expect("a time")
}

#[tokio::test]
async fn the_clock_goes_to_a_time_and_never_back() {
    let world = World::new().await;
    let now = time(&world.get("/sandbox/clock").await.1["now"]);
    let goal = now.plus_ms(40 * 86_400_000);
    let (status, moved) = clock(&world, json!({"to": goal})).await;
    assert_eq!(status, 200, "{moved}");
    assert!((goal.0..goal.0 + 2_000_000).contains(&time(&moved["now"]).0), "{moved}");
    let url = format!("{}/sandbox/clock", world.sandbox.origin());
    let refusal = async |body: Value| {
        let answer = world.http.post(&url).json(&body).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a sentence"))
    };
    let (status, text) = refusal(json!({"to": now})).await;
    assert!(status == 422 && text.contains("does not go back"), "{text}");
    assert!(refusal(json!({"to": "9999-01-01"})).await.1.contains("hundred years"));
    assert!(refusal(json!({"to": "next renewal"})).await.1.contains("nothing to renew"));
    assert!(refusal(json!({"to": "past dunning"})).await.1.contains("past due"));
    assert!(refusal(json!({"to": "next renewal", "subscription_id": world.sandbox.organization_id()})).await.0 == 422);
    assert_eq!(refusal(json!({"to": goal, "advance": "1d"})).await.0, 422);
    assert_eq!(refusal(json!({})).await.0, 422);
    let before = world.get("/sandbox/clock").await.1["offset_ms"].as_i64().expect("a number");
    assert_eq!(clock(&world, json!({"advance": "2w"})).await.1["offset_ms"], before + 14 * 86_400_000);
}

#[tokio::test]
async fn the_next_renewal_is_the_first_or_that_of_one_subscription() {
    let world = World::new().await;
    let (month, year) =
        (world.product("Monthly", Some("month"), 900).await, world.product("Yearly", Some("year"), 9_000).await);
    let slow = world.subscribe(&year, "user-1", PAYS).await;
    // A day apart, so that no time that the test itself takes changes which comes first.
    world.advance(1).await;
    let quick = world.subscribe(&month, "user-2", PAYS).await;
    let end = one(&world, &quick).await["current_period_end"].clone();
    world.told().await;
    let (status, moved) = clock(&world, json!({"to": "next renewal"})).await;
    assert_eq!(status, 200, "{moved}");
    assert_eq!(one(&world, &quick).await["current_period_start"], end);
    assert_eq!(
        world.told().await,
        ["subscription.cycled", "subscription.updated", "order.created", "order.updated", "order.paid"]
    );
    let (status, _) = clock(&world, json!({"to": "next renewal", "subscription_id": slow})).await;
    assert_eq!(status, 200);
    let told = world.told().await;
    assert_eq!(told.iter().filter(|kind| *kind == "subscription.cycled").count(), 10 + 1, "{told:?}");
    let orders = world.get("/v1/orders/?limit=100&sorting=created_at").await.1;
    let times: Vec<Stamp> =
        orders["items"].as_array().expect("orders").iter().map(|one| time(&one["created_at"])).collect();
    assert!(times.len() == 14 && times.is_sorted(), "{} in order", times.len());
}

#[tokio::test]
async fn past_dunning_is_when_it_was_paid_or_ended() {
    let world = World::new().await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let id = world.subscribe(&pro, "user-1", LATER).await;
    assert_eq!(clock(&world, json!({"to": "next renewal"})).await.0, 200);
    let before = one(&world, &id).await;
    assert_eq!(before["status"], "past_due");
    world.told().await;
    assert_eq!(clock(&world, json!({"to": "past dunning", "subscription_id": id})).await.0, 200);
    let after = one(&world, &id).await;
    let days = (time(&after["ended_at"]).0 - time(&before["past_due_at"]).0) / 86_400_000_000;
    assert_eq!((&after["status"], days), (&json!("canceled"), 21));
    assert_eq!(
        world.told().await,
        ["subscription.updated", "subscription.canceled", "subscription.revoked", "order.updated"]
    );

    let other = world.subscribe(&pro, "user-2", LATER).await;
    assert_eq!(clock(&world, json!({"to": "next renewal"})).await.0, 200);
    let token = world.portal("user-2").await;
    assert_eq!(one(&world, &other).await["status"], "past_due");
    assert_eq!(world.press(&token, "card", &[("number", PAYS)]).await.0, 303);
    assert_eq!(one(&world, &other).await["status"], "active");
    assert_eq!(clock(&world, json!({"to": "past dunning"})).await.0, 422, "it is settled already");
}

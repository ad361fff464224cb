//! A history that is written out can be made to happen again: the same events, deliveries and faults.

use serde_json::json;

use super::harness::World;
use crate::sandbox::history::History;

/// A life with everything that goes wrong by the seed.
async fn live(world: &World, seed: u64) {
    let faults = json!({"seed": seed, "duplicate": 1, "shuffle": true, "drop_percent": 20, "retry_scale": 0.01,
        "answer": 500, "answer_to": "/v1/customers/", "answer_percent": 50});
    world.faults(faults).await;
    let product = world.product("Pro", Some("month"), 1_000).await;
    let id = world.subscribe(&product, "user-1", "4242424242424242").await;
    for _ in 0..8 {
        world.get("/v1/customers/").await;
    }
    let team = world.product("Team", Some("month"), 2_500).await;
    world.patch(&id, json!({"product_id": team["id"], "proration_behavior": "invoice"})).await;
    world.idle().await;
    world.faults(json!({"shuffle": false, "corrupt_percent": 30})).await;
    world.advance(32).await;
    let token = world.portal("user-1").await;
    world.press(&token, &format!("subscriptions/{id}/cancel"), &[]).await;
    world.idle().await;
    world.advance(32).await;
}

fn history(world: &World) -> History {
    world.sandbox.app().read(History::of)
}

#[tokio::test]
async fn a_written_history_happens_again() {
    let world = World::new().await;
    live(&world, 7).await;
    let url = format!("{}/sandbox/history", world.sandbox.origin());
    let text = world.http.get(url).send().await.expect("an answer").text().await.expect("text");
    let file = History::read(&text).expect("a history");
    assert!(file.events().any(|event| event.dropped) && file.duplicates() > 5, "things went wrong");
    assert!(!text.contains(world.sandbox.token()) && !text.contains(world.sandbox.webhook_secret()));
    let outcome = file.replay().await.expect("a sandbox");
    assert_eq!(outcome.differences, Vec::<String>::new());
    assert_eq!(outcome.replay.events().count(), file.events().count());
    assert_eq!(outcome.replay.attempts().count(), file.attempts().count());
}

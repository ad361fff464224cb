//! A history that is written out can be made to happen again: the same events, deliveries and faults.

use serde_json::json;

use super::harness::World;
use super::witness;
use crate::sandbox::history::{History, compare, replay};

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
    History::read(&world.sandbox.histories()[0]).expect("a history")
}

#[tokio::test]
async fn a_written_history_happens_again() {
    let world = World::new().await;
    live(&world, 7).await;
    let url = format!("{}/sandbox/history", world.sandbox.origin());
    let text = world.http.get(url).send().await.expect("an answer").text().await.expect("text");
    assert!(!text.contains(world.sandbox.token()) && !text.contains(world.sandbox.webhook_secret()));
    let path = witness::keep(&text).expect("a file");
    let outcome = replay::file(&path).await.expect("a sandbox");
    let file = history(&world);
    assert_eq!(outcome.differences, Vec::<String>::new());
    assert_eq!(outcome.replay.events().count(), file.events().count());
    assert_eq!(outcome.replay.attempts().count(), file.attempts().count());
    std::fs::remove_file(path).expect("it was there");
}

#[tokio::test]
async fn the_same_seed_goes_wrong_in_the_same_way() {
    let worlds = [World::new().await, World::new().await, World::new().await];
    tokio::join!(live(&worlds[0], 7), live(&worlds[1], 7), live(&worlds[2], 8));
    let [one, two, other] = worlds.each_ref().map(history);
    assert!(one.events().any(|event| event.dropped), "some are dropped");
    assert!(one.attempts().any(|tried| tried.corrupt), "some are corrupt");
    let sent = one.events().filter(|event| !event.dropped).count();
    assert!(one.attempts().count() > sent + 5, "some come twice");
    assert_eq!(compare::course(&one, &two), Vec::<String>::new());
    assert_ne!(compare::course(&one, &other), Vec::<String>::new());
}

#[tokio::test]
async fn a_replay_says_where_it_went_another_way() {
    let world = World::new().await;
    world.product("Pro", Some("month"), 1_000).await;
    world.idle().await;
    let text = world.sandbox.histories().remove(0);
    let other = text.replace("\"kind\":\"product.created\"", "\"kind\":\"order.paid\"").replace("1000", "1001");
    let changed = History::read(&other).expect("a history").replay().await.expect("a sandbox");
    assert!(changed.differences.iter().any(|what| what.contains("product.created instead of order.paid")));
    assert!(History::read(&text.replace("\"whole\":true", "\"whole\":false")).is_err(), "its beginning is missing");
    assert!(History::read("{}").is_err_and(|why| why.starts_with("line 1")), "not a history");
}

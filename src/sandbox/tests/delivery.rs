//! The webhook sender: signatures, retries, order, faults, and a restart.

use serde_json::json;

use super::harness::World;
use crate::sandbox::hooks::signature;

#[tokio::test]
async fn deliveries_are_signed_and_retries_keep_id_and_body() {
    let world = World::new().await;
    world.faults(json!({"retry_scale": 0.01})).await;
    world.answers.lock().expect("not poisoned").extend([500, 302]);
    world.product("Pro", Some("month"), 1_000).await;
    world.idle().await;
    let tries = world.deliveries();
    assert_eq!(tries.len(), 3);
    for one in &tries {
        assert_eq!(one.header("webhook-id"), tries[0].header("webhook-id"));
        assert_eq!(one.bytes, tries[0].bytes);
        assert_eq!(one.header("user-agent"), "polar.sh webhooks");
        assert_eq!(one.header("content-type"), "application/json");
        let (id, at) = (one.header("webhook-id"), one.header("webhook-timestamp"));
        assert_eq!(
            one.header("webhook-signature"),
            signature::sign(world.sandbox.webhook_secret(), &id, &at, &one.bytes)
        );
    }
    let (status, log) = world.get("/sandbox/deliveries").await;
    let codes: Vec<_> =
        log["items"][0]["attempts"].as_array().expect("attempts").iter().map(|a| a["http_code"].clone()).collect();
    assert_eq!((status, codes), (200, vec![json!(500), json!(302), json!(202)]));

    let id = json!({"webhook_id": tries[0].header("webhook-id")});
    assert_eq!(world.send("POST", "/sandbox/deliver", Some(id)).await.0, 202);
    world.idle().await;
    assert_eq!(world.deliveries()[3].bytes, tries[0].bytes);
}

#[tokio::test]
async fn faults_duplicate_shuffle_and_hold_back_deliveries() {
    let world = World::new().await;
    world.faults(json!({"duplicate": 1, "shuffle": true, "seed": 3})).await;
    for number in 0..8 {
        world
            .send("POST", "/sandbox/events", Some(json!({"type": "odd.kind", "data": {"id": number.to_string()}})))
            .await;
    }
    world.idle().await;
    let seen: Vec<String> =
        world.deliveries().iter().map(|one| one.json()["data"]["id"].as_str().expect("id").to_owned()).collect();
    let mut sorted = seen.clone();
    sorted.sort();
    assert_eq!(sorted, (0..8).flat_map(|n| [n.to_string(), n.to_string()]).collect::<Vec<_>>());
    assert_ne!(sorted, seen, "shuffled");

    world.faults(json!({"duplicate": 0, "shuffle": false, "sender": false})).await;
    let product = world.product("Pro", Some("month"), 1_000).await;
    let (checkout, location) = world.buy(&product, "user-1", "ada@boreal.dev").await;
    assert!(location.contains("customer_session_token"), "the buyer is not kept waiting");
    assert_eq!(
        world.get(&format!("/v1/checkouts/{}", checkout["id"].as_str().expect("id"))).await.1["status"],
        "succeeded"
    );
    assert_eq!(world.deliveries().len(), 16, "nothing is sent");
    world.faults(json!({"sender": true})).await;
    world.idle().await;
    assert_eq!(world.kinds()[16..19], ["product.created", "checkout.created", "member.created"]);
}

#[tokio::test]
async fn the_api_can_be_made_to_fail_a_few_times() {
    let world = World::new().await;
    world.faults(json!({"answer": 429, "answer_count": 2})).await;
    let ask = async || {
        world
            .http
            .get(format!("{}/v1/products/", world.sandbox.origin()))
            .bearer_auth(world.sandbox.token())
            .send()
            .await
            .expect("an answer")
    };
    let limited = ask().await;
    assert_eq!((limited.status().as_u16(), limited.headers()["retry-after"].to_str().expect("text")), (429, "1"));
    assert!(limited.bytes().await.expect("bytes").is_empty());
    assert_eq!(ask().await.status().as_u16(), 429);
    assert_eq!(ask().await.status().as_u16(), 200);
    world.faults(json!({"answer": 500, "answer_count": null})).await;
    assert_eq!(ask().await.status().as_u16(), 500);
    let page = world.http.get(world.sandbox.origin()).send().await.expect("a page");
    assert_eq!(page.status().as_u16(), 200, "pages go on");
    assert_eq!(world.send("PUT", "/sandbox/faults", Some(json!({"answer": 418}))).await.0, 422);
}

#[tokio::test]
async fn a_restart_keeps_secrets_objects_and_undelivered_events() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("sandbox.json");
    let before = World::with_file(Some(file.clone())).await;
    before.faults(json!({"sender": false})).await;
    let product = before.product("Pro", Some("month"), 1_000).await;
    before.sandbox.stop().await;
    assert!(before.http.get(before.sandbox.origin()).send().await.is_err(), "it is gone");

    let after = World::with_file(Some(file)).await;
    assert_eq!(after.sandbox.token(), before.sandbox.token());
    assert_eq!(after.sandbox.webhook_secret(), before.sandbox.webhook_secret());
    assert_eq!(after.sandbox.organization_id(), before.sandbox.organization_id());
    assert_eq!(after.get(&format!("/v1/products/{}", product["id"].as_str().expect("id"))).await.1, product);
    after.faults(json!({"sender": true})).await;
    after.idle().await;
    assert_eq!(after.kinds(), ["product.created"]);
    assert_eq!(after.send("POST", "/sandbox/reset", None).await.0, 204);
    assert_eq!(after.get("/v1/products/").await.1["pagination"], json!({"total_count": 0, "max_page": 0}));
    assert_eq!(after.get(&format!("/v1/organizations/{}", before.sandbox.organization_id())).await.0, 200);
}

//! Webhook endpoints made by API: both kinds of secret, their own events, deliveries, redelivery; and
//! the faults of the API that leave a change behind.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::harness::{Received, World};
use crate::sandbox::hooks::signature;

fn id(value: &Value) -> &str {
    value["id"].as_str().expect("an id")
}

async fn receiver(world: &World, path: &str) -> String {
    let (_, own) = world.get("/v1/webhooks/endpoints").await;
    own["items"][0]["url"].as_str().expect("a URL").replace("/webhooks/polar", path)
}

async fn endpoint(world: &World, path: &str, more: Value) -> Value {
    let mut body = json!({"url": receiver(world, path).await, "format": "raw", "events": ["product.created"]});
    crate::sandbox::api::products::join(&mut body, more);
    let (status, made) = world.send("POST", "/v1/webhooks/endpoints", Some(body)).await;
    assert_eq!(status, 201, "{made}");
    made
}

fn signed_with(one: &Received, key: &[u8]) -> bool {
    let (id, at) = (one.header("webhook-id"), one.header("webhook-timestamp"));
    one.header("webhook-signature") == signature::sign(key, &id, &at, &one.bytes)
}

fn at(world: &World, path: &str) -> Vec<Received> {
    world.deliveries().into_iter().filter(|one| one.path == path).collect()
}

#[tokio::test]
async fn every_endpoint_gets_its_own_events_signed_with_its_own_key() {
    let world = World::new().await;
    let chosen = "a secret of the merchant, long enough";
    endpoint(&world, "/chosen", json!({"secret": chosen})).await;
    let before = endpoint(&world, "/before", json!({"events": ["product.created", "product.updated"]})).await;
    world.faults(json!({"standard_secrets": true})).await;
    let since = endpoint(&world, "/since", json!({"name": "since"})).await;
    let product = world.product("Pro", Some("month"), 1_000).await;
    world.send("PATCH", &format!("/v1/products/{}", id(&product)), Some(json!({"name": "Pro 2"}))).await;
    world.idle().await;

    let [one] = at(&world, "/chosen").try_into().ok().expect("one event");
    assert!(signed_with(&one, chosen.as_bytes()));
    let two = at(&world, "/before");
    assert_eq!(two.iter().map(Received::kind).collect::<Vec<_>>(), ["product.created", "product.updated"]);
    assert!(signed_with(&two[0], before["secret"].as_str().expect("a secret").as_bytes()));
    let [three] = at(&world, "/since").try_into().ok().expect("one event");
    let encoded = since["secret"].as_str().and_then(|text| text.strip_prefix("whsec_")).expect("the prefix");
    assert!(signed_with(&three, &STANDARD.decode(encoded).expect("base64")));
    assert_eq!(at(&world, "/webhooks/polar").len(), 2, "the app is told as before");
    assert_ne!(one.header("webhook-id"), three.header("webhook-id"), "one id for each endpoint");
}

#[tokio::test]
async fn endpoints_are_changed_reset_and_deleted_with_the_recorded_answers() {
    let world = World::new().await;
    let made = endpoint(&world, "/one", json!({})).await;
    let path = format!("/v1/webhooks/endpoints/{}", id(&made));
    let (status, reset) = world.send("PATCH", &format!("{path}/secret"), None).await;
    assert_eq!(status, 411, "{reset}");
    let (status, reset) = world.send("PATCH", &format!("{path}/secret"), Some(json!({}))).await;
    assert_eq!(status, 200);
    assert_ne!(reset["secret"], made["secret"]);
    assert_eq!(world.get(&path).await.1, reset);
    let (status, changed) = world.send("PATCH", &path, Some(json!({"events": ["order.paid"], "enabled": false}))).await;
    assert_eq!((status, &changed["events"], &changed["enabled"]), (200, &json!(["order.paid"]), &json!(false)));
    assert_eq!(world.get("/v1/webhooks/endpoints").await.1["pagination"]["total_count"], 2);
    let (status, refused) = world
        .send(
            "POST",
            "/v1/webhooks/endpoints",
            Some(json!({"url": "http://127.0.0.1:1/hooks", "format": "raw",
            "events": ["order.paid"], "secret": "short"})),
        )
        .await;
    assert_eq!((status, &refused["detail"][0]["loc"]), (422, &json!(["body", "secret"])));
    let (status, refused) = world.send("PATCH", &path, Some(json!({"format": "fax", "events": ["order.eaten"]}))).await;
    assert_eq!((status, refused["detail"][1]["loc"].clone()), (422, json!(["body", "events", 0])));
    assert_eq!(world.send("DELETE", &path, None).await.0, 204);
    assert_eq!(world.get(&path).await.0, 404);
    assert_eq!(world.send("DELETE", &path, None).await.0, 404);
}

#[tokio::test]
async fn deliveries_are_listed_by_filter_and_sent_again_with_their_id() {
    let world = World::new().await;
    world.faults(json!({"retry_scale": 0.01})).await;
    world.answers.lock().expect("not poisoned").extend([503]);
    let product = world.product("Pro", Some("month"), 1_000).await;
    world.idle().await;
    let (_, all) = world.get("/v1/webhooks/deliveries").await;
    assert_eq!(all["pagination"]["total_count"], 2);
    let (newest, oldest) = (&all["items"][0], &all["items"][1]);
    assert_eq!((&newest["succeeded"], &oldest["succeeded"]), (&json!(true), &json!(false)));
    assert_eq!((&oldest["http_code"], &newest["webhook_event"]["last_http_code"]), (&json!(503), &json!(202)));
    let payload: Value =
        serde_json::from_str(newest["webhook_event"]["payload"].as_str().expect("text")).expect("json");
    assert_eq!(payload["data"], product);
    let count = async |query: &str| {
        let (status, page) = world.get(&format!("/v1/webhooks/deliveries?{query}")).await;
        assert_eq!(status, 200, "{page}");
        page["pagination"]["total_count"].clone()
    };
    assert_eq!(count("succeeded=false").await, 1);
    assert_eq!(count("http_code_class=2xx&event_type=product.created").await, 1);
    assert_eq!(count("http_code_class=4xx").await, 0);
    assert_eq!(count("endpoint_id=00000000-0000-4000-8000-000000000000").await, 0);
    assert_eq!(count(&format!("query={}&start_timestamp=2020-01-01T00:00:00Z", id(&product))).await, 2);
    assert_eq!(count("end_timestamp=2020-01-01T00:00:00%2B02:00").await, 0);
    assert_eq!(world.get("/v1/webhooks/deliveries?start_timestamp=soon").await.0, 422);

    let again = format!("/v1/webhooks/events/{}/redeliver", id(&newest["webhook_event"]));
    assert_eq!(world.send("POST", &again, Some(json!({}))).await, (202, Value::Null));
    world.idle().await;
    let seen = world.deliveries();
    assert_eq!(seen.len(), 3);
    assert_eq!((seen[2].header("webhook-id"), &seen[2].bytes), (seen[0].header("webhook-id"), &seen[0].bytes));
    let missing = "/v1/webhooks/events/00000000-0000-4000-8000-000000000000/redeliver";
    assert_eq!(world.send("POST", missing, Some(json!({}))).await.0, 404);
}

#[tokio::test]
async fn when_polar_is_down_nothing_is_answered_done_or_sent() {
    let world = World::new().await;
    let product = world.product("Pro", Some("month"), 1_000).await;
    let checkout = world.checkout(&product, json!({})).await;
    world.idle().await;
    let before = world.deliveries().len();
    world.faults(json!({"down": true})).await;
    let url = format!("{}/v1/products/", world.sandbox.origin());
    let body = json!({"name": "Lost", "prices": [{"amount_type": "free"}]});
    for request in [
        world.http.post(url).bearer_auth(world.sandbox.token()).json(&body),
        world.http.get(checkout["url"].as_str().expect("a URL")),
    ] {
        let answered = match request.send().await {
            Err(_) => false,
            Ok(answer) => answer.bytes().await.is_ok(),
        };
        assert!(!answered);
    }
    world.send("POST", "/sandbox/events", Some(json!({"type": "odd.kind", "data": {}}))).await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(world.deliveries().len(), before);
    assert_eq!(world.send("DELETE", "/sandbox/faults", None).await.1["down"], false);
    world.idle().await;
    assert_eq!(world.deliveries().len(), before + 1);
    assert_eq!(world.get("/v1/products/").await.1["pagination"]["total_count"], 1);
}

#[tokio::test]
async fn the_sender_corrupts_drops_and_holds_back_when_told_to() {
    let world = World::new().await;
    let key = world.sandbox.webhook_secret().as_bytes();
    world.faults(json!({"corrupt_percent": 100})).await;
    world.product("Corrupt", Some("month"), 1_000).await;
    world.idle().await;
    assert!(!signed_with(&world.deliveries()[0], key));
    world.faults(json!({"corrupt_percent": 0, "drop_percent": 100})).await;
    world.product("Dropped", Some("month"), 1_000).await;
    world.idle().await;
    assert_eq!(world.deliveries().len(), 1);
    world.faults(json!({"drop_percent": 0, "hold_ms": 400})).await;
    let asked = std::time::Instant::now();
    world.product("Held", Some("month"), 1_000).await;
    world.idle().await;
    assert!(asked.elapsed().as_millis() >= 400);
    assert!(signed_with(&world.deliveries()[1], key));
}

#[tokio::test]
async fn the_api_can_fail_after_the_change_was_made() {
    let world = World::new().await;
    let body = |name: &str| json!({"name": name, "prices": [{"amount_type": "fixed", "price_amount": 500, "price_currency": "usd"}]});
    world.faults(json!({"answer": "500 after", "answer_to": "POST /v1/products/"})).await;
    assert_eq!(world.send("POST", "/v1/products/", Some(body("Broken"))).await.0, 500);
    world.faults(json!({"answer": "cut"})).await;
    let url = format!("{}/v1/products/", world.sandbox.origin());
    let sent = world.http.post(url).bearer_auth(world.sandbox.token()).json(&body("Cut")).send().await;
    let cut = match sent {
        Err(_) => true,
        Ok(answer) => answer.bytes().await.is_err(),
    };
    assert!(cut, "the connection ends without an answer");
    let (_, page) = world.get("/v1/products/?sorting=name").await;
    let names: Vec<&Value> = page["items"].as_array().expect("items").iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["Broken", "Cut"]);
    world.faults(json!({"answer": 500, "answer_to": "GET", "answer_percent": 40, "seed": 5})).await;
    let mut storm = Vec::new();
    for _ in 0..20 {
        storm.push(world.get("/v1/products/").await.0);
    }
    assert!(storm.contains(&200) && storm.contains(&500), "{storm:?}");
}

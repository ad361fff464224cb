//! Usage: ingested once, refused as recorded, counted by meters, and balances against credits.

use serde_json::{Value, json};

use super::benefits::{benefits, id, made, product_with};
use super::harness::World;

async fn ingest(world: &World, events: Value) -> (u16, Value) {
    world.send("POST", "/v1/events/ingest", Some(json!({"events": events}))).await
}

fn tokens(number: &Value) -> Value {
    json!({"name": "ai_usage", "external_customer_id": "user-1", "metadata": {"tokens": number}})
}

async fn balance(world: &World) -> Value {
    let (_, page) = world.get("/v1/customer-meters/?external_customer_id=user-1").await;
    let item = &page["items"][0];
    json!([item["consumed_units"], item["credited_units"], item["balance"]])
}

#[tokio::test]
async fn events_count_once_and_are_refused_together() {
    let world = World::new().await;
    let first = json!([{"name": "ai_usage", "external_customer_id": "user-1", "external_id": "evt-1",
        "metadata": {"tokens": 120, "_cost": {"amount": 0.1, "currency": "usd"}}}, tokens(&json!(30.5))]);
    assert_eq!(ingest(&world, first.clone()).await, (200, json!({"inserted": 2, "duplicates": 0})));
    assert_eq!(ingest(&world, first).await, (200, json!({"inserted": 1, "duplicates": 1})));
    assert_eq!(ingest(&world, json!([])).await, (200, json!({"inserted": 0, "duplicates": 0})));
    let same = json!({"name": "a", "external_customer_id": "x", "external_id": "twice"});
    assert_eq!(ingest(&world, json!([same, same])).await.1, json!({"inserted": 1, "duplicates": 1}));
    let (_, before) = world.get("/v1/events/").await;
    assert_eq!(before["pagination"]["total_count"], 4);
    let mixed = json!([tokens(&json!(1)), {"name": "ai_usage", "metadata": {"tokens": 1}}]);
    assert_eq!(ingest(&world, mixed).await.0, 422);
    assert_eq!(
        world.get("/v1/events/").await.1["pagination"],
        before["pagination"],
        "nothing of a refused batch stays"
    );
}

#[tokio::test]
async fn balances_follow_usage_and_start_anew_with_the_period() {
    let world = World::new().await;
    let (_, benefits) = benefits(&world).await;
    let product = product_with(&world, Some("month"), &[&benefits[0]]).await;
    ingest(&world, json!([tokens(&json!(100))])).await;
    world.buy(&product, "user-1", "ada@boreal.dev").await;
    world.idle().await;
    assert_eq!(balance(&world).await, json!([100.0, 1000, 900.0]), "usage from before the customer counts");
    ingest(
        &world,
        json!([tokens(&json!(50.5)), tokens(&json!(-10)), {"name": "other", "external_customer_id": "user-1"}]),
    )
    .await;
    assert_eq!(balance(&world).await, json!([100.0, 1000, 900.0]), "not at once");
    world.idle().await;
    assert_eq!(balance(&world).await, json!([140.5, 1000, 859.5]));
    let (_, state) = world.get("/v1/customers/external/user-1/state").await;
    assert_eq!(state["active_meters"][0]["balance"], 859.5);
    let (_, row) = world.get("/v1/customer-meters/?external_customer_id=user-1").await;
    let path = format!("/v1/customer-meters/{}", id(&row["items"][0]));
    assert_eq!(world.get(&path).await.1, row["items"][0]);

    world.send("POST", "/sandbox/clock", Some(json!({"advance_ms": 31_u64 * 86_400_000}))).await;
    world.idle().await;
    assert_eq!(balance(&world).await, json!([0.0, 1000, 1000.0]));
    let (_, list) = world.get("/v1/subscriptions/?external_customer_id=user-1").await;
    world.send("DELETE", &format!("/v1/subscriptions/{}", id(&list["items"][0])), None).await;
    world.idle().await;
    assert_eq!(balance(&world).await, json!([0.0, 0, 0.0]));
    let (_, system) = world.get("/v1/events/?external_customer_id=user-1&source=system&limit=100").await;
    let names: Vec<&Value> = system["items"].as_array().expect("items").iter().map(|one| &one["name"]).collect();
    assert!(names.contains(&&json!("meter.reset")) && names.contains(&&json!("benefit.revoked")), "{names:?}");
}

#[tokio::test]
async fn another_number_counts_from_the_next_renewal_on() {
    let world = World::new().await;
    let (meter, benefits) = benefits(&world).await;
    let product = product_with(&world, Some("month"), &[&benefits[0]]).await;
    world.buy(&product, "user-1", "ada@boreal.dev").await;
    world.idle().await;
    let change = async |units: i64| {
        let body = json!({"type": "meter_credit",
            "properties": {"units": units, "rollover": false, "meter_id": meter["id"]}});
        let (status, answer) = world.send("PATCH", &format!("/v1/benefits/{}", id(&benefits[0])), Some(body)).await;
        assert_eq!((status, &answer["properties"]["units"]), (200, &json!(units)), "{answer}");
        world.idle().await;
    };
    change(400).await;
    assert_eq!(balance(&world).await, json!([0.0, 1000, 1000.0]), "not at once");
    world.send("POST", "/sandbox/clock", Some(json!({"advance_ms": 31_u64 * 86_400_000}))).await;
    world.idle().await;
    assert_eq!(balance(&world).await, json!([0.0, 400, 400.0]));
    change(50).await;
    let (_, list) = world.get("/v1/subscriptions/?external_customer_id=user-1").await;
    world.send("DELETE", &format!("/v1/subscriptions/{}", id(&list["items"][0])), None).await;
    world.idle().await;
    assert_eq!(balance(&world).await, json!([0.0, 0, 0.0]), "what was given is taken back");
}

#[tokio::test]
async fn meters_filter_aggregate_and_tell_quantities() {
    let world = World::new().await;
    let meter = async |filter: Value, aggregation: Value| {
        let body = json!({"name": "A meter", "filter": filter, "aggregation": aggregation});
        let made = made(&world, "/v1/meters/", body).await;
        id(&made).to_owned()
    };
    let all = json!({"conjunction": "and", "clauses": []});
    let large = json!({"conjunction": "or", "clauses": [{"property": "tokens", "operator": "gte", "value": 100},
        {"conjunction": "and", "clauses": [{"property": "model", "operator": "like", "value": "mini"}]}]});
    let count = meter(large, json!({"func": "count"})).await;
    let unique = meter(all.clone(), json!({"func": "unique", "property": "model"})).await;
    let peak = meter(all, json!({"func": "max", "property": "tokens"})).await;
    let event = |at: &str, tokens: i64, model: &str| {
        json!({"name": "ai_usage", "external_customer_id": "user-1", "timestamp": at,
            "metadata": {"tokens": tokens, "model": model}})
    };
    let events = json!([
        event("2026-01-05T23:59:59Z", 7, "mini-1"),
        event("2026-01-06T00:00:00+00:00", 100, "big"),
        event("2026-01-06T12:00:00Z", 3, "big")
    ]);
    assert_eq!(ingest(&world, events).await.0, 200);
    let quantities = async |meter: &str, interval: &str| {
        let query =
            "start_timestamp=2026-01-05T10:00:00Z&end_timestamp=2026-01-07T10:00:00Z&external_customer_id=user-1";
        world.get(&format!("/v1/meters/{meter}/quantities?{query}&interval={interval}")).await
    };
    let (_, days) = quantities(&count, "day").await;
    assert_eq!(
        days,
        json!({"quantities": [{"timestamp": "2026-01-05T10:00:00Z", "quantity": 1.0},
            {"timestamp": "2026-01-06T10:00:00Z", "quantity": 1.0},
            {"timestamp": "2026-01-07T10:00:00Z", "quantity": 0.0}], "total": 2.0})
    );
    assert_eq!(quantities(&unique, "month").await.1["total"], 2.0);
    assert_eq!(quantities(&peak, "week").await.1["quantities"][0]["quantity"], 100.0);
    assert_eq!(quantities(&peak, "blink").await.0, 422);
    let (_, found) = world.get(&format!("/v1/events/?meter_id={count}&metadata[model]=mini-1")).await;
    assert_eq!(found["pagination"]["total_count"], 1);
    assert_eq!(world.get(&format!("/v1/events/{}", id(&found["items"][0]))).await.1, found["items"][0]);
    let bad = json!({"name": "Bad", "filter": {"conjunction": "xor", "clauses": []}, "aggregation": {"func": "sum"}});
    let (status, refused) = world.send("POST", "/v1/meters/", Some(bad)).await;
    assert_eq!((status, refused["detail"].as_array().map(Vec::len)), (422, Some(2)));
    let path = format!("/v1/meters/{count}");
    assert!(world.send("PATCH", &path, Some(json!({"is_archived": true}))).await.1["archived_at"].is_string());
    assert_eq!(world.get("/v1/meters/?is_archived=false").await.1["pagination"]["total_count"], 2);
}

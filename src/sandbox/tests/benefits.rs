//! Benefits: made, given with a purchase, renewed, taken back; alone and with the recorded payloads.

use serde_json::{Value, json};

use super::harness::World;

const MONTH_MS: u64 = 31 * 86_400_000;

pub fn id(value: &Value) -> &str {
    value["id"].as_str().expect("an id")
}

pub async fn made(world: &World, path: &str, body: Value) -> Value {
    let (status, made) = world.send("POST", path, Some(body)).await;
    assert_eq!(status, 201, "{made}");
    made
}

/// A meter and four benefits of the kinds that are recorded; the first is the credit.
pub async fn benefits(world: &World) -> (Value, Vec<Value>) {
    let meter = made(
        world,
        "/v1/meters/",
        json!({"name": "AI tokens", "filter": {"conjunction": "and", "clauses": [
            {"property": "name", "operator": "eq", "value": "ai_usage"}]},
            "aggregation": {"func": "sum", "property": "tokens"}, "metadata": {"k": "v"}}),
    )
    .await;
    let bodies = [
        json!({"type": "meter_credit", "description": "1000 AI tokens",
            "properties": {"meter_id": meter["id"], "units": 1000, "rollover": false}}),
        json!({"type": "custom", "description": "Priority support", "properties": {"note": "Write to **support**"}}),
        json!({"type": "license_keys", "description": "License key", "properties": {"prefix": "LBP"}}),
        json!({"type": "feature_flag", "description": "Beta", "properties": {}, "metadata": {"flag": "beta"}}),
    ];
    let mut benefits = Vec::new();
    for body in bodies {
        benefits.push(made(world, "/v1/benefits/", body).await);
    }
    (meter, benefits)
}

pub async fn product_with(world: &World, interval: Option<&str>, benefits: &[&Value]) -> Value {
    let product = world.product("Pro", interval, 1_000).await;
    let ids: Vec<&Value> = benefits.iter().map(|one| &one["id"]).collect();
    let path = format!("/v1/products/{}/benefits", id(&product));
    let (status, product) = world.send("POST", &path, Some(json!({"benefits": ids}))).await;
    assert_eq!(status, 200, "{product}");
    product
}

/// The grant events since the `from`th delivery, sorted by benefit.
fn grants(world: &World, from: usize) -> Vec<Value> {
    let events = world.deliveries().into_iter().skip(from).map(|one| one.json());
    let mut grants: Vec<Value> =
        events.filter(|one| one["type"].as_str().is_some_and(|kind| kind.starts_with("benefit_grant."))).collect();
    grants.sort_by_key(|one| one["data"]["benefit"]["type"].to_string());
    grants
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|one| one["type"].as_str().expect("a type")).collect()
}

async fn forward(world: &World, ms: u64) {
    assert_eq!(world.send("POST", "/sandbox/clock", Some(json!({"advance_ms": ms}))).await.0, 200);
    world.idle().await;
}

#[tokio::test]
async fn benefits_answer_and_tell_as_recorded() {
    let world = World::new().await;
    let (_, benefits) = benefits(&world).await;
    let product = product_with(&world, Some("month"), &[&benefits[0], &benefits[3]]).await;
    let (_, list) = world.get("/v1/benefits/?limit=100").await;
    assert_eq!(list["pagination"]["total_count"], 4);
    assert_eq!(world.get(&format!("/v1/benefits/{}", id(&benefits[2]))).await.1, benefits[2]);
    let checkout = world.checkout(&product, json!({})).await;
    assert_eq!(checkout["product"]["benefits"].as_array().expect("benefits").len(), 1, "private ones are not shown");
    assert!(checkout["product"]["benefits"][0].get("properties").is_none());
    world.idle().await;
    let told: Vec<Value> = world.deliveries().iter().map(super::harness::Received::json).collect();
    assert_eq!(
        kinds(&told)[..6],
        ["benefit.created"; 4].iter().chain(&["product.created", "product.updated"]).copied().collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_benefit_that_cannot_be_is_refused() {
    let world = World::new().await;
    let refused = async |body: Value| {
        let (status, answer) = world.send("POST", "/v1/benefits/", Some(body)).await;
        (status, answer["detail"][0]["loc"].clone())
    };
    let nobody = "00000000-0000-4000-8000-000000000000";
    let credit = json!({"units": 1, "rollover": false, "meter_id": nobody});
    assert_eq!(
        refused(json!({"type": "meter_credit", "description": "Credit", "properties": credit})).await,
        (422, json!(["body", "properties", "meter_id"]))
    );
    assert_eq!(refused(json!({"type": "custom", "description": "ab"})).await, (422, json!(["body", "description"])));
    assert_eq!(refused(json!({"type": "cake", "description": "Cake"})).await, (422, json!(["body"])));
    assert_eq!(refused(json!({"type": "discord", "description": "Discord"})).await.0, 501);
    let product = world.product("Pro", Some("month"), 1_000).await;
    let path = format!("/v1/products/{}/benefits", id(&product));
    let (status, answer) = world.send("POST", &path, Some(json!({"benefits": [nobody]}))).await;
    assert_eq!((status, &answer["detail"][0]["loc"]), (422, &json!(["body", "benefits", 0])));
}

#[tokio::test]
async fn grants_come_with_the_purchase_cycle_with_the_renewal_and_go_with_the_end() {
    let world = World::new().await;
    let (_, benefits) = benefits(&world).await;
    let product = product_with(&world, Some("month"), &[&benefits[0], &benefits[2], &benefits[3]]).await;
    world.buy(&product, "user-1", "ada@boreal.dev").await;
    world.idle().await;
    let kinds_of = |from: usize| world.kinds().split_off(from);
    let start = world.kinds().iter().position(|kind| kind == "order.paid").expect("paid");
    assert_eq!(
        kinds_of(start)[..6],
        [
            "order.paid",
            "checkout.updated",
            "benefit_grant.created",
            "benefit_grant.created",
            "benefit_grant.created",
            "customer.state_changed"
        ]
    );
    let created = grants(&world, 0);
    let (_, state) = world.get("/v1/customers/external/user-1/state").await;
    assert_eq!(state["granted_benefits"].as_array().expect("grants").len(), 3);

    let seen = world.deliveries().len();
    forward(&world, MONTH_MS).await;
    let cycled = grants(&world, seen);
    assert_eq!(kinds(&cycled), ["benefit_grant.cycled"; 3]);
    assert_eq!(cycled[1]["data"]["properties"], created[1]["data"]["properties"], "the key stays");
    assert_ne!(cycled[2]["data"]["properties"], cycled[2]["data"]["previous_properties"]);

    let (_, list) = world.get("/v1/subscriptions/?external_customer_id=user-1").await;
    let seen = world.deliveries().len();
    let path = format!("/v1/subscriptions/{}", id(&list["items"][0]));
    assert_eq!(world.send("DELETE", &path, None).await.0, 200);
    world.idle().await;
    let revoked = grants(&world, seen);
    assert_eq!(kinds(&revoked), ["benefit_grant.revoked"; 3]);
    assert_eq!(revoked[2]["data"]["properties"]["last_credited_units"], -1000);
    let (_, state) = world.get("/v1/customers/external/user-1/state").await;
    assert_eq!(state["granted_benefits"], json!([]));
}

#[tokio::test]
async fn one_time_orders_grant_too_and_grants_are_listed_by_filter() {
    let world = World::new().await;
    let (_, benefits) = benefits(&world).await;
    let product = product_with(&world, None, &[&benefits[1]]).await;
    world.buy(&product, "user-1", "ada@boreal.dev").await;
    world.buy(&product, "user-2", "eve@boreal.dev").await;
    world.idle().await;
    let count = async |path: &str| world.get(path).await.1["pagination"]["total_count"].clone();
    let of = format!("/v1/benefits/{}/grants", id(&benefits[1]));
    assert_eq!(count(&of).await, 2);
    assert_eq!(count("/v1/benefit-grants/?external_customer_id=user-2&is_granted=true").await, 1);
    assert_eq!(count("/v1/benefit-grants/?is_granted=false").await, 0);
    let (_, list) = world.get("/v1/benefit-grants/?external_customer_id=user-1").await;
    assert!(list["items"][0]["order_id"].is_string() && list["items"][0]["subscription_id"].is_null());

    let seen = world.deliveries().len();
    let path = format!("/v1/benefits/{}", id(&benefits[1]));
    assert_eq!(world.send("DELETE", &path, None).await.0, 204);
    world.idle().await;
    assert_eq!(kinds(&grants(&world, seen)), ["benefit_grant.revoked"; 2]);
    assert_eq!(world.get(&path).await.0, 404);
    assert_eq!(world.get(&format!("/v1/products/{}", id(&product))).await.1["benefits"], json!([]));
}

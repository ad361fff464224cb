//! The JSON routes behind the portal: what a customer sees there, may do there, and may not.

use serde_json::{Value, json};

use super::harness::World;

const PORTAL: &str = "/v1/customer-portal";

/// A customer who was given a license key and credits, with the token of a session.
async fn guest(world: &World) -> (String, String) {
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let meter = json!({"name": "AI tokens", "aggregation": {"func": "sum", "property": "tokens"},
        "filter": {"conjunction": "and", "clauses": [{"property": "name", "operator": "eq", "value": "ai"}]}});
    let meter = world.send("POST", "/v1/meters/", Some(meter)).await.1;
    let mut benefits = Vec::new();
    for benefit in [
        json!({"type": "license_keys", "description": "License key", "properties": {"prefix": "LBP"}}),
        json!({"type": "meter_credit", "description": "1000 AI tokens",
            "properties": {"meter_id": meter["id"], "units": 1_000, "rollover": false}}),
    ] {
        let (status, made) = world.send("POST", "/v1/benefits/", Some(benefit)).await;
        assert_eq!(status, 201, "{made}");
        benefits.push(made["id"].clone());
    }
    let path = format!("/v1/products/{}/benefits", pro["id"].as_str().expect("an id"));
    assert_eq!(world.send("POST", &path, Some(json!({"benefits": benefits}))).await.0, 200);
    let id = world.subscribe(&pro, "user-2", "4242 4242 4242 4242").await;
    let token = world.portal("user-2").await;
    (id, token)
}

async fn patch(world: &World, token: &str, id: &str, body: Value) -> (u16, Value) {
    world.send_as(token, "PATCH", &format!("{PORTAL}/subscriptions/{id}"), Some(body)).await
}

#[tokio::test]
async fn a_customer_sees_what_polar_shows_there() {
    let world = World::new().await;
    let (id, token) = guest(&world).await;
    let see = async |path: &str| {
        let (status, body) = world.send_as(&token, "GET", &format!("{PORTAL}{path}"), None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    };
    assert_eq!(see("/customers/me").await["email"], "user-2@boreal.dev");
    let subscription = see("/subscriptions/").await["items"][0].clone();
    assert_eq!(subscription["id"], json!(id));
    assert_eq!(see(&format!("/subscriptions/{id}")).await, subscription);
    assert_eq!(see("/subscriptions/?active=false").await["items"], json!([]));
    assert_eq!(see("/orders/?query=nothing").await["items"], json!([]));
    let meters = see("/meters/").await;
    assert_eq!(meters["items"][0]["balance"], json!(1_000.0));
    let grants = see("/benefit-grants/?type=license_keys").await;
    assert_eq!(grants["pagination"]["total_count"], 1);
    let key = grants["items"][0]["properties"]["display_key"].as_str().expect("a key");
    assert!(key.starts_with("****-"), "{key}");
    assert_eq!(see("/customers/me/payment-methods").await["items"][0]["type"], "card");
}

#[tokio::test]
async fn a_customer_leaves_with_a_reason_and_stays() {
    let world = World::new().await;
    let (id, token) = guest(&world).await;
    world.told().await;
    let body = json!({"cancel_at_period_end": true, "cancellation_reason": "unused", "cancellation_comment": "bye"});
    let (status, one) = patch(&world, &token, &id, body.clone()).await;
    assert_eq!(status, 200, "{one}");
    assert_eq!((&one["customer_cancellation_reason"], &one["cancel_at_period_end"]), (&json!("unused"), &json!(true)));
    assert_eq!(one["customer_cancellation_comment"], "bye");
    assert_eq!(world.told().await, ["subscription.updated", "subscription.canceled"]);
    let (status, twice) = patch(&world, &token, &id, body).await;
    assert_eq!((status, &twice["error"]), (403, &json!("AlreadyCanceledSubscription")));
    let (status, kept) = patch(&world, &token, &id, json!({"cancel_at_period_end": false})).await;
    assert_eq!((status, &kept["customer_cancellation_reason"]), (200, &json!(null)), "{kept}");
    world.told().await;
    assert_eq!(patch(&world, &token, &id, json!({})).await.0, 200);
    assert!(world.told().await.is_empty(), "what says neither yes nor no changes nothing");
    let path = format!("{PORTAL}/subscriptions/{id}");
    let (status, ended) = world.send_as(&token, "DELETE", &path, None).await;
    assert_eq!((status, &ended["status"], &ended["cancel_at_period_end"]), (200, &json!("active"), &json!(true)));
    assert_eq!(patch(&world, &token, &id, json!({"revoke": true})).await.0, 422, "the merchant's alone");
}

#[tokio::test]
async fn the_organization_says_what_a_customer_may_change() {
    let world = World::new().await;
    let (id, token) = guest(&world).await;
    let team = world.product("Team", Some("month"), 2_500).await;
    let hidden = world.product("Hidden", Some("month"), 100).await;
    let path = format!("/v1/products/{}", hidden["id"].as_str().expect("an id"));
    world.send("PATCH", &path, Some(json!({"visibility": "private"}))).await;
    let pause = json!({"pause_at_period_end": true});
    let (status, refused) = patch(&world, &token, &id, pause.clone()).await;
    assert_eq!((status, &refused["error"]), (403, &json!("PauseResumeNotAllowed")));
    let switch = async |plan: bool, pause: bool| {
        let path = format!("/v1/organizations/{}", world.sandbox.organization_id());
        let settings = json!({"usage": {"show": true}, "subscription": {"update_seats": true, "update_plan": plan, "pause": pause}});
        let (status, shown) = world.send("PATCH", &path, Some(json!({"customer_portal_settings": settings}))).await;
        assert_eq!((status, &shown["customer_portal_settings"]["subscription"]["update_plan"]), (200, &json!(plan)));
    };
    switch(false, true).await;
    let plan = json!({"product_id": team["id"]});
    let (status, refused) = patch(&world, &token, &id, plan.clone()).await;
    assert_eq!((status, &refused["error"]), (403, &json!("UpdateSubscriptionPlanNotAllowed")));
    assert_eq!(patch(&world, &token, &id, pause).await.1["pause_at_period_end"], true);
    switch(true, false).await;
    assert_eq!(patch(&world, &token, &id, json!({"product_id": hidden["id"]})).await.0, 422, "not on show");
    let (status, changed) = patch(&world, &token, &id, plan).await;
    assert_eq!((status, &changed["product"]["name"]), (200, &json!("Team")));
}

#[tokio::test]
async fn orders_come_with_their_invoice_and_receipt() {
    let world = World::new().await;
    let (_, token) = guest(&world).await;
    let ask =
        async |method: &str, path: &str| world.send_as(&token, method, &format!("{PORTAL}/orders/{path}"), None).await;
    let order = ask("GET", "").await.1["items"][0].clone();
    let id = order["id"].as_str().expect("an id").to_owned();
    assert_eq!(ask("GET", &id).await, (200, order));
    assert_eq!(world.send_as(&token, "POST", &format!("{PORTAL}/orders/{id}/invoice"), Some(json!({}))).await.0, 202);
    world.idle().await;
    let (status, invoice) = ask("GET", &format!("{id}/invoice")).await;
    assert!(status == 200 && invoice["url"].as_str().is_some_and(|url| url.contains("/documents/invoice/")));
    assert_eq!(ask("GET", &format!("{id}/receipt")).await.0, 202, "it is being made");
    world.idle().await;
    assert_eq!(ask("GET", &format!("{id}/receipt")).await.0, 200);
}

#[tokio::test]
async fn tokens_open_their_own_door_only_and_for_an_hour() {
    let world = World::new().await;
    let (id, token) = guest(&world).await;
    let me = format!("{PORTAL}/customers/me");
    let (status, refused) = world.get(&me).await;
    assert_eq!((status, &refused["error"]), (401, &json!("invalid_token")));
    assert_eq!(refused["error_description"], "The subject of this access token is not valid for this endpoint.");
    let (status, refused) = world.send_as(&token, "GET", "/v1/products/", None).await;
    assert_eq!((status, &refused["error"]), (401, &json!("invalid_token")), "no merchant");
    assert_eq!(world.send_as("polar_cst_unknown", "GET", &me, None).await.0, 401);
    let bare = world.http.get(format!("{}{me}", world.sandbox.origin())).send().await.expect("an answer");
    assert_eq!(bare.status(), 401);
    assert_eq!(bare.json::<Value>().await.expect("json")["error"], "Unauthorized");

    let other = world.product("Other", Some("month"), 1_000).await;
    world.subscribe(&other, "user-3", "4242 4242 4242 4242").await;
    let stranger = world.portal("user-3").await;
    assert_eq!(patch(&world, &stranger, &id, json!({"cancel_at_period_end": true})).await.0, 404);
    assert_eq!(world.send_as(&stranger, "GET", &format!("{PORTAL}/subscriptions/{id}"), None).await.0, 404);

    assert_eq!(world.send_as(&token, "GET", &me, None).await.0, 200);
    world.send("POST", "/sandbox/clock", Some(json!({"advance_ms": 3_600_000}))).await;
    let (status, expired) = world.send_as(&token, "GET", &me, None).await;
    assert_eq!((status, &expired["error"]), (401, &json!("invalid_token")));
}

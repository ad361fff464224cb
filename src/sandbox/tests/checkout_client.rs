//! What the hosted page may change of a checkout, with its secret alone.

use serde_json::{Value, json};

use super::harness::World;

async fn patch(world: &World, checkout: &Value, body: Value) -> (u16, Value) {
    let secret = checkout["client_secret"].as_str().expect("a secret");
    let url = format!("{}/v1/checkouts/client/{secret}", world.sandbox.origin());
    let answer = world.http.patch(url).json(&body).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("json"))
}

#[tokio::test]
async fn a_buyer_fills_in_the_page_and_chooses_among_the_products() {
    let world = World::new().await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let team = world.product("Team", Some("month"), 2_500).await;
    let other = world.product("Other", Some("month"), 9_900).await;
    let checkout = world.checkout(&pro, json!({"products": [pro["id"], team["id"]]})).await;
    world.told().await;
    let body = json!({"product_id": team["id"], "customer_email": "ada@boreal.dev", "customer_name": "Ada",
        "customer_billing_address": {"country": "DE"}});
    let (status, shown) = patch(&world, &checkout, body).await;
    assert_eq!(status, 200, "{shown}");
    assert_eq!((&shown["product"]["name"], &shown["amount"]), (&json!("Team"), &json!(2_500)));
    assert_eq!((&shown["customer_email"], &shown["metadata"]), (&json!("ada@boreal.dev"), &json!(null)));
    assert_eq!(world.told().await, ["checkout.updated"]);
    let (status, refused) = patch(&world, &checkout, json!({"product_id": other["id"]})).await;
    assert_eq!((status, &refused["detail"][0]["loc"]), (422, &json!(["body", "product_id"])));
    let (status, page, _) = world.pay(&checkout, "ada@boreal.dev", "4242 4242 4242 4242").await;
    assert_eq!(status, 303, "{page}");
    world.idle().await;
    assert_eq!(world.get("/v1/orders/").await.1["items"][0]["total_amount"], 2_500);
    let (status, closed) = patch(&world, &checkout, json!({"customer_name": "Eve"})).await;
    assert_eq!((status, &closed["error"]), (403, &json!("NotOpenCheckout")));
}

#[tokio::test]
async fn a_linked_customer_keeps_its_address_and_an_expired_page_is_gone() {
    let world = World::new().await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let body = json!({"email": "ada@boreal.dev", "external_id": "user-1"});
    assert_eq!(world.send("POST", "/v1/customers/", Some(body)).await.0, 201);
    let checkout = world.checkout(&pro, json!({"external_customer_id": "user-1"})).await;
    let (status, shown) = patch(&world, &checkout, json!({"customer_email": "eve@boreal.dev"})).await;
    assert_eq!((status, &shown["customer_email"]), (200, &json!("ada@boreal.dev")));
    world.advance(1).await;
    let (status, gone) = patch(&world, &checkout, json!({"customer_name": "Ada"})).await;
    assert_eq!((status, &gone["error"]), (410, &json!("ExpiredCheckoutError")));
}

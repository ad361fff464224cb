//! A customer who is deleted: events in the recorded order, the external id free, purchases that still show them.

use serde_json::{Value, json};

use super::benefits::{benefits, id, product_with};
use super::harness::{Received, World};

async fn customer(world: &World) -> (Value, Value) {
    let (_, benefits) = benefits(world).await;
    let product = product_with(world, Some("month"), &[&benefits[1]]).await;
    world.buy(&product, "user-7", "ada@boreal.dev").await;
    world.idle().await;
    (product, world.get("/v1/customers/external/user-7").await.1)
}

#[tokio::test]
async fn deletion_frees_the_external_id_and_ends_everything() {
    let world = World::new().await;
    let (product, customer) = customer(&world).await;
    let seen = world.deliveries().len();
    assert_eq!(world.send("DELETE", "/v1/customers/external/user-7", None).await, (204, Value::Null));
    world.idle().await;
    let told: Vec<Value> = world.deliveries().iter().skip(seen).map(Received::json).collect();
    let kinds: Vec<&str> = told.iter().map(|one| one["type"].as_str().expect("a type")).collect();
    assert_eq!(
        kinds,
        [
            "member.deleted",
            "benefit_grant.revoked",
            "customer.deleted",
            "subscription.updated",
            "subscription.canceled",
            "subscription.revoked",
            "customer.state_changed"
        ]
    );
    let (gone, ended, last) = (&told[2]["data"], &told[5]["data"], &told[6]["data"]);
    assert!(gone["external_id"].is_null() && gone["deleted_at"].is_string());
    assert_eq!((&ended["status"], &ended["customer"]["external_id"]), (&json!("canceled"), &Value::Null));
    assert_eq!((&last["active_subscriptions"], &last["granted_benefits"]), (&json!([]), &json!([])));
    let by_id = format!("/v1/customers/{}", id(&customer));
    for path in ["/v1/customers/external/user-7", "/v1/customers/external/user-7/state", &by_id] {
        assert_eq!(world.get(path).await.0, 404, "{path}");
    }
    assert_eq!(world.get(&format!("{by_id}/state")).await.0, 404);
    assert_eq!(world.get("/v1/customers/").await.1["pagination"]["total_count"], 0);
    assert_eq!(world.send("PATCH", &by_id, Some(json!({"name": "Ada"}))).await.0, 404);
    assert_eq!(world.send("DELETE", &by_id, None).await.0, 404);
    let session = Some(json!({"customer_id": customer["id"]}));
    assert_eq!(world.send("POST", "/v1/customer-sessions/", session).await.0, 422);

    world.buy(&product, "user-7", "ada@boreal.dev").await;
    world.idle().await;
    let (_, again) = world.get("/v1/customers/external/user-7").await;
    assert_ne!(again["id"], customer["id"]);
    let (_, orders) = world.get(&format!("/v1/orders/?customer_id={}", id(&customer))).await;
    assert_eq!(orders["items"][0]["customer"]["email"], "ada@boreal.dev");
}

#[tokio::test]
async fn anonymized_customers_keep_nothing_personal() {
    let world = World::new().await;
    let (_, customer) = customer(&world).await;
    let path = format!("/v1/customers/{}?anonymize=true", id(&customer));
    assert_eq!(world.send("DELETE", &path, None).await.0, 204);
    world.idle().await;
    let told = world.deliveries().iter().map(Received::json).find(|one| one["type"] == "customer.deleted");
    let gone = told.expect("it was told")["data"].clone();
    assert!(gone["email"].as_str().is_some_and(|email| email.ends_with("@anonymized.invalid") && email.len() == 83));
    assert_eq!((&gone["external_id"], &gone["billing_address"]), (&json!("user-7"), &Value::Null));
    assert!(!gone.to_string().contains("Ada") && !gone.to_string().contains("ada@"));
    assert_eq!(world.get("/v1/customers/external/user-7").await.0, 404, "its external id is free all the same");
}

//! The other shapes of a subscription's PATCH, and subscriptions that the merchant makes.

use serde_json::json;

use super::harness::World;

const GOOD: &str = "4242 4242 4242 4242";

async fn on_pro() -> (World, String) {
    let world = World::new().await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let id = world.subscribe(&pro, "user-2", GOOD).await;
    world.told().await;
    (world, id)
}

#[tokio::test]
async fn nothing_asked_changes_nothing_and_is_told() {
    let (world, id) = on_pro().await;
    let before = world.get(&format!("/v1/subscriptions/{id}")).await.1;
    for body in [json!({}), json!({"product_id": null}), json!({"discount_id": null})] {
        assert_eq!(world.patch(&id, body).await, (200, before.clone()));
    }
    assert_eq!(world.told().await, ["subscription.updated"; 3]);
    let (_, changed) = world.patch(&id, json!({"metadata": {"seat": 4}})).await;
    assert_eq!(changed["metadata"], json!({"seat": 4}), "the whole map is replaced");
    assert_ne!(changed["modified_at"], before["modified_at"]);
}

#[tokio::test]
async fn shapes_do_not_mix_and_unknown_things_are_refused() {
    let (world, id) = on_pro().await;
    let (status, refusal) = world.patch(&id, json!({"cancel_at_period_end": true, "metadata": {}})).await;
    assert_eq!((status, refusal["detail"].as_array().expect("entries").len()), (422, 23));
    assert_eq!(refusal["detail"][0]["loc"], json!(["body", "SubscriptionUpdateBase", "cancel_at_period_end"]));
    assert_eq!(world.patch(&id, json!({"trial_end": "2020-01-01T00:00:00Z"})).await.0, 422);
    assert_eq!(world.patch(&id, json!({"customer_cancellation_reason": "other"})).await.0, 422);
    let unknown = world.patch(&id, json!({"discount_id": "00000000-0000-4000-8000-000000000000"})).await;
    assert_eq!((unknown.0, &unknown.1["detail"][0]["loc"]), (422, &json!(["body", "discount_id"])));
    let seats = world.patch(&id, json!({"seats": 3})).await;
    assert_eq!((seats.0, &seats.1["error"]), (400, &json!("NotASeatBasedSubscription")));
    let nobody = world.patch("00000000-0000-4000-8000-000000000000", json!({"cancel_at_period_end": true})).await;
    assert_eq!(nobody.0, 404);
    assert_eq!(world.told().await, [""; 0]);
}

#[tokio::test]
async fn the_date_of_the_renewal_moves() {
    let (world, id) = on_pro().await;
    let end = "2099-01-02T03:04:05.000000Z";
    let (status, one) = world.patch(&id, json!({"current_billing_period_end": end})).await;
    assert_eq!((status, &one["current_period_end"]), (200, &json!(end)));
    assert_eq!(world.patch(&id, json!({"current_billing_period_end": "2020-01-02T03:04:05Z"})).await.0, 422);
    world.patch(&id, json!({"cancel_at_period_end": true})).await;
    let refused = world.patch(&id, json!({"current_billing_period_end": end})).await;
    assert_eq!((refused.0, &refused.1["error"]), (403, &json!("AlreadyCanceledSubscription")));
    assert_eq!(world.told().await, ["subscription.updated", "subscription.updated", "subscription.canceled"]);
}

#[tokio::test]
async fn trials_are_given_moved_and_ended() {
    let (world, id) = on_pro().await;
    let now = world.patch(&id, json!({"trial_end": "now"})).await;
    assert_eq!((now.0, &now.1["detail"][0]["msg"]), (422, &json!("The subscription is not currently trialing.")));
    let end = "2098-01-02T03:04:05.000000Z";
    let (status, one) = world.patch(&id, json!({"trial_end": end})).await;
    assert_eq!((status, &one["status"], &one["current_period_end"]), (200, &json!("trialing"), &json!(end)));
    assert_eq!(world.told().await, ["subscription.updated"]);
    let (_, one) = world.patch(&id, json!({"trial_end": "now", "metadata": {"converted": true}})).await;
    assert_eq!((&one["status"], &one["metadata"]["converted"]), (&json!("active"), &json!(true)));
    assert_eq!(
        world.told().await,
        ["subscription.cycled", "subscription.updated", "order.created", "order.updated", "order.paid"]
    );
    world.patch(&id, json!({"trial_end": end})).await;
    world.patch(&id, json!({"cancel_at_period_end": true})).await;
    world.told().await;
    assert_eq!(world.patch(&id, json!({"trial_end": "now"})).await.1["status"], "canceled");
    assert_eq!(
        world.told().await,
        ["subscription.updated", "subscription.canceled", "subscription.revoked"],
        "a canceled trial ends unbilled"
    );
}

#[tokio::test]
async fn revoking_by_patch_is_final() {
    let (world, id) = on_pro().await;
    let body = json!({"revoke": true, "customer_cancellation_reason": "unused", "customer_cancellation_comment": "hm"});
    let (status, one) = world.patch(&id, body).await;
    assert_eq!((status, &one["status"], &one["ended_at"]), (200, &json!("canceled"), &one["ends_at"]));
    assert_eq!(
        (&one["customer_cancellation_reason"], &one["customer_cancellation_comment"]),
        (&json!("unused"), &json!("hm"))
    );
    assert_eq!(world.told().await, ["subscription.updated", "subscription.canceled", "subscription.revoked"]);
    assert_eq!(world.patch(&id, json!({"revoke": true})).await.0, 403);
    assert_eq!(world.patch(&id, json!({"cancel_at_period_end": false})).await.0, 410);
    assert_eq!(world.patch(&id, json!({"trial_end": "2098-01-01T00:00:00Z"})).await.1["error"], "InactiveSubscription");
}

#[tokio::test]
async fn what_is_pending_is_billed_after_the_end() {
    let (world, id) = on_pro().await;
    let team = world.product("Team", Some("month"), 2_500).await;
    world.patch(&id, json!({"product_id": team["id"]})).await;
    world.patch(&id, json!({"cancel_at_period_end": true})).await;
    world.told().await;
    world.advance(32).await;
    assert_eq!(
        world.told().await,
        [
            "subscription.updated",
            "subscription.canceled",
            "subscription.revoked",
            "order.created",
            "order.updated",
            "order.paid"
        ]
    );
    assert_eq!(world.get("/v1/orders/").await.1["items"][0]["due_amount"], 1_500);
}

#[tokio::test]
async fn the_merchant_makes_free_subscriptions_only() {
    let world = World::new().await;
    let free = world.product("Free", Some("month"), 0).await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let create = async |body| world.send("POST", "/v1/subscriptions/", Some(body)).await;
    let customer = json!({"email": "seven@boreal.dev", "external_id": "user-7"});
    let customer = world.send("POST", "/v1/customers/", Some(customer)).await.1;
    world.told().await;
    let body = json!({"product_id": free["id"], "external_customer_id": "user-7", "metadata": {"via": "api"}});
    let (status, one) = create(body).await;
    assert_eq!((status, &one["status"], &one["metadata"]["via"]), (201, &json!("active"), &json!("api")));
    assert_eq!((&one["modified_at"], &one["checkout_id"]), (&json!(null), &json!(null)));
    assert_eq!(world.told().await, ["subscription.created", "subscription.active", "subscription.updated"]);
    assert_eq!(world.get("/v1/orders/").await.1["pagination"]["total_count"], 0);
    assert_eq!(create(json!({"product_id": pro["id"], "customer_id": customer["id"]})).await.0, 422);
    let nobody = create(json!({"product_id": free["id"], "external_customer_id": "nobody"})).await;
    assert_eq!((nobody.0, &nobody.1["detail"][0]["loc"]), (422, &json!(["body", "external_customer_id"])));
    assert_eq!(create(json!({"product_id": free["id"]})).await.0, 422);

    let id = one["id"].as_str().expect("an id");
    let missing = world.patch(id, json!({"product_id": pro["id"], "proration_behavior": "invoice"})).await;
    assert_eq!((missing.0, &missing.1["error"]), (402, &json!("PaymentFailed")));
    let (status, paid) = world.patch(id, json!({"product_id": pro["id"]})).await;
    assert_eq!((status, &paid["amount"]), (200, &json!(1_000)), "accepted without a card");
    world.told().await;
    world.advance(32).await;
    let told = world.told().await;
    let wanted = ["subscription.cycled", "subscription.updated", "order.created", "subscription.updated"];
    assert_eq!(told[..4], wanted);
    assert_eq!(told[4..], ["subscription.past_due", "order.updated"]);
}

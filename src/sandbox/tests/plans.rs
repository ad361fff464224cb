//! Plan changes: what they cost, when they apply, and what they tell.

use serde_json::{Value, json};

use super::harness::World;

const GOOD: &str = "4242 4242 4242 4242";

struct Plans {
    world: World,
    pro: Value,
    team: Value,
    yearly: Value,
    id: String,
}

/// Somebody on Pro, 10.00 a month; Team is 25.00, the yearly plan 100.00.
async fn on_pro(card: &str) -> Plans {
    let world = World::new().await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let team = world.product("Team", Some("month"), 2_500).await;
    let yearly = world.product("Yearly", Some("year"), 10_000).await;
    let id = world.subscribe(&pro, "user-2", card).await;
    world.told().await;
    Plans { world, pro, team, yearly, id }
}

async fn newest_order(world: &World) -> Value {
    world.get("/v1/orders/").await.1["items"][0].clone()
}

#[tokio::test]
async fn invoice_bills_the_difference_now_and_the_payment_follows() {
    let Plans { world, team, id, .. } = on_pro(GOOD).await;
    let (status, one) = world.patch(&id, json!({"product_id": team["id"], "proration_behavior": "invoice"})).await;
    assert_eq!((status, &one["product_id"], &one["amount"]), (200, &team["id"], &json!(2_500)));
    assert_eq!(newest_order(&world).await["status"], "pending");
    assert_eq!(world.told().await, ["order.created", "subscription.updated", "order.updated", "order.paid"]);
    let order = newest_order(&world).await;
    assert_eq!((&order["status"], &order["billing_reason"]), (&json!("paid"), &json!("subscription_update")));
    assert_eq!((&order["total_amount"], &order["description"]), (&json!(1_500), &json!("Team")));
    let items = order["items"].as_array().expect("items");
    assert_eq!((&items[0]["amount"], &items[1]["amount"]), (&json!(2_500), &json!(-1_000)));
    assert!(items[0]["label"].as_str().expect("text").starts_with("Team — From "), "{items:?}");
    assert!(items[1]["label"].as_str().expect("text").starts_with("Remaining time on Pro — From "), "{items:?}");
    assert!(items.iter().all(|item| item["proration"] == true));
}

#[tokio::test]
async fn half_a_period_costs_half_and_the_same_plan_again_nothing() {
    let Plans { world, team, id, .. } = on_pro(GOOD).await;
    let one = world.get(&format!("/v1/subscriptions/{id}")).await.1;
    world.advance(15).await;
    world.patch(&id, json!({"product_id": team["id"], "proration_behavior": "invoice"})).await;
    let days = |key: &str| crate::sandbox::clock::Stamp::read(one[key].as_str().expect("a time")).expect("a time").0;
    let whole = (days("current_period_end") - days("current_period_start")) / 86_400_000_000;
    let left = whole - 15;
    let order = newest_order(&world).await;
    let near = (order["total_amount"].as_i64().expect("an amount") - 1_500 * left / whole).abs();
    assert!(near <= 2, "{order}");
    world.told().await;
    assert_eq!(world.patch(&id, json!({"product_id": team["id"], "proration_behavior": "invoice"})).await.0, 200);
    assert_eq!(world.told().await, ["order.created", "order.updated", "order.paid", "subscription.updated"]);
    assert_eq!(newest_order(&world).await["total_amount"], 0);
}

#[tokio::test]
async fn prorate_waits_for_the_next_bill() {
    let Plans { world, pro, team, id, .. } = on_pro(GOOD).await;
    world.patch(&id, json!({"product_id": team["id"]})).await;
    assert_eq!(world.told().await, ["subscription.updated"], "prorate is the organization's default");
    assert_eq!(world.get("/v1/orders/").await.1["pagination"]["total_count"], 1);
    world.advance(32).await;
    let order = newest_order(&world).await;
    let amounts: Vec<&Value> = order["items"].as_array().expect("items").iter().map(|item| &item["amount"]).collect();
    assert_eq!(amounts, [2_500, -1_000, 2_500]);
    assert_eq!((&order["due_amount"], &order["billing_reason"]), (&json!(4_000), &json!("subscription_cycle")));
    world.patch(&id, json!({"product_id": pro["id"], "proration_behavior": "prorate"})).await;
    world.patch(&id, json!({"product_id": team["id"], "proration_behavior": "invoice"})).await;
    let order = newest_order(&world).await;
    assert_eq!(order["items"].as_array().expect("items").len(), 4, "an invoice bills what was pending too");
}

#[tokio::test]
async fn the_next_period_brings_the_scheduled_plan() {
    let Plans { world, pro, team, id, .. } = on_pro(GOOD).await;
    let before = world.get(&format!("/v1/subscriptions/{id}")).await.1;
    let (status, one) = world.patch(&id, json!({"product_id": team["id"], "proration_behavior": "next_period"})).await;
    assert_eq!((status, &one["product_id"], &one["modified_at"]), (200, &pro["id"], &before["modified_at"]));
    assert_eq!(
        (&one["pending_update"]["product_id"], &one["pending_update"]["applies_at"]),
        (&team["id"], &one["current_period_end"])
    );
    let again = world.patch(&id, json!({"product_id": pro["id"], "proration_behavior": "next_period"})).await.1;
    assert_eq!(again["pending_update"]["id"], one["pending_update"]["id"]);
    assert_eq!(again["pending_update"]["product_id"], pro["id"], "the same product can be stored as pending");
    assert_eq!(world.patch(&id, json!({"pending_update": null})).await.1["pending_update"], json!(null));
    let (status, refusal) = world.patch(&id, json!({"pending_update": null})).await;
    assert_eq!((status, &refusal["detail"][0]["loc"]), (422, &json!(["body", "pending_update"])));
    world.patch(&id, json!({"product_id": team["id"], "proration_behavior": "next_period"})).await;
    assert_eq!(world.told().await, ["subscription.updated"; 4]);
    world.advance(32).await;
    assert_eq!(
        world.told().await,
        ["subscription.cycled", "subscription.updated", "order.created", "order.updated", "order.paid"]
    );
    let one = world.get(&format!("/v1/subscriptions/{id}")).await.1;
    assert_eq!((&one["product_id"], &one["pending_update"]), (&team["id"], &json!(null)));
    assert_eq!(newest_order(&world).await["total_amount"], 2_500);
}

#[tokio::test]
async fn another_interval_restarts_the_period_and_its_credit_pays_later_bills() {
    let Plans { world, pro, yearly, id, .. } = on_pro(GOOD).await;
    world.patch(&id, json!({"product_id": yearly["id"], "proration_behavior": "prorate"})).await;
    assert_eq!(world.told().await, ["order.created", "subscription.updated", "order.updated", "order.paid"]);
    assert_eq!(newest_order(&world).await["total_amount"], 9_000);
    let (_, back) = world.patch(&id, json!({"product_id": pro["id"]})).await;
    assert_eq!(back["recurring_interval"], "month");
    assert_eq!(
        world.told().await,
        ["order.created", "order.updated", "order.paid", "subscription.updated"],
        "the credit is paid before the subscription is told"
    );
    let credit = newest_order(&world).await;
    assert_eq!((&credit["total_amount"], &credit["due_amount"]), (&json!(-9_000), &json!(0)));
    assert_eq!((&credit["status"], &credit["receipt_number"]), (&json!("paid"), &json!(null)));
    world.advance(32).await;
    let bill = newest_order(&world).await;
    assert_eq!((&bill["total_amount"], &bill["applied_balance_amount"]), (&json!(1_000), &json!(-1_000)));
    assert_eq!((&bill["due_amount"], &bill["status"]), (&json!(0), &json!("paid")));
    assert_eq!(bill["refundable_amount"], 0);
}

#[tokio::test]
async fn a_card_that_fails_stops_the_change() {
    let Plans { world, team, id, .. } = on_pro("4000 0000 0000 0341").await;
    let before = world.get(&format!("/v1/subscriptions/{id}")).await.1;
    let (status, refusal) = world.patch(&id, json!({"product_id": team["id"], "proration_behavior": "invoice"})).await;
    assert_eq!((status, &refusal["error"]), (402, &json!("PaymentFailed")));
    assert_eq!(world.told().await, [""; 0]);
    assert_eq!(world.get(&format!("/v1/subscriptions/{id}")).await.1, before);
    assert_eq!(world.get("/v1/orders/").await.1["pagination"]["total_count"], 1);
    assert_eq!(world.patch(&id, json!({"product_id": team["id"], "proration_behavior": "prorate"})).await.0, 200);
}

#[tokio::test]
async fn a_trial_is_kept_shortened_or_ended_by_a_change() {
    let world = World::new().await;
    let trial = json!({"name": "Trial", "recurring_interval": "month", "trial_interval": "day", "trial_interval_count": 7,
        "prices": [{"amount_type": "fixed", "price_amount": 1500}]});
    let trial = world.send("POST", "/v1/products/", Some(trial)).await.1;
    let longer = json!({"name": "Longer", "recurring_interval": "month", "trial_interval": "day", "trial_interval_count": 14,
        "prices": [{"amount_type": "fixed", "price_amount": 2000}]});
    let longer = world.send("POST", "/v1/products/", Some(longer)).await.1;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let id = world.subscribe(&trial, "user-4", GOOD).await;
    world.told().await;
    let (_, one) = world.patch(&id, json!({"product_id": longer["id"], "proration_behavior": "invoice"})).await;
    assert_eq!((&one["status"], &one["trial_end"]), (&json!("trialing"), &one["current_period_end"]));
    assert_eq!(world.told().await, ["subscription.updated"]);
    let (_, one) = world.patch(&id, json!({"product_id": pro["id"]})).await;
    assert_eq!((&one["status"], &one["current_period_start"]), (&json!("active"), &one["trial_end"]));
    assert_eq!(
        world.told().await,
        ["subscription.cycled", "subscription.updated", "order.created", "order.updated", "order.paid"]
    );
    assert_eq!(newest_order(&world).await["total_amount"], 1_000);
}

#[tokio::test]
async fn plans_that_cannot_be_changed_to_are_refused() {
    let Plans { world, pro, team, id, .. } = on_pro(GOOD).await;
    let once = world.product("Once", None, 500).await;
    let euro = json!({"name": "Euro", "recurring_interval": "month",
        "prices": [{"amount_type": "fixed", "price_amount": 900, "price_currency": "eur"}]});
    let euro = world.send("POST", "/v1/products/", Some(euro)).await.1;
    let said = async |product: &Value| {
        let (status, body) = world.patch(&id, json!({"product_id": product})).await;
        (status, body["detail"][0]["msg"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(said(&json!("00000000-0000-4000-8000-000000000000")).await, (422, "Product does not exist.".into()));
    assert_eq!(said(&once["id"]).await, (422, "Product is not recurring.".into()));
    let no_price = "This product doesn't have a price for the subscription currency.";
    assert_eq!(said(&euro["id"]).await, (422, no_price.into()));
    let path = format!("/v1/products/{}", team["id"].as_str().expect("an id"));
    world.send("PATCH", &path, Some(json!({"is_archived": true}))).await;
    assert_eq!(said(&team["id"]).await, (422, "Product is archived.".into()));
    let reset = world.patch(&id, json!({"product_id": pro["id"], "proration_behavior": "reset"})).await;
    assert_eq!((reset.0, &reset.1["detail"][0]["loc"]), (422, &json!(["body", "proration_behavior"])));
    world.patch(&id, json!({"cancel_at_period_end": true})).await;
    let (status, refusal) = world.patch(&id, json!({"product_id": pro["id"]})).await;
    assert_eq!((status, &refusal["error"]), (403, &json!("AlreadyCanceledSubscription")));
}

//! Previews are what the change then costs; discounts of subscriptions; anchors; what is not sold.

use serde_json::{Value, json};

use super::benefits::{benefits, id, made};
use super::harness::World;
use crate::sandbox::clock::Stamp;

const CARD: &str = "4242 4242 4242 4242";

async fn preview(world: &World, subscription: &str, body: Value) -> (u16, Value) {
    world.send("POST", &format!("/v1/subscriptions/{subscription}/change-preview"), Some(body)).await
}

async fn newest(world: &World) -> Value {
    world.get("/v1/orders/").await.1["items"][0].clone()
}

async fn discount(world: &World, more: Value) -> Value {
    let mut body = json!({"name": "Off", "type": "percentage", "basis_points": 2000, "duration": "forever"});
    crate::sandbox::api::products::join(&mut body, more);
    made(world, "/v1/discounts/", body).await
}

fn time(value: &Value) -> Stamp {
    Stamp::read(value.as_str().expect("a time")).expect("a time")
}

/// The amounts of a preview and of an order have the same names.
fn sums(value: &Value) -> Value {
    let keys = [
        "subtotal_amount",
        "discount_amount",
        "net_amount",
        "tax_amount",
        "total_amount",
        "applied_balance_amount",
        "due_amount",
    ];
    json!(keys.map(|key| value[key].clone()))
}

#[tokio::test]
async fn a_change_costs_what_its_preview_said() {
    let world = World::new().await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let team = world.product("Team", Some("month"), 2_500).await;
    let yearly = world.product("Yearly", Some("year"), 10_000).await;
    let subscription = world.subscribe(&pro, "user-2", CARD).await;
    let (status, first) = preview(&world, &subscription, json!({"product_id": team["id"]})).await;
    assert_eq!((status, sums(&first)), (200, json!([1_500, 0, 1_500, 0, 1_500, 0, 1_500])));
    let labels: Vec<&str> = first["prorations"]
        .as_array()
        .expect("lines")
        .iter()
        .filter_map(|one| one["label"].as_str()?.split(" — ").next())
        .collect();
    assert_eq!(labels, ["Team", "Remaining time on Pro"]);
    let one = world.get(&format!("/v1/subscriptions/{subscription}")).await.1;
    assert_eq!((&one["product_id"], &one["modified_at"]), (&pro["id"], &json!(null)), "nothing has changed");
    for product in [&team, &yearly, &pro] {
        let body = json!({"product_id": product["id"], "proration_behavior": "invoice"});
        let said = preview(&world, &subscription, body.clone()).await.1;
        assert_eq!(world.patch(&subscription, body).await.0, 200);
        assert_eq!(sums(&newest(&world).await), sums(&said), "{said}");
    }
    let later = json!({"product_id": team["id"], "proration_behavior": "next_period"});
    assert_eq!(preview(&world, &subscription, later).await.1["due_amount"], 0);
}

#[tokio::test]
async fn previews_are_refused_as_the_change_would_be() {
    let world = World::new().await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let once = world.product("Once", None, 500).await;
    let subscription = world.subscribe(&pro, "u1", CARD).await;
    assert_eq!(preview(&world, &subscription, json!({"product_id": once["id"]})).await.0, 422);
    assert_eq!(preview(&world, &subscription, json!({})).await.0, 422);
    assert_eq!(preview(&world, &subscription, json!({"product_id": pro["id"], "seat": 1})).await.0, 422);
    let reset = json!({"product_id": pro["id"], "proration_behavior": "reset"});
    assert_eq!(preview(&world, &subscription, reset).await.0, 422);
    for (body, error) in
        [(json!({"seats": 2}), "NotASeatBasedSubscription"), (json!({"units": 2}), "NotAUnitBasedSubscription")]
    {
        let (status, refused) = preview(&world, &subscription, body.clone()).await;
        assert_eq!((status, &refused["error"]), (400, &json!(error)));
        let (status, refused) = world.patch(&subscription, body).await;
        assert_eq!((status, &refused["error"]), (400, &json!(error)));
    }
    world.patch(&subscription, json!({"cancel_at_period_end": true})).await;
    let (status, refused) = world.patch(&subscription, json!({"seats": 2})).await;
    assert_eq!((status, &refused["error"]), (403, &json!("AlreadyCanceledSubscription")));
}

#[tokio::test]
async fn the_next_charge_is_foretold_with_usage_and_discount() {
    let world = World::new().await;
    let (meter, _) = benefits(&world).await;
    let prices = json!([{"amount_type": "fixed", "price_amount": 900},
        {"amount_type": "metered_unit", "meter_id": meter["id"], "unit_amount": "0.1"}]);
    let body = json!({"name": "Plus", "recurring_interval": "month", "prices": prices});
    let product = made(&world, "/v1/products/", body).await;
    let subscription = world.subscribe(&product, "u1", CARD).await;
    let off = discount(&world, json!({})).await;
    world.patch(&subscription, json!({"discount_id": off["id"]})).await;
    let event = json!({"events": [{"name": "ai_usage", "external_customer_id": "u1", "metadata": {"tokens": 6_000}}]});
    world.send("POST", "/v1/events/ingest", Some(event)).await;
    world.send("POST", "/sandbox/clock", Some(json!({"advance_ms": 900_000}))).await;
    world.idle().await;
    let said = world.get(&format!("/v1/subscriptions/{subscription}/charge-preview")).await.1;
    assert_eq!((&said["base_amount"], &said["metered_amount"]), (&json!(900), &json!(600)));
    assert_eq!(sums(&said), json!([1_500, 300, 1_200, 0, 1_200, 0, 1_200]));
    world.advance(32).await;
    assert_eq!(sums(&newest(&world).await), sums(&said));
    let path = format!("/v1/subscriptions/{subscription}/cancel-preview");
    assert_eq!(world.get(&path).await.1, json!({"stops_collection": false, "outstanding_amount": null}));
}

#[tokio::test]
async fn a_discount_changes_the_amount_at_once_and_the_bills_from_the_next_on() {
    let world = World::new().await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let subscription = world.subscribe(&pro, "u1", CARD).await;
    let off = discount(&world, json!({"duration": "repeating", "duration_in_months": 2})).await;
    world.told().await;
    let (status, one) = world.patch(&subscription, json!({"discount_id": off["id"]})).await;
    assert_eq!((status, &one["amount"], &one["discount"]["id"]), (200, &json!(800), &off["id"]));
    assert_eq!(world.told().await, ["subscription.updated"]);
    let (status, refused) = world.patch(&subscription, json!({"discount_id": off["id"]})).await;
    assert_eq!(
        (status, &refused["detail"][0]["msg"]),
        (422, &json!("This discount is already applied to the subscription."))
    );
    assert_eq!(world.get(&format!("/v1/discounts/{}", id(&off))).await.1["redemptions_count"], 1);
    let listed = world.get(&format!("/v1/subscriptions/?discount_id={}", id(&off))).await.1;
    assert_eq!(listed["pagination"]["total_count"], 1);
    let mut bills = Vec::new();
    for _ in 0..3 {
        world.advance(31).await;
        let order = newest(&world).await;
        bills.push(json!([order["subtotal_amount"], order["discount_amount"], order["due_amount"]]));
    }
    assert_eq!(bills, [json!([1_000, 200, 800]), json!([1_000, 200, 800]), json!([1_000, 0, 1_000])]);
    let one = world.get(&format!("/v1/subscriptions/{subscription}")).await.1;
    assert_eq!((&one["amount"], &one["discount_id"]), (&json!(1_000), &json!(null)), "its two months are over");
    let other = discount(&world, json!({})).await;
    let gone = format!("/v1/discounts/{}", id(&other));
    world.patch(&subscription, json!({"discount_id": other["id"]})).await;
    assert_eq!((world.send("DELETE", &gone, None).await.0, world.get(&gone).await.0), (204, 404));
    let one = world.get(&format!("/v1/subscriptions/{subscription}")).await.1;
    assert_eq!((&one["amount"], &one["discount"]["id"]), (&json!(800), &other["id"]), "who has it keeps it");
    let (_, one) = world.patch(&subscription, json!({"discount_id": null})).await;
    assert_eq!((&one["amount"], &one["discount"]), (&json!(1_000), &json!(null)));
}

#[tokio::test]
async fn prorations_are_discounted_once() {
    let world = World::new().await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let team = world.product("Team", Some("month"), 2_500).await;
    let off = discount(&world, json!({})).await;
    let checkout = world.checkout(&pro, json!({"discount_id": off["id"], "external_customer_id": "u1"})).await;
    assert_eq!(world.pay(&checkout, "u1@boreal.dev", CARD).await.0, 303);
    world.idle().await;
    let one = world.get("/v1/subscriptions/").await.1["items"][0].clone();
    assert_eq!(one["amount"], 800);
    world.patch(id(&one), json!({"product_id": team["id"], "proration_behavior": "invoice"})).await;
    let order = newest(&world).await;
    let amounts: Vec<&Value> = order["items"].as_array().expect("items").iter().map(|item| &item["amount"]).collect();
    assert_eq!((amounts, &order["discount_amount"]), (vec![&json!(2_000), &json!(-800)], &json!(0)));
    assert_eq!(world.get("/v1/subscriptions/").await.1["items"][0]["amount"], 2_000);
}

#[tokio::test]
async fn a_discount_of_a_trial_counts_from_the_first_paid_period() {
    let world = World::new().await;
    let off = discount(&world, json!({"duration": "once", "basis_points": 10_000})).await;
    let body = json!({"name": "Trial", "recurring_interval": "month", "trial_interval": "day", "trial_interval_count": 7,
        "prices": [{"amount_type": "fixed", "price_amount": 1500}]});
    let product = made(&world, "/v1/products/", body).await;
    let checkout = world.checkout(&product, json!({"discount_id": off["id"]})).await;
    assert_eq!(world.pay(&checkout, "u1@boreal.dev", CARD).await.0, 303);
    world.idle().await;
    world.advance(8).await;
    let order = newest(&world).await;
    assert_eq!((&order["discount_amount"], &order["due_amount"]), (&json!(1_500), &json!(0)));
    world.advance(32).await;
    assert_eq!(newest(&world).await["due_amount"], 1_500);
}

#[tokio::test]
async fn what_began_on_a_31st_goes_back_to_it() {
    let world = World::new().await;
    let now = time(&world.get("/sandbox/clock").await.1["now"]);
    let mut start = now;
    while start.day_of_month() != 31 {
        start = start.plus_interval("day", 1);
    }
    let body = json!({"advance_ms": (start.0 - now.0) / 1_000});
    world.send("POST", "/sandbox/clock", Some(body)).await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let subscription = world.subscribe(&pro, "u1", CARD).await;
    let mut days = Vec::new();
    for _ in 0..12 {
        let one = world.get(&format!("/v1/subscriptions/{subscription}")).await.1;
        let end = time(&one["current_period_end"]);
        days.push(end.day_of_month());
        let now = time(&world.get("/sandbox/clock").await.1["now"]);
        world.send("POST", "/sandbox/clock", Some(json!({"advance_ms": (end.0 - now.0) / 1_000 + 1_000}))).await;
    }
    assert_eq!(days.iter().filter(|day| **day == 31).count(), 7, "{days:?}");
    assert_eq!(days.iter().filter(|day| **day == 30).count(), 4, "{days:?}");
}

#[tokio::test]
async fn a_lost_card_is_not_tried_before_the_deadline() {
    let world = World::new().await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let subscription = world.subscribe(&pro, "u1", "4000 0000 0000 9987").await;
    world.advance(32).await;
    let one = world.get(&format!("/v1/subscriptions/{subscription}")).await.1;
    assert_eq!(one["status"], "past_due");
    let order = newest(&world).await;
    let wait = time(&order["next_payment_attempt_at"]).0 - time(&one["past_due_at"]).0;
    assert_eq!(wait / 86_400_000_000, 21);
    let path = format!("/v1/subscriptions/{subscription}/cancel-preview");
    assert_eq!(world.get(&path).await.1, json!({"stops_collection": true, "outstanding_amount": 1_000}));
    world.told().await;
    world.advance(22).await;
    assert_eq!(
        world.told().await,
        ["subscription.updated", "subscription.canceled", "subscription.revoked", "order.updated"]
    );
}

#[tokio::test]
async fn confirmations_are_limited_when_that_is_switched_on() {
    let world = World::new().await;
    world.faults(json!({"limit_confirms": true})).await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let checkout = world.checkout(&pro, json!({})).await;
    let path = format!("/v1/checkouts/client/{}/confirm", checkout["client_secret"].as_str().expect("a secret"));
    for _ in 0..6 {
        assert_eq!(world.send("POST", &path, Some(json!({}))).await.0, 422);
    }
    let answer =
        world.http.post(format!("{}{path}", world.sandbox.origin())).json(&json!({})).send().await.expect("one");
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].as_bytes()), (429, b"1800".as_slice()));
    assert!(answer.bytes().await.expect("bytes").is_empty());
    let (status, _, page) = world.pay(&checkout, "ada@boreal.dev", CARD).await;
    assert!(status == 200 && page.contains("too many attempts"), "the page is held to it too");
}

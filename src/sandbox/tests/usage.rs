//! Metered prices: shown as recorded, charged exactly, with credits, caps and a last bill.

use serde_json::{Value, json};

use super::benefits::{benefits, id, made};
use super::harness::World;

const CARD: &str = "4242 4242 4242 4242";

/// The recorded product: 9.00 a month and a tenth of a cent a token, at most 50.00 (http/016).
pub async fn pro_plus(world: &World, meter: &Value, credit: Option<&Value>) -> Value {
    let body = json!({"name": "Pro plus usage", "recurring_interval": "month", "prices": [
        {"amount_type": "fixed", "price_amount": 900, "price_currency": "usd"},
        {"amount_type": "metered_unit", "meter_id": meter["id"], "unit_amount": "0.1", "cap_amount": 5000,
            "price_currency": "usd"}]});
    let product = made(world, "/v1/products/", body).await;
    if let Some(credit) = credit {
        let path = format!("/v1/products/{}/benefits", id(&product));
        assert_eq!(world.send("POST", &path, Some(json!({"benefits": [credit["id"]]}))).await.0, 200);
    }
    product
}

pub async fn uses(world: &World, user: &str, tokens: &[Value]) {
    let event =
        |tokens: &Value| json!({"name": "ai_usage", "external_customer_id": user, "metadata": {"tokens": tokens}});
    let events: Vec<Value> = tokens.iter().map(event).collect();
    assert_eq!(world.send("POST", "/v1/events/ingest", Some(json!({"events": events}))).await.0, 200);
    // Usage is worked out every quarter of an hour.
    world.idle().await;
    assert_eq!(world.send("POST", "/sandbox/clock", Some(json!({"advance_ms": 900_000}))).await.0, 200);
    world.idle().await;
}

async fn read(world: &World, subscription: &str) -> Value {
    world.get(&format!("/v1/subscriptions/{subscription}")).await.1
}

pub fn row(subscription: &Value) -> Value {
    let row = &subscription["meters"][0];
    json!([row["consumed_units"], row["credited_units"], row["amount"]])
}

pub async fn newest(world: &World) -> Value {
    world.get("/v1/orders/").await.1["items"][0].clone()
}

pub fn items(order: &Value) -> Vec<(String, i64)> {
    let item = |one: &Value| {
        let label = one["label"].as_str().expect("text");
        (label.split(" — From ").next().expect("a part").to_owned(), one["amount"].as_i64().expect("an amount"))
    };
    order["items"].as_array().expect("items").iter().map(item).collect()
}

#[tokio::test]
async fn usage_is_shown_on_the_subscription_and_billed_with_the_renewal() {
    let world = World::new().await;
    let (meter, _) = benefits(&world).await;
    let product = pro_plus(&world, &meter, None).await;
    assert_eq!(product["prices"][1]["unit_amount"], "0.1", "the first answer has it as it was sent");
    let again = world.get(&format!("/v1/products/{}", id(&product))).await.1;
    assert_eq!(again["prices"][1]["unit_amount"], "0.100000000000");
    let checkout = world.checkout(&product, json!({})).await;
    assert_eq!((&checkout["amount"], &checkout["is_payment_required"]), (&json!(900), &json!(true)));
    uses(&world, "user-30", &[json!(9_999)]).await;
    let subscription = world.subscribe(&product, "user-30", CARD).await;
    let before = read(&world, &subscription).await;
    assert_eq!(row(&before), json!([0.0, 0, 0]), "usage from before is nobody's to pay");
    world.told().await;
    uses(&world, "user-30", &[json!(1_000), json!(14_000)]).await;
    assert_eq!(world.told().await, ["subscription.updated"]);
    let after = read(&world, &subscription).await;
    assert_eq!(row(&after), json!([15_000.0, 0, 1_500]));
    assert_eq!(after["modified_at"], before["modified_at"], "meters do not move it (C§0)");
    let state = world.get("/v1/customers/external/user-30/state").await.1;
    assert_eq!(row(&state["active_subscriptions"][0]), row(&after));
    assert!(state["active_subscriptions"][0]["meters"][0].get("meter").is_none());

    world.advance(32).await;
    let order = newest(&world).await;
    let usage = "AI tokens — (15,000 consumed units) × $0.001".to_owned();
    assert_eq!(items(&order), [("Pro plus usage".to_owned(), 900), (usage, 1_500)]);
    assert_eq!((&order["total_amount"], &order["billing_reason"]), (&json!(2_400), &json!("subscription_cycle")));
    let meters = world.get("/v1/customer-meters/?external_customer_id=user-30").await.1;
    assert_eq!(meters["items"][0]["consumed_units"], 0.0);
    assert_eq!(row(&read(&world, &subscription).await), row(&after), "until there is more usage, as recorded");
    world.advance(32).await;
    assert_eq!(newest(&world).await["total_amount"], 900, "what is billed is billed");
}

#[tokio::test]
async fn credits_are_used_first_and_the_cap_holds() {
    let world = World::new().await;
    let (meter, credits) = benefits(&world).await;
    let product = pro_plus(&world, &meter, Some(&credits[0])).await;
    let subscription = world.subscribe(&product, "u1", CARD).await;
    uses(&world, "u1", &[json!(0.1), json!(0.2), json!(1_000)]).await;
    assert_eq!(row(&read(&world, &subscription).await), json!([1_000.3, 1_000, 0]), "0.3 tokens cost nothing yet");
    uses(&world, "u1", &[json!(499.7)]).await;
    assert_eq!(row(&read(&world, &subscription).await), json!([1_500.0, 1_000, 50]));
    world.advance(32).await;
    let usage = "AI tokens — (500 consumed units) × $0.001".to_owned();
    assert_eq!(items(&newest(&world).await)[1], (usage, 50));
    let meters = world.get("/v1/customer-meters/?external_customer_id=u1").await.1;
    let row_of = |item: &Value| json!([item["consumed_units"], item["credited_units"], item["balance"]]);
    assert_eq!(row_of(&meters["items"][0]), json!([0.0, 1_000, 1_000.0]), "the credit is renewed once");
    uses(&world, "u1", &[json!(90_000)]).await;
    assert_eq!(row(&read(&world, &subscription).await), json!([90_000.0, 1_000, 5_000]));
    world.patch(&subscription, json!({"cancel_at_period_end": true})).await;
    world.told().await;
    world.advance(32).await;
    let order = newest(&world).await;
    let capped = "AI tokens — (89,000 consumed units) × $0.001 — Capped at $50.00".to_owned();
    assert_eq!(items(&order), [(capped, 5_000)], "the last bill is of the usage alone");
    assert_eq!(order["status"], "paid");
    let told = world.told().await;
    let place = |kind: &str| told.iter().position(|one| one == kind);
    assert!(place("subscription.revoked") < place("order.created"), "{told:?}");
}

#[tokio::test]
async fn what_is_left_rolls_over_where_the_benefit_says_so() {
    let world = World::new().await;
    let (meter, _) = benefits(&world).await;
    let credit = json!({"type": "meter_credit", "description": "Keeps its credits",
        "properties": {"meter_id": meter["id"], "units": 100, "rollover": true}});
    let credit = made(&world, "/v1/benefits/", credit).await;
    let product = pro_plus(&world, &meter, Some(&credit)).await;
    let subscription = world.subscribe(&product, "u1", CARD).await;
    uses(&world, "u1", &[json!(30)]).await;
    world.advance(32).await;
    uses(&world, "u1", &[json!(200)]).await;
    assert_eq!(row(&read(&world, &subscription).await), json!([200.0, 170, 3]), "70 and 100");
    assert_eq!(items(&newest(&world).await)[1].1, 0);
}

#[tokio::test]
async fn what_was_used_under_a_price_that_is_gone_is_billed_by_none() {
    let world = World::new().await;
    let (meter, _) = benefits(&world).await;
    let product = pro_plus(&world, &meter, None).await;
    let dearer = json!({"name": "Max", "recurring_interval": "month", "prices": [
        {"amount_type": "fixed", "price_amount": 1900, "price_currency": "usd"},
        {"amount_type": "metered_unit", "meter_id": meter["id"], "unit_amount": "0.2", "price_currency": "usd"}]});
    let dearer = made(&world, "/v1/products/", dearer).await;
    let subscription = world.subscribe(&product, "u1", CARD).await;
    uses(&world, "u1", &[json!(1_000)]).await;
    world.patch(&subscription, json!({"product_id": id(&dearer), "proration_behavior": "invoice"})).await;
    assert!(items(&newest(&world).await).iter().all(|(label, _)| !label.starts_with("AI tokens")));
    uses(&world, "u1", &[json!(500)]).await;
    world.advance(32).await;
    let usage = "AI tokens — (500 consumed units) × $0.002".to_owned();
    assert_eq!(items(&newest(&world).await), [("Max".to_owned(), 1_900), (usage, 100)]);
}

#[tokio::test]
async fn a_product_may_be_metered_alone_and_a_trial_uses_freely() {
    let world = World::new().await;
    let (meter, _) = benefits(&world).await;
    let body = json!({"name": "Pay as you go", "recurring_interval": "month", "trial_interval": "day",
        "trial_interval_count": 7, "prices": [{"amount_type": "metered_unit", "meter_id": meter["id"], "unit_amount": 0.5}]});
    let product = made(&world, "/v1/products/", body).await;
    let checkout = world.checkout(&product, json!({"allow_trial": false})).await;
    let needs =
        ["is_payment_required", "is_payment_setup_required", "is_free_product_price"].map(|key| checkout[key] == true);
    assert_eq!((&checkout["amount"], needs), (&json!(0), [false, true, false]));
    let page = world.http.get(checkout["url"].as_str().expect("a URL")).send().await.expect("a page").text().await;
    let page = page.expect("text");
    assert!(page.contains("plus $0.005 for each unit of AI tokens, billed at the end"), "{page}");
    let subscription = world.subscribe(&product, "u1", CARD).await;
    uses(&world, "u1", &[json!(1_000)]).await;
    assert_eq!(row(&read(&world, &subscription).await), json!([0.0, 0, 0]));
    world.advance(8).await;
    uses(&world, "u1", &[json!(7)]).await;
    world.advance(32).await;
    let usage = "AI tokens — (7 consumed units) × $0.005".to_owned();
    assert_eq!(items(&newest(&world).await), [(usage, 4)], "3.5 cents are rounded up");
}

#[tokio::test]
async fn a_metered_price_that_cannot_be_is_refused() {
    let world = World::new().await;
    let (meter, _) = benefits(&world).await;
    let refused = async |interval: Option<&str>, more: Value| {
        let mut price = json!({"amount_type": "metered_unit", "meter_id": meter["id"], "unit_amount": "1"});
        crate::sandbox::api::products::join(&mut price, more);
        let body = json!({"name": "Metered", "recurring_interval": interval, "prices": [price]});
        let (status, answer) = world.send("POST", "/v1/products/", Some(body)).await;
        (status, answer["detail"][0]["msg"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(refused(Some("month"), json!({})).await.0, 201);
    let nobody = json!({"meter_id": "00000000-0000-4000-8000-000000000000"});
    assert_eq!(refused(Some("month"), nobody).await, (422, "Meter does not exist.".to_owned()));
    assert_eq!(refused(None, json!({})).await.1, "Metered pricing is not supported on one-time products.");
    assert_eq!(refused(Some("month"), json!({"unit_amount": "0"})).await.1, "Input should be greater than 0");
    let tiny = json!({"unit_amount": "0.0000000000001"});
    assert_eq!(refused(Some("month"), tiny).await.1, "Decimal input should have no more than 12 decimal places");
    assert_eq!(refused(Some("month"), json!({"unit_amount": "much"})).await.1, "Input should be a valid decimal");
    let together = async |prices: Value| {
        let body = json!({"name": "Several", "recurring_interval": "month", "prices": prices});
        let (status, answer) = world.send("POST", "/v1/products/", Some(body)).await;
        (status, answer["detail"][0]["msg"].as_str().unwrap_or_default().to_owned(), answer["detail"][0]["loc"].clone())
    };
    let fixed = |currency: &str| json!({"amount_type": "fixed", "price_amount": 500, "price_currency": currency});
    let metered = |currency: &str| json!({"amount_type": "metered_unit", "meter_id": meter["id"], "unit_amount": "1", "price_currency": currency});
    let said = together(json!([fixed("usd"), fixed("usd")])).await;
    assert_eq!(said, (422, "Only one fixed price is allowed.".to_owned(), json!(["body", "prices"])));
    assert_eq!(together(json!([metered("usd"), metered("usd")])).await.1, "Meter is already used for another price.");
    let uneven = "All price currencies must define the same set of price types.";
    assert_eq!(together(json!([fixed("usd"), metered("usd"), fixed("eur")])).await.1, uneven);
    let custom = json!({"amount_type": "custom"});
    assert!(together(json!([fixed("usd"), custom])).await.1.starts_with("A custom price cannot be combined"));
    let (_, _, place) = together(json!([fixed("usd"), {"amount_type": "fixed"}])).await;
    assert_eq!(place, json!(["body", "prices", 1, "price_amount"]));
    assert_eq!(together(json!([fixed("usd"), fixed("eur"), metered("eur"), metered("usd")])).await.0, 201);
}

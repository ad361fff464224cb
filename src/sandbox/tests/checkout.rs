//! Buying, cancelling and who the buyer is.

use serde_json::json;

use super::harness::World;

const FIRST_PURCHASE: [&str; 12] = [
    "checkout.created",
    "member.created",
    "checkout.updated",
    "customer.created",
    "subscription.created",
    "subscription.active",
    "subscription.updated",
    "order.created",
    "order.updated",
    "order.paid",
    "checkout.updated",
    "customer.state_changed",
];

#[tokio::test]
async fn a_purchase_leads_back_and_sends_polars_events_in_order() {
    let world = World::new().await;
    let product = world.product("Pro", Some("month"), 1_000).await;
    let (checkout, location) = world.buy(&product, "user-1", "ada@boreal.dev").await;
    let id = checkout["id"].as_str().expect("an id");
    assert!(
        location.starts_with(&format!(
            "http://127.0.0.1:3000/confirmation?checkout_id={id}&customer_session_token=polar_cst_"
        )),
        "{location}"
    );
    let told = world.kinds();
    assert!(told.ends_with(&["checkout.updated".to_owned()]), "the page waited for the webhook: {told:?}");

    world.idle().await;
    let kinds = world.kinds();
    assert_eq!(kinds[0], "product.created");
    assert_eq!(kinds[1..13], FIRST_PURCHASE);
    assert_eq!(kinds[13..], ["order.updated", "order.updated"], "the fee and the invoice");
    let order = &world.get(&format!("/v1/orders/?checkout_id={id}")).await.1["items"][0];
    assert_eq!(
        (&order["status"], &order["total_amount"], &order["metadata"]["user_id"]),
        (&json!("paid"), &json!(1_000), &json!("user-1"))
    );
    let listed =
        world.get("/v1/subscriptions/?external_customer_id=user-1&metadata[user_id]=user-1&active=true").await.1;
    assert_eq!(listed["pagination"]["total_count"], 1);
    assert_eq!(listed["items"][0]["status"], "active");
    let state = world.get("/v1/customers/external/user-1/state").await.1;
    assert_eq!(state["active_subscriptions"][0]["id"], listed["items"][0]["id"]);
    let (status, page, _) = world.pay(&checkout, "ada@boreal.dev", "4242424242424242").await;
    assert_eq!((status, page.as_str()), (200, ""), "paying twice shows that it is paid");
}

#[tokio::test]
async fn a_declined_card_leaves_the_checkout_open_for_another() {
    let world = World::new().await;
    let product = world.product("Pro", Some("month"), 1_000).await;
    let checkout = world.checkout(&product, json!({"external_customer_id": "user-1"})).await;
    let (status, _, page) = world.pay(&checkout, "ada@boreal.dev", "4000 0000 0000 0002").await;
    assert!(status == 200 && page.contains("Your card was declined."), "{page}");
    let path = format!("/v1/checkouts/{}", checkout["id"].as_str().expect("an id"));
    assert_eq!(world.get(&path).await.1["status"], "open");
    world.idle().await;
    assert_eq!(world.kinds()[1..], ["checkout.created", "checkout.updated"]);
    assert_eq!(world.get("/v1/customers/").await.1["pagination"]["total_count"], 0);
    assert_eq!(world.pay(&checkout, "ada@boreal.dev", "4242 4242 4242 4242").await.0, 303);
    assert_eq!(world.get(&path).await.1["status"], "succeeded");
}

#[tokio::test]
async fn free_and_trial_purchases_charge_nothing() {
    let world = World::new().await;
    let free = world.product("Free", None, 0).await;
    let checkout = world.checkout(&free, json!({"external_customer_id": "u"})).await;
    assert_eq!(
        (&checkout["is_payment_form_required"], &checkout["is_free_product_price"]),
        (&json!(false), &json!(true))
    );
    let page = world
        .http
        .get(checkout["url"].as_str().expect("a URL"))
        .send()
        .await
        .expect("a page")
        .text()
        .await
        .expect("text");
    assert!(page.contains(">Confirm<") && !page.contains("Card number"));
    assert_eq!(world.pay(&checkout, "ada@boreal.dev", "").await.0, 303);

    let body = json!({"name": "Trial", "recurring_interval": "month", "trial_interval": "day", "trial_interval_count": 7,
        "prices": [{"amount_type": "fixed", "price_amount": 1500, "price_currency": "usd"}]});
    let trial = world.send("POST", "/v1/products/", Some(body)).await.1;
    let without = world.checkout(&trial, json!({"allow_trial": false})).await;
    assert_eq!((&without["active_trial_interval"], &without["is_payment_required"]), (&json!(null), &json!(true)));
    let checkout = world.checkout(&trial, json!({"external_customer_id": "u"})).await;
    assert_eq!(
        (&checkout["active_trial_interval_count"], &checkout["is_payment_required"]),
        (&json!(7), &json!(false))
    );
    assert_eq!(world.pay(&checkout, "", "4242424242424242").await.0, 303);
    let one = &world.get("/v1/subscriptions/").await.1["items"][0];
    assert_eq!((&one["status"], &one["trial_end"]), (&json!("trialing"), &one["current_period_end"]));
    let order = world.get("/v1/orders/?product_billing_type=recurring").await.1["items"][0].clone();
    assert_eq!((&order["total_amount"], &order["billing_reason"]), (&json!(0), &json!("subscription_create")));
}

#[tokio::test]
async fn an_email_of_another_customer_takes_the_purchase_and_gives_no_session() {
    let world = World::new().await;
    let product = world.product("Credits", None, 500).await;
    world.buy(&product, "user-1", "ada@boreal.dev").await;
    let (checkout, location) = world.buy(&product, "user-1b", "ADA@boreal.dev").await;
    assert!(!location.contains("customer_session_token"), "{location}");
    let id = checkout["id"].as_str().expect("an id");
    assert_eq!(world.get(&format!("/v1/checkouts/{id}")).await.1["external_customer_id"], "user-1b");
    let order = world.get(&format!("/v1/orders/?checkout_id={id}")).await.1["items"][0].clone();
    assert_eq!(order["customer"]["external_id"], "user-1");
    assert_eq!(world.get("/v1/customers/external/user-1b").await.0, 404);
    let third =
        world.checkout(&product, json!({"external_customer_id": "user-1", "customer_email": "else@boreal.dev"})).await;
    assert_eq!(third["customer_email"], "ada@boreal.dev", "a known customer keeps its address");
}

#[tokio::test]
async fn a_second_subscription_is_refused_when_paying() {
    let world = World::new().await;
    let product = world.product("Pro", Some("month"), 1_000).await;
    world.buy(&product, "user-1", "ada@boreal.dev").await;
    let checkout = world.checkout(&product, json!({"external_customer_id": "user-1"})).await;
    let (status, _, page) = world.pay(&checkout, "ada@boreal.dev", "4242424242424242").await;
    assert!(status == 200 && page.contains("already have an active subscription"), "{page}");
    let path = format!("/v1/checkouts/client/{}/confirm", checkout["client_secret"].as_str().expect("a secret"));
    let body = json!({"confirmation_token_id": "ctoken_ok", "customer_billing_address": {"country": "DE"}});
    let (status, refusal) = world.send("POST", &path, Some(body)).await;
    assert_eq!((status, &refusal["error"]), (403, &json!("AlreadyActiveSubscriptionError")));
}

#[tokio::test]
async fn the_portal_cancels_and_keeps_and_the_clock_reaches_the_end() {
    let world = World::new().await;
    let product = world.product("Pro", Some("month"), 1_000).await;
    world.buy(&product, "user-1", "ada@boreal.dev").await;
    let body = json!({"external_customer_id": "user-1", "return_url": "http://127.0.0.1:3000/account"});
    let (status, session) = world.send("POST", "/v1/customer-sessions/", Some(body)).await;
    assert_eq!(status, 201);
    let url = session["customer_portal_url"].as_str().expect("a URL");
    let show = async || world.http.get(url).send().await.expect("a page").text().await.expect("text");
    let page = show().await;
    assert!(page.contains("Cancel subscription") && page.contains("http://127.0.0.1:3000/account"), "{page}");
    let id = world.get("/v1/subscriptions/").await.1["items"][0]["id"].as_str().expect("an id").to_owned();
    let press = async |act: &str| {
        let url = format!("{}/boreal-sandbox/portal/subscriptions/{id}/{act}", world.sandbox.origin());
        let body = format!("customer_session_token={}", session["token"].as_str().expect("a token"));
        let request = world.http.post(url).header("content-type", "application/x-www-form-urlencoded").body(body);
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(press("cancel").await, 303);
    assert!(show().await.contains("Keep subscription"));
    let path = format!("/v1/subscriptions/{id}");
    let again = world.send("PATCH", &path, Some(json!({"cancel_at_period_end": true}))).await;
    assert_eq!((again.0, &again.1["error"]), (403, &json!("AlreadyCanceledSubscription")));
    assert_eq!(press("keep").await, 303);
    assert_eq!(world.get(&path).await.1["ends_at"], json!(null));
    assert_eq!(world.send("PATCH", &path, Some(json!({"cancel_at_period_end": false}))).await.0, 400);
    assert_eq!(world.send("PATCH", &path, Some(json!({"cancel_at_period_end": true, "metadata": {}}))).await.0, 422);

    assert_eq!(world.send("PATCH", &path, Some(json!({"cancel_at_period_end": true}))).await.0, 200);
    world.send("POST", "/sandbox/clock", Some(json!({"advance_ms": 32_u64 * 86_400_000}))).await;
    assert_eq!(world.get(&path).await.1["status"], "canceled");
    world.idle().await;
    let kinds = world.kinds();
    let ends: Vec<&String> = kinds.iter().filter(|kind| kind.starts_with("subscription.")).skip(3).collect();
    let wanted =
        ["updated", "canceled", "updated", "uncanceled", "updated", "canceled", "updated", "canceled", "revoked"];
    assert_eq!(ends, wanted.map(|kind| format!("subscription.{kind}")).iter().collect::<Vec<_>>());
    assert_eq!(world.send("PATCH", &path, Some(json!({"cancel_at_period_end": false}))).await.0, 410);
    assert_eq!(world.send("DELETE", &path, None).await.0, 403);
    assert_eq!(world.http.get(url).send().await.expect("a page").status().as_u16(), 401, "the session ended long ago");
}

#[tokio::test]
async fn an_old_checkout_expires() {
    let world = World::new().await;
    let product = world.product("Pro", Some("month"), 1_000).await;
    let checkout = world.checkout(&product, json!({})).await;
    world.send("POST", "/sandbox/clock", Some(json!({"advance_ms": 86_400_000 + 900_000}))).await;
    world.idle().await;
    assert_eq!(world.kinds().last().map(String::as_str), Some("checkout.expired"));
    let path = format!("/v1/checkouts/client/{}", checkout["client_secret"].as_str().expect("a secret"));
    let (status, body) = world.get(&path).await;
    assert_eq!((status, &body["error"]), (410, &json!("ExpiredCheckoutError")));
}

#[tokio::test]
async fn time_renews_a_subscription_and_turns_a_trial_into_one() {
    let world = World::new().await;
    let body = json!({"name": "Trial", "recurring_interval": "month", "trial_interval": "day", "trial_interval_count": 7,
        "prices": [{"amount_type": "fixed", "price_amount": 1500, "price_currency": "usd"}]});
    let product = world.send("POST", "/v1/products/", Some(body)).await.1;
    world.buy(&product, "user-1", "ada@boreal.dev").await;
    world.idle().await;
    let before = world.kinds().len();
    let advance =
        async |days: u64| world.send("POST", "/sandbox/clock", Some(json!({"advance_ms": days * 86_400_000}))).await;
    advance(8).await;
    world.idle().await;
    let told = world.kinds().split_off(before);
    let wanted = ["subscription.cycled", "subscription.updated", "order.created", "order.updated", "order.paid"];
    assert_eq!(told[..5], wanted);
    let one = world.get("/v1/subscriptions/").await.1["items"][0].clone();
    assert_eq!((&one["status"], &one["current_period_start"]), (&json!("active"), &one["trial_end"]));
    let orders = world.get("/v1/orders/?sorting=created_at").await.1["items"].clone();
    let bills: Vec<_> = orders
        .as_array()
        .expect("orders")
        .iter()
        .map(|o| (o["total_amount"].clone(), o["billing_reason"].clone()))
        .collect();
    assert_eq!(bills, [(json!(0), json!("subscription_create")), (json!(1500), json!("subscription_cycle"))]);
    advance(62).await;
    assert_eq!(world.get("/v1/orders/").await.1["pagination"]["total_count"], 4, "two more months, two more bills");
}

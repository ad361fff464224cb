//! Refunds, invoices and receipts of orders.

use serde_json::{Value, json};

use super::harness::World;

async fn bought(amount: i64, interval: Option<&str>) -> (World, String) {
    let world = World::new().await;
    let product = world.product("Thing", interval, amount).await;
    world.buy(&product, "user-2", "ada@boreal.dev").await;
    world.told().await;
    let id = world.get("/v1/orders/").await.1["items"][0]["id"].as_str().expect("an id").to_owned();
    (world, id)
}

async fn refund(world: &World, body: Value) -> (u16, Value) {
    world.send("POST", "/v1/refunds/", Some(body)).await
}

#[tokio::test]
async fn a_part_then_the_rest_and_then_no_more() {
    let (world, id) = bought(1_000, Some("month")).await;
    let body = json!({"order_id": id, "reason": "customer_request", "amount": 400, "comment": "partly", "metadata": {"k": "v"}});
    let (status, first) = refund(&world, body).await;
    assert_eq!((status, &first["status"], &first["amount"]), (201, &json!("succeeded"), &json!(400)));
    let events = ["refund.created", "order.updated", "order.refunded", "refund.updated", "refund.updated"];
    assert_eq!(world.told().await, events);
    let order = world.get(&format!("/v1/orders/{id}")).await.1;
    assert_eq!((&order["status"], &order["paid"]), (&json!("partially_refunded"), &json!(true)));
    assert_eq!((&order["refunded_amount"], &order["refundable_amount"]), (&json!(400), &json!(600)));
    let over = refund(&world, json!({"order_id": id, "reason": "other", "amount": 601})).await;
    assert_eq!((over.0, &over.1["detail"][0]["msg"]), (422, &json!("Refund amount exceeds refundable amount")));
    assert_eq!(refund(&world, json!({"order_id": id, "reason": "other", "amount": 600})).await.0, 201);
    assert_eq!(world.told().await, events);
    let again = refund(&world, json!({"order_id": id, "reason": "other", "amount": 600})).await;
    assert_eq!((again.0, &again.1["error"]), (403, &json!("RefundedAlready")));
    assert_eq!(world.get(&format!("/v1/orders/{id}")).await.1["status"], "refunded");
    assert_eq!(world.get("/v1/subscriptions/").await.1["items"][0]["status"], "active", "it goes on");
    let listed = world.get(&format!("/v1/refunds/?order_id={id}&external_customer_id=user-2&succeeded=true")).await.1;
    assert_eq!(
        (&listed["pagination"]["total_count"], &listed["items"][1]["metadata"]),
        (&json!(2), &json!({"k": "v"}))
    );
    assert!(listed["items"][0].get("customer").is_none());
    assert_eq!(world.get("/v1/refunds/?external_customer_id=user-3").await.1["items"], json!([]));
}

#[tokio::test]
async fn one_that_is_pending_succeeds_or_fails_later() {
    let (world, id) = bought(1_000, Some("month")).await;
    let events = ["refund.created", "order.updated", "order.refunded", "refund.updated", "refund.updated"];
    for (fails, status, left) in [(true, "failed", 1_000), (false, "succeeded", 600)] {
        world.faults(json!({"refunds_pend": true, "refunds_fail": fails})).await;
        let (code, made) = refund(&world, json!({"order_id": id, "reason": "other", "amount": 400})).await;
        assert_eq!((code, &made["status"]), (201, &json!("pending")));
        let order = world.get(&format!("/v1/orders/{id}")).await.1;
        assert_eq!((&order["refundable_amount"], &order["status"]), (&json!(600), &json!("partially_refunded")));
        // The order's last event, with nothing paid back any more, is one of those that the harness leaves out.
        let events: Vec<&str> = events.into_iter().filter(|kind| !fails || *kind != "order.refunded").collect();
        assert_eq!(world.told().await, events);
        let refunds = world.get(&format!("/v1/refunds/?order_id={id}")).await.1;
        assert_eq!(refunds["items"][0]["status"], status);
        assert_eq!(world.get(&format!("/v1/orders/{id}")).await.1["refundable_amount"], left);
    }
}

#[tokio::test]
async fn what_cannot_be_refunded() {
    let (world, id) = bought(1_000, Some("month")).await;
    let error = async |body| {
        let (status, refusal) = refund(&world, body).await;
        (status, refusal["error"].as_str().unwrap_or_default().to_owned())
    };
    let benefits = json!({"order_id": id, "reason": "other", "amount": 10, "revoke_benefits": true});
    assert_eq!(error(benefits).await, (400, "RevokeSubscriptionBenefitsProhibited".into()));
    let unknown = json!({"order_id": "00000000-0000-4000-8000-000000000000", "reason": "other", "amount": 1});
    assert_eq!(error(unknown).await, (422, "PolarRequestValidationError".into()));
    for wrong in [
        json!({"order_id": id, "reason": "mood", "amount": 1}),
        json!({"order_id": id, "reason": "other", "amount": 0}),
        json!({}),
    ] {
        assert_eq!(error(wrong).await, (422, "RequestValidationError".into()));
    }
    let free = world.product("Free", None, 0).await;
    let checkout = world.checkout(&free, json!({"external_customer_id": "user-2"})).await;
    assert_eq!(world.pay(&checkout, "", "").await.0, 303);
    let order = world.get("/v1/orders/").await.1["items"][0]["id"].clone();
    let (status, refusal) = refund(&world, json!({"order_id": order, "reason": "other", "amount": 1})).await;
    assert_eq!((status, &refusal["detail"][0]["loc"]), (422, &json!(["body", "amount"])));
    assert_eq!(world.get("/v1/refunds/").await.1["pagination"]["total_count"], 0);
}

#[tokio::test]
async fn an_unpaid_order_has_no_payment_to_refund() {
    let world = World::new().await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    world.subscribe(&pro, "user-5", "4000 0000 0000 0341").await;
    world.advance(32).await;
    let order = world.get("/v1/orders/?status=pending").await.1["items"][0]["id"].clone();
    let (status, refusal) = refund(&world, json!({"order_id": order, "reason": "other", "amount": 1})).await;
    assert_eq!((status, &refusal["error"]), (404, &json!("RefundUnknownPayment")));
}

#[tokio::test]
async fn invoice_and_receipt_are_made_and_then_fetched() {
    let (world, id) = bought(500, None).await;
    let invoice = format!("/v1/orders/{id}/invoice");
    assert_eq!(world.send("POST", &invoice, Some(json!({}))).await, (202, json!(null)));
    world.idle().await;
    let (status, link) = world.get(&invoice).await;
    assert_eq!(status, 200);
    let page = world.http.get(link["url"].as_str().expect("a URL")).send().await.expect("a page");
    assert!(page.text().await.expect("text").contains("5.00 USD"));
    let receipt = format!("/v1/orders/{id}/receipt");
    assert_eq!(world.get(&receipt).await, (202, json!(null)));
    world.idle().await;
    assert_eq!(world.get(&receipt).await.0, 200);

    let free = world.product("Free", Some("month"), 0).await;
    let customer = json!({"email": "seven@boreal.dev", "external_id": "user-7"});
    world.send("POST", "/v1/customers/", Some(customer)).await;
    let body = json!({"product_id": free["id"], "external_customer_id": "user-7"});
    world.send("POST", "/v1/subscriptions/", Some(body)).await;
    let body = json!({"advance_ms": 32_u64 * 86_400_000});
    world.send("POST", "/sandbox/clock", Some(body)).await;
    let id = world.get("/v1/orders/?external_customer_id=user-7").await.1["items"][0]["id"].clone();
    let path = format!("/v1/orders/{}", id.as_str().expect("an id"));
    let refused = world.send("POST", &format!("{path}/invoice"), Some(json!({}))).await;
    assert_eq!((refused.0, &refused.1["error"]), (422, &json!("MissingInvoiceBillingDetails")));
    let none = world.get(&format!("{path}/receipt")).await;
    assert_eq!((none.0, &none.1["error"]), (404, &json!("ReceiptNotAllocated")));
}

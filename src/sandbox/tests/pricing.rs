//! What checkouts cost: codes, amounts that buyers name, currencies, prices for one checkout, trials, tax.

use serde_json::{Value, json};

use super::benefits::{id, made};
use super::harness::World;

const CARD: &str = "4242 4242 4242 4242";

async fn twenty(world: &World, more: Value) -> Value {
    let mut body =
        json!({"name": "Twenty", "code": "TWENTY", "type": "percentage", "basis_points": 2000, "duration": "once"});
    crate::sandbox::api::products::join(&mut body, more);
    made(world, "/v1/discounts/", body).await
}

fn sums(checkout: &Value) -> Value {
    json!([checkout["amount"], checkout["discount_amount"], checkout["net_amount"], checkout["total_amount"]])
}

async fn client(world: &World, checkout: &Value, method: &str, more: &str, body: Value) -> (u16, Value) {
    let secret = checkout["client_secret"].as_str().expect("a secret");
    world.send(method, &format!("/v1/checkouts/client/{secret}{more}"), Some(body)).await
}

#[tokio::test]
async fn a_discount_is_taken_off_the_checkout_and_its_order() {
    let world = World::new().await;
    let discount = twenty(&world, json!({})).await;
    let credits = world.product("Credits", None, 500).await;
    let checkout = world.checkout(&credits, json!({"discount_id": discount["id"], "customer_name": "Seven"})).await;
    assert_eq!(sums(&checkout), json!([500, 100, 400, 400]));
    assert_eq!(checkout["discount"]["basis_points"], 2000);
    let path = format!("/v1/checkouts/{}", id(&checkout));
    let (_, patched) = world.send("PATCH", &path, Some(json!({"discount_id": null}))).await;
    assert_eq!((sums(&patched), &patched["discount"]), (json!([500, 0, 500, 500]), &json!(null)));
    let (status, refused) = client(&world, &checkout, "PATCH", "", json!({"discount_code": "NOPE"})).await;
    assert_eq!((status, &refused["detail"][0]["msg"]), (422, &json!("Discount does not exist.")));
    let (_, mine) = client(&world, &checkout, "PATCH", "", json!({"discount_code": " twenty "})).await;
    assert_eq!(sums(&mine), json!([500, 100, 400, 400]));
    assert_eq!(world.pay(&checkout, "seven@boreal.dev", CARD).await.0, 303);
    world.idle().await;
    let order = world.get("/v1/orders/").await.1["items"][0].clone();
    let paid = ["subtotal_amount", "discount_amount", "net_amount", "total_amount", "due_amount"]
        .map(|key| order[key].clone());
    assert_eq!(json!(paid), json!([500, 100, 400, 400, 400]));
    assert_eq!((&order["discount_id"], &order["discount"]["code"]), (&discount["id"], &json!("TWENTY")));
    assert_eq!(world.get(&format!("/v1/discounts/{}", id(&discount))).await.1["redemptions_count"], 1);
    assert_eq!(
        world.get(&format!("/v1/orders/?discount_id={}", id(&discount))).await.1["pagination"]["total_count"],
        1
    );
}

#[tokio::test]
async fn a_discount_that_cannot_be_used_is_refused() {
    let world = World::new().await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let free = world.product("Free", Some("month"), 0).await;
    let refused = async |product: &Value, discount: &Value| {
        let body = json!({"products": [product["id"]], "discount_id": discount["id"]});
        let (status, answer) = world.send("POST", "/v1/checkouts/", Some(body)).await;
        (status, answer["detail"][0]["msg"].as_str().unwrap_or_default().to_owned())
    };
    let missing = (422, "Discount does not exist.".to_owned());
    let other = twenty(&world, json!({"code": "OTHER", "products": [free["id"]]})).await;
    assert_eq!(refused(&pro, &other).await, missing);
    assert_eq!(refused(&free, &other).await, (422, "Discounts are not applicable to this product.".to_owned()));
    let early = twenty(&world, json!({"code": "EARLY", "starts_at": "2999-01-01T00:00:00Z"})).await;
    assert_eq!(refused(&pro, &early).await, missing);
    let late = twenty(&world, json!({"code": "LATE", "ends_at": "2020-01-01T00:00:00Z"})).await;
    assert_eq!(refused(&pro, &late).await, missing);
    let euros = json!({"name": "Five", "type": "fixed", "amounts": {"eur": 500}, "duration": "once"});
    assert_eq!(refused(&pro, &made(&world, "/v1/discounts/", euros).await).await, missing);
    let single = twenty(&world, json!({"code": "SINGLE", "max_redemptions": 1})).await;
    let open = world.checkout(&pro, json!({"discount_id": single["id"]})).await;
    let quick = world.checkout(&pro, json!({"discount_id": single["id"]})).await;
    assert_eq!(world.pay(&quick, "quick@boreal.dev", CARD).await.0, 303);
    let (_, _, page) = world.pay(&open, "slow@boreal.dev", CARD).await;
    assert!(page.contains("Discount is no longer redeemable."), "{page}");
    assert_eq!(refused(&pro, &single).await, missing);
    let each = twenty(&world, json!({"code": "EACH", "max_redemptions_per_customer": 1})).await;
    let pack = world.product("Pack", None, 900).await;
    let user = json!({"external_customer_id": "u1", "discount_id": each["id"]});
    assert_eq!(world.pay(&world.checkout(&pack, user.clone()).await, "u1@boreal.dev", CARD).await.0, 303);
    let again = world.checkout(&pack, user).await;
    let (status, refusal) = client(&world, &again, "PATCH", "", json!({"discount_code": "EACH"})).await;
    assert_eq!((status, &refusal["error"]), (403, &json!("DiscountRedemptionLimitReached")));
}

#[tokio::test]
async fn everything_off_needs_a_card_only_where_something_will_be_paid() {
    let world = World::new().await;
    let all = async |duration: &str| {
        let body = json!({"name": "All", "type": "percentage", "basis_points": 10_000, "duration": duration});
        made(&world, "/v1/discounts/", body).await["id"].clone()
    };
    let (once, ever) = (all("once").await, all("forever").await);
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let pack = world.product("Pack", None, 900).await;
    let needs = async |product: &Value, discount: &Value| {
        let checkout = world.checkout(product, json!({"discount_id": discount})).await;
        ["is_payment_required", "is_payment_setup_required", "is_payment_form_required"]
            .map(|key| checkout[key] == true)
    };
    assert_eq!(needs(&pack, &once).await, [false, false, false]);
    assert_eq!(needs(&pro, &once).await, [false, true, true]);
    assert_eq!(needs(&pro, &ever).await, [false, false, false]);
    let checkout = world.checkout(&pro, json!({"discount_id": ever, "customer_email": "eve@boreal.dev"})).await;
    assert_eq!(client(&world, &checkout, "POST", "/confirm", json!({})).await.0, 200);
    world.idle().await;
    world.advance(32).await;
    let orders = world.get("/v1/orders/").await.1;
    let dues: Vec<&Value> = orders["items"].as_array().expect("items").iter().map(|one| &one["due_amount"]).collect();
    assert_eq!(dues, [0, 0], "nothing is ever taken");
    assert_eq!(world.get("/v1/subscriptions/").await.1["items"][0]["amount"], 0);
}

#[tokio::test]
async fn buyers_name_the_amount_within_its_bounds() {
    let world = World::new().await;
    let price = json!({"amount_type": "custom", "minimum_amount": 100, "maximum_amount": 5_000, "preset_amount": 700});
    let gift = made(&world, "/v1/products/", json!({"name": "Gift", "prices": [price]})).await;
    assert_eq!(world.checkout(&gift, json!({})).await["amount"], 700);
    let checkout = world.checkout(&gift, json!({"amount": 1234})).await;
    assert_eq!(sums(&checkout), json!([1_234, 0, 1_234, 1_234]));
    let refused = async |amount: i64| {
        let body = json!({"products": [gift["id"]], "amount": amount});
        let (status, answer) = world.send("POST", "/v1/checkouts/", Some(body)).await;
        (status, answer)
    };
    let low = refused(5).await;
    assert_eq!((low.0, &low.1["detail"][0]["msg"]), (422, &json!("Amount is below minimum.")));
    assert_eq!(refused(5_001).await.1["detail"][0]["msg"], "Amount is above maximum.");
    let (status, changed) = client(&world, &checkout, "PATCH", "", json!({"amount": 2_000})).await;
    assert_eq!((status, &changed["total_amount"]), (200, &json!(2_000)));
    let page = world.http.get(checkout["url"].as_str().expect("a URL")).send().await.expect("a page");
    assert!(
        page.text().await.expect("text").contains("name=\"amount\" inputmode=\"decimal\" required value=\"20.00\"")
    );
    let more = [("amount", "12.345")];
    assert!(world.pay_with(&checkout, "a@boreal.dev", CARD, &more).await.2.contains("The amount is not a number."));
    let (_, _, page) = world.pay_with(&checkout, "a@boreal.dev", "4000 0000 0000 0002", &[("amount", "41")]).await;
    assert!(page.contains("Your card was declined.") && page.contains("41.00 USD</p>"), "{page}");
    assert_eq!(world.pay_with(&checkout, "a@boreal.dev", CARD, &[("amount", "42")]).await.0, 303);
    world.idle().await;
    let order = world.get("/v1/orders/").await.1["items"][0].clone();
    assert_eq!((&order["total_amount"], &order["items"][0]["amount"]), (&json!(4_200), &json!(4_200)));
    let fixed = world.product("Fixed", None, 500).await;
    assert_eq!(world.checkout(&fixed, json!({"amount": 9_900})).await["amount"], 500, "ignored (C§11)");
}

#[tokio::test]
async fn a_product_has_prices_in_several_currencies_and_some_for_one_checkout() {
    let world = World::new().await;
    let price = |amount: i64, currency: &str| json!({"amount_type": "fixed", "price_amount": amount, "price_currency": currency});
    let body =
        json!({"name": "World", "recurring_interval": "month", "prices": [price(900, "eur"), price(1_000, "usd")]});
    let product = made(&world, "/v1/products/", body).await;
    let bought = async |more: Value| {
        let checkout = world.checkout(&product, more).await;
        json!([checkout["amount"], checkout["currency"]])
    };
    assert_eq!(bought(json!({})).await, json!([1_000, "usd"]));
    assert_eq!(bought(json!({"currency": "eur"})).await, json!([900, "eur"]));
    let body = json!({"products": [product["id"]], "currency": "sek"});
    let (status, refused) = world.send("POST", "/v1/checkouts/", Some(body)).await;
    assert_eq!((status, &refused["detail"][0]["loc"]), (422, &json!(["body", "products", 0])));
    let own = json!({"prices": {id(&product): [price(333, "usd")]}, "external_customer_id": "u1"});
    let checkout = world.checkout(&product, own).await;
    assert_eq!((&checkout["amount"], &checkout["product_price"]["source"]), (&json!(333), &json!("ad_hoc")));
    assert_eq!(checkout["prices"][id(&product)].as_array().map(Vec::len), Some(1));
    assert_eq!(checkout["product"]["prices"].as_array().map(Vec::len), Some(2), "the catalog stays as it is");
    assert_eq!(world.pay(&checkout, "u1@boreal.dev", CARD).await.0, 303);
    world.idle().await;
    let one = world.get("/v1/subscriptions/").await.1["items"][0].clone();
    assert_eq!((&one["amount"], &one["price"]["price_amount"]), (&json!(333), &json!(333)));
    let path = format!("/v1/products/{}", id(&product));
    let prices = json!({"prices": [price(1_100, "usd"), price(990, "eur")]});
    assert_eq!(world.send("PATCH", &path, Some(prices)).await.0, 200);
    let one = world.get("/v1/subscriptions/").await.1["items"][0].clone();
    assert_eq!(one["price"]["is_archived"], false, "only the catalog's prices are replaced");
    world.advance(32).await;
    assert_eq!(world.get("/v1/orders/").await.1["items"][0]["total_amount"], 333);
}

#[tokio::test]
async fn a_checkout_has_its_own_trial_or_none() {
    let world = World::new().await;
    let body = json!({"name": "Trial", "recurring_interval": "month", "trial_interval": "day", "trial_interval_count": 7,
        "prices": [{"amount_type": "fixed", "price_amount": 1500}]});
    let product = made(&world, "/v1/products/", body).await;
    let trial = async |more: Value| {
        let checkout = world.checkout(&product, more).await;
        json!([
            checkout["active_trial_interval"],
            checkout["active_trial_interval_count"],
            checkout["is_payment_required"]
        ])
    };
    assert_eq!(trial(json!({})).await, json!(["day", 7, false]));
    assert_eq!(trial(json!({"trial_interval": "week", "trial_interval_count": 2})).await, json!(["week", 2, false]));
    assert_eq!(trial(json!({"allow_trial": false})).await, json!([null, null, true]));
    for wrong in [json!({"trial_interval": "week"}), json!({"trial_interval": "week", "trial_interval_count": 1_001})] {
        let mut body = json!({"products": [product["id"]]});
        crate::sandbox::api::products::join(&mut body, wrong);
        assert_eq!(world.send("POST", "/v1/checkouts/", Some(body)).await.0, 422);
    }
    let open = world.checkout(&product, json!({})).await;
    let (_, blocked) = client(&world, &open, "PATCH", "", json!({"allow_trial": false})).await;
    assert_eq!((&blocked["trial_end"], &blocked["is_payment_required"]), (&json!(null), &json!(true)));
}

#[tokio::test]
async fn tax_is_of_what_the_discount_leaves_and_goes_back_with_a_refund() {
    let world = World::new().await;
    let credits = world.product("Credits", None, 500).await;
    let france = json!({"customer_billing_address": {"country": "FR"}});
    let checkout = world.checkout(&credits, france.clone()).await;
    let taxed = |one: &Value| json!([one["net_amount"], one["tax_amount"], one["total_amount"]]);
    assert_eq!((taxed(&checkout), &checkout["tax_behavior"]), (json!([417, 83, 500]), &json!("inclusive")));
    let discount = twenty(&world, json!({})).await;
    let (_, less) = client(&world, &checkout, "PATCH", "", json!({"discount_code": "TWENTY"})).await;
    assert_eq!((taxed(&less), &less["discount_id"]), (json!([333, 67, 400]), &discount["id"]));
    client(&world, &checkout, "PATCH", "", json!({"discount_code": null})).await;
    let body = json!({"confirmation_token_id": "ctoken_ok", "customer_email": "fr@boreal.dev"});
    assert_eq!(client(&world, &checkout, "POST", "/confirm", body).await.0, 200);
    world.idle().await;
    let order = world.get("/v1/orders/").await.1["items"][0].clone();
    assert_eq!((taxed(&order), &order["subtotal_amount"]), (json!([417, 83, 500]), &json!(500)));
    assert_eq!((&order["refundable_amount"], &order["refundable_tax_amount"]), (&json!(417), &json!(83)));
    let back = json!({"order_id": order["id"], "amount": 417, "reason": "duplicate"});
    let (status, refund) = world.send("POST", "/v1/refunds/", Some(back)).await;
    assert_eq!((status, &refund["tax_amount"]), (201, &json!(83)));
    let order = world.get("/v1/orders/").await.1["items"][0].clone();
    assert_eq!((&order["status"], &order["refunded_tax_amount"]), (&json!("refunded"), &json!(83)));
}

#[tokio::test]
async fn the_hosted_page_takes_a_code_and_gives_it_back() {
    let world = World::new().await;
    twenty(&world, json!({})).await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let checkout = world.checkout(&pro, json!({})).await;
    let press = async |fields: &[(&str, &str)]| world.post_page(&checkout, fields).await;
    let (status, page) = press(&[("act", "apply"), ("discount_code", "nope")]).await;
    assert!(status == 200 && page.contains("Discount does not exist.") && page.contains("value=\"nope\""), "{page}");
    assert_eq!(press(&[("act", "apply"), ("discount_code", "twenty")]).await.0, 303);
    let show = async || {
        world
            .http
            .get(checkout["url"].as_str().expect("a URL"))
            .send()
            .await
            .expect("a page")
            .text()
            .await
            .expect("text")
    };
    let page = show().await;
    assert!(page.contains("Discount Twenty</th><td>-2.00 USD") && page.contains("8.00 USD</p>"), "{page}");
    assert!(page.contains("8.00 USD for the first period, then 10.00 USD every month"), "{page}");
    assert_eq!(press(&[("act", "remove")]).await.0, 303);
    assert!(show().await.contains("10.00 USD</p>"));
    let closed = world.checkout(&pro, json!({"allow_discount_codes": false})).await;
    let page = world.http.get(closed["url"].as_str().expect("a URL")).send().await.expect("a page").text().await;
    assert!(!page.expect("text").contains("discount_code"));
}

#[tokio::test]
async fn a_free_subscription_is_upgraded_with_a_discount_and_begins_anew() {
    let world = World::new().await;
    let free = world.product("Free", Some("month"), 0).await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let off = twenty(&world, json!({"duration": "forever"})).await;
    let checkout = world.checkout(&free, json!({"external_customer_id": "u1", "metadata": {"kept": "yes"}})).await;
    let body = json!({"customer_email": "u1@boreal.dev"});
    assert_eq!(client(&world, &checkout, "POST", "/confirm", body).await.0, 200);
    world.idle().await;
    let before = world.get("/v1/subscriptions/").await.1["items"][0].clone();
    world.advance(10).await;
    let more = json!({"subscription_id": before["id"], "discount_id": off["id"], "metadata": {"new": "too"}});
    let upgrade = world.checkout(&pro, more).await;
    assert_eq!(world.pay(&upgrade, "u1@boreal.dev", CARD).await.0, 303);
    world.idle().await;
    let after = world.get("/v1/subscriptions/").await.1["items"][0].clone();
    assert_eq!((&after["id"], &after["amount"], &after["discount_id"]), (&before["id"], &json!(800), &off["id"]));
    assert_eq!(after["metadata"], json!({"kept": "yes", "new": "too"}));
    assert_ne!(after["current_period_start"], before["current_period_start"]);
    world.advance(32).await;
    assert_eq!(world.get("/v1/orders/").await.1["items"][0]["due_amount"], 800);
}

//! What people see: the whole way of a buyer over HTTP, other people's addresses, and pages while Polar is down.

use super::{
    patience::wait_for,
    polar::{PAYS, Paid},
    shop::Shop,
    visitor::{Answer, Visitor, value},
};
use boreal::server::services::new_id;
use serde_json::json;

impl Shop {
    async fn visitor(&self, name: &str) -> Visitor {
        Visitor::register(&self.origin, name).await
    }
}

/// Waits until the order's fragment shows this stage.
async fn wait_for_stage(visitor: &Visitor, order: &str, stage: &str) {
    let look = async || {
        let shown = visitor.get(&format!("/orders/{order}/stage"), 200).await;
        (shown.stage() == stage).then_some(())
    };
    wait_for(&format!("order {order} to show {stage}"), look).await;
}

/// Buys and pays; the order, and the address that Polar leads back to.
async fn buy(shop: &Shop, visitor: &Visitor, plan: &str, interval: &str) -> (String, Paid) {
    let form = visitor.form(plan, interval).await;
    let pressed = visitor.press(&form, 303).await;
    let paid = shop.polar.pay(pressed.location(), &visitor.email, PAYS).await;
    assert_eq!(paid.status, 303, "{}", paid.page);
    (value(&form, "order").to_owned(), paid)
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_prices_to_the_end_of_a_subscription() {
    let shop = Shop::open().await;
    let ann = shop.visitor("ann").await;
    ann.get("/studio/sheet", 403).await;
    let prices = ann.get("/pricing", 200).await.html;
    assert!(["$12", "<td>3 a day", "<td>2000 a month"].iter().all(|words| prices.contains(words)), "{prices}");
    let (order, paid) = buy(&shop, &ann, "pro", "month").await;
    assert!(paid.location.contains("customer_session_token="), "as Polar does");
    let back = ann.get(&paid.location, 303).await;
    assert!(!back.location().contains("token"), "{}", back.location());
    ann.get(back.location(), 200).await;
    wait_for_stage(&ann, &order, "granted").await;
    assert_eq!(ann.get("/confirmation", 200).await.stage(), "granted", "the newest order");
    ann.get("/studio/sheet", 200).await;
    let again = ann.get("/buy?plan=team&interval=month", 200).await;
    assert!(!again.html.contains("name=\"order\""), "no second subscription is sold");

    let portal = ann.post("/billing", &[], 303).await;
    assert!(portal.headers["cache-control"].to_str().expect("text").contains("no-store"));
    let subscription = shop.polar.list("/v1/subscriptions/").await.remove(0);
    let id = subscription["id"].as_str().expect("an id");
    shop.polar.portal(portal.location(), id, "cancel").await;
    let ends = async || ann.get("/account", 200).await.html.contains("Ends on").then_some(());
    wait_for("the account page to show the end", ends).await;
    ann.get("/studio/sheet", 200).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_theirs_is_not_found() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.visitor("ann").await, shop.visitor("bob").await);
    let (order, _) = buy(&shop, &ann, "pro", "month").await;
    wait_for_stage(&ann, &order, "granted").await;
    let checkout = shop.order(&order).await.checkout_id.expect("a checkout");
    let hidden = [
        format!("/orders/{order}"),
        format!("/orders/{order}/stage"),
        format!("/confirmation?checkout_id={checkout}"),
        format!("/orders/{}", new_id()),
        "/orders/1".to_owned(),
        "/orders/%27%3B--".to_owned(),
        "/confirmation?checkout_id=1".to_owned(),
        "/buy?plan=platinum&interval=month".to_owned(),
        "/buy?plan=pro&interval=fortnight".to_owned(),
        "/buy".to_owned(),
    ];
    for path in &hidden {
        let answer = bob.get(path, 404).await;
        assert!(!answer.html.contains(&order) || path.contains(&order), "{path} names the order");
        assert!(!answer.html.contains("Pro"), "{path} shows what Ann bought");
    }
    assert_eq!(ann.get(&hidden[2], 200).await.stage(), "granted");
    let mut form = bob.form("pro", "month").await;
    for (field, wrong) in [("order", order.as_str()), ("order", "1"), ("plan", "platinum")] {
        let was = form.iter_mut().find(|(name, _)| *name == field).expect("a field");
        let right = std::mem::replace(&mut was.1, wrong.to_owned());
        bob.press(&form, 404).await;
        form.iter_mut().find(|(name, _)| *name == field).expect("a field").1 = right;
    }
    bob.post("/confirmation", &[("order", &order)], 404).await;
    bob.get("/studio/sheet", 403).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn coming_back_unpaid_opens_nothing() {
    let shop = Shop::open().await;
    let ann = shop.visitor("ann").await;
    let form = ann.form("pro", "month").await;
    ann.press(&form, 303).await;
    let checkout = shop.order(value(&form, "order")).await.checkout_id.expect("a checkout");
    assert_eq!(ann.get(&format!("/confirmation?checkout_id={checkout}"), 200).await.stage(), "open");
    ann.get("/studio/sheet", 403).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_stay_up_while_polar_is_down() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.visitor("ann").await, shop.visitor("bob").await);
    let (order, _) = buy(&shop, &ann, "pro", "month").await;
    wait_for_stage(&ann, &order, "granted").await;
    let form = bob.form("pro", "month").await;
    for status in [429, 500] {
        shop.polar.fail(status, "/v1/").await;
        shop.state.catalog.expire();
        for path in ["/", "/pricing", "/account", "/studio/sheet", "/confirmation", &format!("/orders/{order}")] {
            ann.get(path, 200).await;
        }
        assert!(bob.get("/pricing", 200).await.html.contains("$12"), "the last known prices");
        let mut again = form.clone();
        again[0].1 = new_id();
        let refused = bob.press(&again, 503).await;
        assert!(refused.html.contains("Nothing was charged"), "{}", refused.html);
        assert!(ann.post("/billing", &[], 503).await.html.contains("Polar does not answer"));
        shop.visitor("newcomer").await.get("/account", 200).await;
        shop.polar.recover().await;
    }
    assert_eq!(shop.polar.checkouts().await.len(), 1);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_price_is_shown_before_it_is_agreed_to() {
    let shop = Shop::open().await;
    let ann = shop.visitor("ann").await;
    let form = ann.form("pro", "month").await;
    shop.polar.idle().await;
    shop.polar.faults(json!({"sender": false})).await;
    let products = shop.polar.list("/v1/products/").await;
    let monthly =
        |product: &&serde_json::Value| product["metadata"]["plan"] == "pro" && product["recurring_interval"] == "month";
    let id = products.iter().find(monthly).expect("Pro by the month")["id"].as_str().expect("an id").to_owned();
    let prices = json!({"prices": [{"amount_type": "fixed", "price_amount": 1500, "price_currency": "usd"}]});
    assert_eq!(shop.polar.send("PATCH", &format!("/v1/products/{id}"), Some(prices)).await.0, 200);
    let refused = ann.press(&form, 422).await;
    assert!(refused.html.contains("$15") && refused.html.contains("Nothing was charged"), "{}", refused.html);
    assert_ne!(refused.hidden("order"), value(&form, "order"), "the form that is shown is a new one");
    let next: Vec<_> = form.iter().map(|(name, _)| (*name, refused.hidden(name))).collect();
    let pressed = ann.press(&next, 303).await;
    let checkouts = shop.polar.checkouts().await;
    let shown = checkouts.iter().find(|checkout| checkout["url"] == pressed.location()).expect("the shown one");
    assert_eq!(shown["amount"], 1500);
    shop.polar.faults(json!({"sender": true})).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_checked_is_no_refusal() {
    let shop = Shop::open().await;
    shop.polar.idle().await;
    shop.polar.faults(json!({"sender": false})).await;
    let ann = shop.visitor("ann").await;
    let (order, _) = buy(&shop, &ann, "pro", "month").await;
    shop.polar.fail(500, "GET /v1/orders/").await;
    wait_for_stage(&ann, &order, "paid").await;
    let checking: Answer = ann.get("/studio/sheet", 503).await;
    assert!(checking.headers.contains_key("retry-after"));
    assert!(checking.html.contains("checking") && !checking.html.contains("/buy"), "{}", checking.html);
    shop.polar.recover().await;
    wait_for_stage(&ann, &order, "granted").await;
    ann.get("/studio/sheet", 200).await;
    shop.polar.faults(json!({"sender": true})).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_lent_their_address_sees_nothing_of_it() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.visitor("ann").await, shop.visitor("bob").await);
    let (own, _) = buy(&shop, &bob, "lifetime", "once").await;
    wait_for_stage(&bob, &own, "granted").await;
    bob.get("/studio/sheet", 200).await;
    let form = ann.form("team", "month").await;
    let pressed = ann.press(&form, 303).await;
    let paid = shop.polar.pay(pressed.location(), &bob.email, PAYS).await;
    assert_eq!(paid.status, 303, "{}", paid.page);
    wait_for_stage(&ann, value(&form, "order"), "granted").await;
    ann.get("/studio/sheet", 200).await;
    let account = bob.get("/account", 200).await.html;
    assert!(account.contains("Lifetime") && !account.contains("Team"), "{account}");
    let billing = bob.post("/billing", &[], 200).await.html;
    assert!(billing.contains("share one customer record") && !billing.contains("customer_session_token"), "{billing}");
    shop.close().await;
}

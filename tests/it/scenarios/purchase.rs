//! Purchase: a subscription, something for good, a card that is declined first, and a checkout that nobody pays.

use super::scene::{FIRST_PURCHASE, MINUTE, RENEWAL, Scene, id, instant, text};
use crate::{
    polar::{DECLINED, PAYS},
    shop::Shop,
};
use boreal::{
    model::instant::{DAY, spell_date},
    server::{db::Reader, services::access::Access},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_open_once_it_is_paid_and_not_before() {
    let scene = Scene::open().await;
    scene.reads(&["You have Free.", "See plans and prices"]).await;
    let (order, url) = scene.commit("pro", "month").await;
    assert!(matches!(scene.shop.access(&scene.who, "studio").await, Access::Denied { .. }));
    scene.reads(&["You have Free.", "Your order of Pro waits for your payment"]).await;
    assert!(text(&scene.ann.get("/studio/sheet", 403).await).contains("The sheet of codes is part of Pro."));

    let paid = scene.shop.polar.pay(&url, &scene.ann.email, PAYS).await;
    assert_eq!(paid.status, 303, "{}", paid.page);
    let back = scene.ann.get(&paid.location, 303).await;
    scene.ann.get(back.location(), 200).await;
    scene.shop.wait_for_state(&order, "done").await;
    assert_eq!(scene.told().await, FIRST_PURCHASE);

    assert!(scene.may("studio").await);
    assert!(!scene.may("sharing").await, "that is part of Team");
    scene.ann.get("/studio/sheet", 200).await;
    let renews = spell_date(instant(&scene.subscription().await, "current_period_end"));
    scene.reads(&["You have Pro", "Active", "$12", "Pro, first payment", "from your Pro subscription"]).await;
    scene.reads(&[&format!("Renews on {renews}.")]).await;
    scene.reads_nothing_of(&["waits for your payment", "being checked"]).await;
    assert_eq!(scene.ledger("studio").await, ["given"], "webhooks and the way back gave it once");
    let order = scene.shop.order(&order).await;
    assert_eq!(order.checkout_id.as_deref(), scene.subscription().await["checkout_id"].as_str());
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_is_billed_and_changes_nothing_for_the_customer() {
    let scene = Scene::open().await;
    scene.buy("pro", "month", PAYS).await;
    scene.told().await;
    for period in 2..=3 {
        scene.next_period().await;
        assert_eq!(scene.told().await, RENEWAL);
        assert!(scene.may("studio").await);
        assert_eq!(scene.bills().await.len(), period);
    }
    let renews = spell_date(instant(&scene.subscription().await, "current_period_end"));
    scene.reads(&["Pro, first payment", "Pro, renewal", &format!("Renews on {renews}.")]).await;
    scene.reads_nothing_of(&["Being paid"]).await;
    assert_eq!(scene.ledger("studio").await, ["given"]);
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_bought_once_stays() {
    let scene = Scene::open().await;
    scene.buy("lifetime", "once", PAYS).await;
    let without_subscription = FIRST_PURCHASE.into_iter().filter(|kind| !kind.starts_with("subscription."));
    assert_eq!(scene.told().await, without_subscription.collect::<Vec<_>>());
    scene.reads(&["You have Lifetime", "Yours for good. It does not renew.", "$249"]).await;
    scene.shop.advance(800 * DAY).await;
    assert_eq!(scene.told().await, [""; 0]);
    assert!(scene.may("studio").await);
    scene.reads(&["You have Lifetime", "Yours for good. It does not renew."]).await;
    assert_eq!(scene.ledger("studio").await, ["given"]);
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_card_buys_nothing_and_another_does() {
    let scene = Scene::open().await;
    let (order, url) = scene.commit("pro", "month").await;
    let declined = scene.shop.polar.pay(&url, &scene.ann.email, DECLINED).await;
    assert!(declined.status == 200 && declined.page.contains("Your card was declined."), "{}", declined.page);
    assert_eq!(scene.told().await, ["checkout.created", "checkout.updated"]);
    assert!(!scene.may("studio").await);
    scene.reads(&["You have Free.", "Your order of Pro waits for your payment"]).await;
    assert!(scene.bills().await.is_empty());

    let paid = scene.shop.polar.pay(&url, &scene.ann.email, PAYS).await;
    assert_eq!(paid.status, 303, "{}", paid.page);
    scene.shop.wait_for_state(&order, "done").await;
    assert_eq!(scene.told().await, FIRST_PURCHASE[1..]);
    assert!(scene.may("studio").await);
    assert_eq!(scene.bills().await.len(), 1, "charged once");
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkout_that_nobody_pays_runs_out() {
    let scene = Scene::open().await;
    let (order, url) = scene.commit("pro", "month").await;
    scene.told().await;
    // Polar looks every quarter of an hour.
    scene.shop.advance(DAY + 16 * MINUTE).await;
    assert_eq!(scene.told().await, ["checkout.expired"]);
    scene.shop.wait_for_state(&order, "expired").await;
    scene.reads(&["You have Free."]).await;
    scene.reads_nothing_of(&["waits for your payment"]).await;
    let late = scene.shop.polar.pay(&url, &scene.ann.email, PAYS).await;
    assert!(late.status == 200 && late.page.contains("expired"), "{}", late.page);
    let again = scene.shop.propose(&scene.who, "pro", "month").await;
    assert_ne!(again.order_id, order);
    assert_eq!(again.obstacle, None);
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mirror_says_what_polar_says() {
    let scene = Scene::open().await;
    scene.buy("pro", "year", PAYS).await;
    scene.settle().await;
    let (subscription, bill) = (scene.subscription().await, scene.bills().await.remove(0));
    let select = "SELECT kind, id, status, amount FROM polar_objects WHERE owner_id = $1 ORDER BY kind DESC";
    let shop: &Shop = &scene.shop;
    let rows: Vec<(String, String, Option<String>, Option<i64>)> =
        shop.state.db.read(select).bind(&scene.who.id).all().await.expect("rows");
    let row = |kind: &str, one: &serde_json::Value, amount: &str| {
        (kind.to_owned(), id(one).to_owned(), one["status"].as_str().map(str::to_owned), one[amount].as_i64())
    };
    let grants = shop.polar.list(&format!("/v1/benefit-grants/?external_customer_id={}", scene.who.id)).await;
    let credited = ("benefit_grant".to_owned(), id(&grants[0]).to_owned(), Some("granted".to_owned()), None);
    let bought = [row("subscription", &subscription, "amount"), row("order", &bill, "total_amount")];
    assert_eq!(rows, [&bought[..], &[credited]].concat());
    scene.shop.close().await;
}

//! Coming back from Polar: what a redirect proves, and who is shown which order.

use super::shop::Shop;
use boreal::{
    model::order::Stage,
    server::services::{access::Access, access::all, confirming},
};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_the_order_of_another() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.person("ann").await, shop.person("bob").await);
    let open = shop.checkout(&ann, "pro", "month").await;
    let checkout = shop.order(&open.order).await.checkout_id.expect("a checkout");
    for paid in [false, true] {
        if paid {
            shop.pay(&open, &ann.email).await;
            shop.wait_for_state(&open.order, "done").await;
        }
        let state = &shop.state;
        assert!(confirming::of_order(state, &bob.id, &open.order).await.expect("an answer").is_none());
        assert!(confirming::of_checkout(state, &bob.id, &checkout).await.expect("an answer").is_none());
        assert!(confirming::newest(state, &bob.id).await.expect("an answer").is_none());
        let own = confirming::of_checkout(state, &ann.id, &checkout).await.expect("an answer").expect("theirs");
        assert_eq!(own.order_id, open.order);
    }
    assert!(!shop.may(&bob, "studio").await);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_redirect_alone_grants_nothing() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let open = shop.checkout(&ann, "pro", "month").await;
    let checkout = shop.order(&open.order).await.checkout_id.expect("a checkout");
    let came_back = async || {
        let seen = confirming::of_checkout(&shop.state, &ann.id, &checkout).await;
        seen.expect("an answer").expect("theirs")
    };
    let seen = came_back().await;
    assert!(seen.stage == Stage::Open && seen.paid_at.is_none() && !seen.polar_is_down, "{seen:?}");
    assert!(matches!(shop.access(&ann, "studio").await, Access::Denied { .. }));
    assert!(all(&shop.state, &ann.id).await.expect("an answer").is_empty());

    let address =
        format!("{}/confirmation?checkout_id={checkout}&customer_session_token=polar_cst_forged", shop.origin);
    let answer = shop.http.get(address).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 303);
    let clean = format!("/confirmation?checkout_id={checkout}");
    assert_eq!(answer.headers()["location"], clean, "the token goes no further");
    assert_eq!(shop.order_states(&ann).await, ["checkout_open"]);
    assert!(matches!(shop.access(&ann, "studio").await, Access::Denied { .. }));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_webhook_the_confirmation_brings_access() {
    let shop = Shop::open().await;
    shop.polar.idle().await;
    shop.polar.faults(json!({"sender": false})).await;
    let webhooks = async || {
        let count = "SELECT COUNT(*) FROM inbox WHERE source = 'webhook'";
        boreal::server::db::Reader::read(&shop.state.db, count).scalar::<i64>().await.expect("a count")
    };
    let before = webhooks().await;
    for (plan, interval, feature) in
        [("pro", "year", "exports"), ("team", "month", "sharing"), ("lifetime", "once", "studio")]
    {
        let ann = shop.person("ann").await;
        let open = shop.checkout(&ann, plan, interval).await;
        shop.pay(&open, &ann.email).await;
        assert!(!shop.may(&ann, feature).await, "nobody has looked yet");
        let look = async || {
            let seen = confirming::of_order(&shop.state, &ann.id, &open.order).await.expect("an answer");
            seen.filter(|seen| seen.stage == Stage::Granted)
        };
        let seen = super::patience::wait_for("the confirmation to bring access", look).await;
        assert!(shop.may(&ann, feature).await, "{plan}");
        let times = (seen.created_at, seen.paid_at, seen.received_at, seen.done_at);
        let (created, Some(paid), Some(received), Some(done)) = times else { panic!("{seen:?}") };
        assert!(created <= paid && paid <= done && received <= done, "{seen:?}");
    }
    assert_eq!(webhooks().await, before, "only what was told of the products, before the sender was switched off");
    shop.close().await;
}

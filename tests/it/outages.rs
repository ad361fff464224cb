//! Polar failing: nothing is sold on a guess, and nobody loses what they have.

use super::{
    patience::wait_for,
    shop::{Person, Shop},
};
use boreal::{
    model::order::Stage,
    server::services::{
        access::Access,
        buying::{self, Buyer, Committed},
        catalog, confirming,
    },
};
use serde_json::{Value, json};

/// Every request of a commit by somebody with a verified address and an earlier order.
const READS: [&str; 7] = [
    "GET /v1/subscriptions/?external_customer_id",
    "GET /v1/subscriptions/?metadata",
    "GET /v1/checkouts/",
    "GET /v1/customers/external/",
    "GET /v1/customers/?email",
    "POST /v1/customers/",
    "POST /v1/checkouts/",
];

/// Commits while each of these requests fails with `answer`; nothing may be made, and afterwards everything works.
async fn nothing_is_made(answer: impl Into<Value>, requests: &[&str]) {
    let (shop, answer) = (Shop::open().await, answer.into());
    let ann = shop.person("ann").await;
    let buyer = Buyer { verified_email: Some(ann.email.clone()), ..Shop::buyer(&ann) };
    shop.checkout(&ann, "lifetime", "once").await;
    for request in requests {
        shop.polar.fail(answer.clone(), request).await;
        let proposal = shop.propose(&ann, "pro", "month").await;
        let commit = async || buying::commit(&shop.state, &buyer, &Shop::wish(&proposal)).await.expect("an answer");
        assert_eq!(commit().await, Committed::PolarDown, "{request}");
        shop.polar.recover().await;
        let order = shop.order(&proposal.order_id).await;
        assert_eq!((order.state.as_str(), order.outcome.as_deref()), ("refused", Some("polar_down")), "{request}");
        assert_eq!(shop.polar.checkouts().await.len(), 1, "{request}");
        assert_eq!(commit().await, Committed::NewQuote, "{request}: a refused order is not begun again");
    }
    let proposal = shop.propose(&ann, "pro", "month").await;
    let wish = Shop::wish(&proposal);
    let committed = buying::commit(&shop.state, &buyer, &wish).await.expect("an answer");
    assert!(matches!(committed, Committed::Checkout(_)), "{committed:?}");
    assert_eq!(shop.polar.checkouts().await.len(), 2);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_made_while_polar_asks_for_fewer_requests() {
    nothing_is_made(429, &READS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_made_while_polar_fails() {
    nothing_is_made(500, &READS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_made_while_polar_is_silent() {
    nothing_is_made("timeout", &["GET /v1/subscriptions/?metadata"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_loses_access_while_polar_fails() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.person("ann").await, shop.person("bob").await);
    shop.buy(&ann, "pro", "month").await;
    let open = shop.checkout(&bob, "pro", "month").await;
    for answer in [429, 500] {
        shop.polar.fail(answer, "/v1/").await;
        assert!(shop.may(&ann, "studio").await);
        assert!(matches!(shop.access(&bob, "studio").await, Access::Denied { .. }), "an open checkout is no payment");
        // Right after another look, none is made.
        let look = async || {
            let seen = confirming::of_order(&shop.state, &bob.id, &open.order).await.expect("an answer");
            seen.filter(|seen| seen.polar_is_down)
        };
        assert_eq!(wait_for("a look at Polar that fails", look).await.stage, Stage::Open);
        shop.state.catalog.expire();
        let shown = catalog::refreshed(&shop.state).await.expect("the last good copy");
        assert!(shown.stale && shown.confirmed_at.is_some() && shown.offers.iter().count() == 4, "{shown:?}");
        assert_eq!(still_done(&shop, &ann).await, ["done"]);
        shop.polar.recover().await;
    }
    shop.close().await;
}

async fn still_done(shop: &Shop, who: &Person) -> Vec<String> {
    let seen = confirming::newest(&shop.state, &who.id).await.expect("an answer").expect("an order");
    assert!(seen.stage == Stage::Granted && !seen.polar_is_down, "a finished order asks nobody: {seen:?}");
    shop.order_states(who).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_cannot_be_read_yet_is_never_a_no() {
    let shop = Shop::open().await;
    shop.polar.faults(json!({"sender": false})).await;
    let (ann, bob) = (shop.person("ann").await, shop.person("bob").await);
    let open = shop.checkout(&ann, "pro", "month").await;
    shop.pay(&open, &ann.email).await;
    shop.polar.fail(500, "GET /v1/orders/").await;
    let look = async |down: bool| {
        let seen = confirming::of_order(&shop.state, &ann.id, &open.order).await.expect("an answer");
        seen.filter(|seen| seen.polar_is_down == down && seen.stage != Stage::Open)
    };
    assert_eq!(wait_for("a look that fails half-way", async || look(true).await).await.stage, Stage::Paid);
    assert!(matches!(shop.access(&ann, "studio").await, Access::Unknown { .. }));
    assert!(matches!(shop.access(&bob, "studio").await, Access::Denied { .. }), "others are not concerned");
    assert!(shop.may(&ann, "projects").await, "what everybody has stays");

    shop.polar.recover().await;
    assert_eq!(wait_for("a look that works", async || look(false).await).await.stage, Stage::Granted);
    assert!(shop.may(&ann, "studio").await);
    assert!(matches!(shop.access(&ann, "sharing").await, Access::Denied { .. }), "everything is folded");
    shop.polar.faults(json!({"sender": true})).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_row_about_somebody_leaves_their_access_open() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.person("ann").await, shop.person("bob").await);
    shop.buy(&ann, "pro", "month").await;
    shop.buy(&bob, "pro", "month").await;
    assert!(matches!(shop.access(&ann, "sharing").await, Access::Denied { .. }));
    let subscription = shop.polar.list(&format!("/v1/subscriptions/?external_customer_id={}", ann.id)).await;
    let body = json!({"type": "subscription.updated", "data": {"id": subscription[0]["id"], "status": "active"}});
    assert_eq!(shop.webhook("unreadable", &body.to_string()).await, 202);
    let unknown = async || matches!(shop.access(&ann, "sharing").await, Access::Unknown { .. }).then_some(());
    wait_for("the row to be dead", unknown).await;
    assert!(shop.may(&ann, "studio").await, "what is granted stays");
    assert!(matches!(shop.access(&bob, "sharing").await, Access::Denied { .. }), "others are not concerned");
    shop.close_with_dead(1).await;
}

//! What is left when something ends half-way: a browser that goes away, a process that dies, a product that nobody read.

use crate::{
    patience::wait_for,
    shop::{Open, Person, Shop},
};
use boreal::{
    model::{order::Stage, projection::Kind},
    server::{
        db::Reader,
        services::{
            access::Access,
            buying::{self, Committed, Obstacle},
            confirming,
        },
    },
};
use serde_json::json;

/// As if the process had died before it made the checkout.
async fn die(shop: &Shop, order: &str) {
    let update = "UPDATE orders SET state = 'committing', checkout_id = NULL, checkout_url = NULL,
                    checkout_status = NULL, lease_token = 'dead', lease_until = 1 WHERE id = $1";
    assert_eq!(shop.state.db.write(update).bind(order).execute().await.expect("a row"), 1);
}

/// Changes a product at Polar, and waits until the change is known here.
async fn change_product(shop: &Shop, product: &str, change: serde_json::Value, told: &str) {
    let (status, answer) = shop.polar.send("PATCH", &format!("/v1/products/{product}"), Some(change)).await;
    assert_eq!(status, 200, "{answer}");
    let select = "SELECT projection FROM polar_objects WHERE kind = 'product' AND id = $1";
    let known = async || {
        let projection: String = shop.state.db.read(select).bind(product).scalar().await.expect("the product");
        projection.contains(told).then_some(())
    };
    wait_for("the product's change to be known", known).await;
}

/// A stage as the buyer's page shows it.
async fn stage(shop: &Shop, who: &Person, order: &str) -> Stage {
    let shown = confirming::of_order(&shop.state, &who.id, order).await.expect("the database answers");
    shown.expect("their own order").stage
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_goes_away_leaves_no_order_half_made() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let proposal = shop.propose(&ann, "pro", "month").await;
    shop.polar.faults(json!({"delay_ms": 300})).await;
    let (state, buyer, wish) = (shop.state.clone(), Shop::buyer(&ann), Shop::wish(&proposal));
    let pressed = tokio::spawn(async move { buying::commit(&state, &buyer, &wish).await });
    let begun = async || (shop.order_states(&ann).await == ["committing"]).then_some(());
    wait_for("the order to be begun", begun).await;
    // The request's work is dropped, as it is when the browser closes the connection.
    pressed.abort();
    assert!(pressed.await.is_err_and(|error| error.is_cancelled()), "it was on its way");
    shop.wait_for_state(&proposal.order_id, "checkout_open").await;
    shop.polar.faults(json!({"delay_ms": 0})).await;
    assert_eq!(shop.polar.checkouts().await.len(), 1);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_order_says_so_and_is_never_taken_over_at_another_price() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let open: Open = shop.checkout(&ann, "pro", "month").await;
    let shown = buying::Proposal { order_id: open.order.clone(), ..shop.propose(&ann, "pro", "month").await };
    die(&shop, &open.order).await;
    assert_eq!(stage(&shop, &ann, &open.order).await, Stage::Expired, "nobody waits for ever");

    let product = shown.quote.offer.product_id.clone();
    let dearer = json!({"prices": [{"amount_type": "fixed", "price_amount": 9900, "price_currency": "usd"}]});
    change_product(&shop, &product, dearer, "9900").await;
    let moved = async || (shop.propose(&ann, "pro", "month").await.quote.offer.price.amount == 9900).then_some(());
    wait_for("the new price to be offered", moved).await;

    assert_eq!(shop.commit(&ann, &shown).await, Committed::NewQuote);
    let order = shop.order(&open.order).await;
    assert_eq!((order.state.as_str(), order.outcome.as_deref()), ("refused", Some("quote_changed")));
    assert_eq!(shop.polar.checkouts().await.len(), 1, "nothing was made at the other price");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_whose_plan_changed_is_not_for_sale_and_takes_no_access() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.person("ann").await, shop.person("bob").await);
    shop.buy(&ann, "pro", "month").await;
    let product = shop.propose(&bob, "pro", "month").await.quote.offer.product_id;
    change_product(&shop, &product, json!({"metadata": {"plan": "team"}}), r#""plan":"team""#).await;

    let gone = async || {
        let proposal = buying::propose(&shop.state, &bob.id, "pro", "month").await.expect("the database answers");
        proposal.is_none().then_some(())
    };
    wait_for("the product to be withdrawn", gone).await;
    let team = shop.propose(&bob, "team", "month").await;
    assert_ne!(team.quote.offer.product_id, product, "nor is it sold as the other plan");
    assert!(shop.may(&ann, "studio").await, "who has it keeps it");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_nobody_read_is_read_when_it_was_bought() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let open = shop.checkout(&ann, "pro", "month").await;
    shop.polar.idle().await;
    for forget in ["DELETE FROM product_plans", "DELETE FROM polar_objects WHERE kind = 'product'"] {
        shop.state.db.write(forget).execute().await.expect("forgotten rows");
    }
    // The buyer never comes back: only the webhook of the subscription names the product.
    let paid = shop.polar.pay(&open.url, &ann.email, "4242 4242 4242 4242").await;
    assert_eq!(paid.status, 303, "{}", paid.page);
    let subscribed = async || {
        let select = "SELECT id FROM polar_objects WHERE kind = $1";
        let found: Option<(String,)> =
            shop.state.db.read(select).bind(Kind::Subscription.stored()).optional().await.expect("rows");
        found.map(drop)
    };
    wait_for("the subscription to be known", subscribed).await;
    shop.wait_for_access(&ann, "studio").await;
    shop.wait_for_state(&open.order, "done").await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_payment_is_checked_nothing_is_denied_or_sold() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let open = shop.checkout(&ann, "pro", "month").await;
    let paid = "UPDATE orders SET state = 'paid', checkout_status = 'succeeded', paid_at = 1 WHERE id = $1";
    assert_eq!(shop.state.db.write(paid).bind(&open.order).execute().await.expect("a row"), 1);
    assert!(matches!(shop.access(&ann, "studio").await, Access::Unknown { .. }));
    assert_eq!(shop.propose(&ann, "lifetime", "once").await.obstacle, Some(Obstacle::Checking));
    shop.halt().await;
}

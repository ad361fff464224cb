//! One user's things: looked up after a payment, after a log-in, and wherever they hang.

use super::{
    patience::wait_for,
    shop::{Person, Shop},
};
use boreal::{
    model::job::SYNC_USER,
    server::{
        db::{Reader, sync_runs},
        services::{
            confirming,
            syncing::{self, Sweep, What},
        },
    },
};
use serde_json::json;

/// When a look at somebody's things is due, if one is queued.
async fn queued(shop: &Shop, who: &Person) -> Option<i64> {
    let select = "SELECT run_at FROM jobs WHERE kind = $1 AND key = $2";
    let row: Option<(i64,)> = shop.state.db.read(select).bind(SYNC_USER).bind(&who.id).optional().await.expect("rows");
    row.map(|row| row.0)
}

/// As if the last look at somebody's things, and the account itself, were older than anything.
async fn long_ago(shop: &Shop, who: &Person) {
    let update = "UPDATE users SET synced_at = NULL, created_at = 0 WHERE id = $1";
    shop.state.db.write(update).bind(&who.id).execute().await.expect("a row");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_user_is_looked_up_after_logging_in() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    shop.buy(&ann, "pro", "month").await;
    shop.deaf().await;
    let id = shop.subscription(&ann).await["id"].as_str().expect("an id").to_owned();
    shop.at_polar("DELETE", &format!("/v1/subscriptions/{id}"), None).await;
    syncing::after_log_in(&shop.state, &ann.id).await;
    assert_eq!(queued(&shop, &ann).await, None, "the account is younger than a day");
    long_ago(&shop, &ann).await;
    syncing::after_log_in(&shop.state, &ann.id).await;
    wait_for("the look", async || (!shop.may(&ann, "studio").await).then_some(())).await;
    shop.worked_off().await;
    wait_for("the look to be noted", async || {
        syncing::after_log_in(&shop.state, &ann.id).await;
        queued(&shop, &ann).await.is_none().then_some(())
    })
    .await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_payment_everything_is_looked_up_once_more() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    shop.polar.faults(json!({"drop_percent": 100})).await;
    let open = shop.checkout(&ann, "pro", "month").await;
    shop.pay(&open, &ann.email).await;
    confirming::of_order(&shop.state, &ann.id, &open.order).await.expect("an answer");
    assert!(shop.may(&ann, "studio").await);
    let due = queued(&shop, &ann).await.expect("a look is queued");
    assert!(due > shop.state.clock.wall(), "once Polar has written everything down");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hangs_on_the_customer_of_another_address_is_found() {
    let shop = Shop::open().await;
    let (ann, dee) = (shop.person("ann").await, shop.person("dee").await);
    let known = json!({"email": dee.email, "external_id": dee.id});
    shop.at_polar("POST", "/v1/customers/", Some(known)).await;
    shop.deaf().await;
    let open = shop.checkout(&ann, "lifetime", "once").await;
    shop.pay(&open, &dee.email).await;
    let report = shop.sync(What::User(ann.id.clone()), true).await;
    assert!(report.repairs.iter().any(|line| line.kind == "order"), "{report:#?}");
    assert!(!shop.may(&ann, "studio").await, "a dry run gives nothing");

    let report = syncing::sync_user(&shop.state, &ann.id).await.expect("Polar answers");
    assert_eq!(report.counts().unexplained, 0, "{report:#?}");
    assert!(shop.may(&ann, "studio").await && !shop.may(&dee, "studio").await);
    assert_eq!(shop.order_states(&ann).await, ["done"]);

    let bill = shop.polar.list(&format!("/v1/orders/?metadata[user_id]={}", ann.id)).await.remove(0);
    let refund = json!({"order_id": bill["id"], "reason": "customer_request", "amount": bill["refundable_amount"]});
    shop.at_polar("POST", "/v1/refunds/", Some(refund)).await;
    let report = syncing::sync_user(&shop.state, &ann.id).await.expect("Polar answers");
    let kinds: Vec<&str> = report.repairs.iter().map(|line| line.kind.as_str()).collect();
    assert!(kinds.contains(&"refund") && kinds.contains(&"order"), "{report:#?}");
    assert!(!shop.may(&ann, "studio").await);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_was_a_customer_is_entitled_to_nothing_without_an_error() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let report = syncing::sync_user(&shop.state, &ann.id).await.expect("a 404 is no failure");
    let counts = report.counts();
    assert_eq!((counts.repaired, counts.unexplained), (0, 0), "{report:#?}");
    shop.polar.fail(500, "/v1/orders/").await;
    assert!(syncing::sync_user(&shop.state, &ann.id).await.is_err(), "a failure is none of Polar's answers");
    shop.polar.recover().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn random_users_are_looked_up_until_all_were() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.person("ann").await, shop.person("bob").await);
    shop.buy(&ann, "pro", "month").await;
    shop.buy(&bob, "lifetime", "once").await;
    shop.deaf().await;
    let id = shop.subscription(&ann).await["id"].as_str().expect("an id").to_owned();
    shop.at_polar("DELETE", &format!("/v1/subscriptions/{id}"), None).await;
    let report = shop.sweep(Sweep::Sample).await;
    assert!(report.repairs.iter().any(|line| line.id == id && line.words == "active → canceled"), "{report:#?}");
    assert_eq!(shop.sweep(Sweep::Sample).await.counts().checked, 0, "both were looked at just now");
    let runs = sync_runs::newest(&shop.state.db, Some("sample"), 10).await.expect("rows");
    assert_eq!(runs.len(), 2);
    shop.close().await;
}

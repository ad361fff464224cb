//! Webhook delivery: an app that cannot store, one that is not there, an endpoint that is switched off; what is sent again
//! counts once, and what is never sent is found by reading.

use super::scene::{END, LAST_BILL, MINUTE, Scene};
use crate::{patience::wait_for, polar::PAYS};
use boreal::server::db::Reader;
use serde_json::{Value, json};
use std::net::TcpListener;

/// Deliveries as the sandbox keeps them.
async fn deliveries(scene: &Scene) -> Vec<Value> {
    scene.shop.polar.get("/sandbox/deliveries").await["items"].as_array().expect("a list").clone()
}

/// What came back at each attempt; null where nothing did.
fn codes(delivery: &Value) -> Vec<Value> {
    let attempts = delivery["attempts"].as_array().expect("a list");
    attempts.iter().map(|attempt| attempt["http_code"].clone()).collect()
}

/// The app's own endpoint.
async fn endpoint(scene: &Scene) -> Value {
    scene.shop.polar.list("/v1/webhooks/endpoints").await.remove(0)
}

async fn change_endpoint(scene: &Scene, body: Value) -> Value {
    let path = format!("/v1/webhooks/endpoints/{}", endpoint(scene).await["id"].as_str().expect("an id"));
    let (status, answer) = scene.shop.polar.send("PATCH", &path, Some(body)).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

/// An address at which nobody listens.
fn nobody() -> String {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    format!("http://{free}/webhooks/polar")
}

/// How many webhooks of this kind the inbox holds.
async fn stored(scene: &Scene, kind: &str) -> i64 {
    let select = "SELECT COUNT(*) FROM inbox WHERE source = 'webhook' AND kind = $1";
    scene.shop.state.db.read(select).bind(kind).scalar().await.expect("a count")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_app_cannot_store_is_sent_again_until_it_can_and_counts_once() {
    let scene = Scene::open().await;
    let (order, url) = scene.commit("pro", "month").await;
    scene.told().await;
    scene.shop.polar.faults(json!({"retry_scale": 0.02})).await;
    let db = &scene.shop.state.db;
    db.write("ALTER TABLE inbox RENAME TO inbox_away").execute().await.expect("it is renamed");
    let mend = async {
        let tried = async || {
            let found = deliveries(&scene).await.into_iter().find(|one| one["type"] == "subscription.created");
            found.filter(|one| codes(one).len() >= 4)
        };
        let tried = wait_for("four attempts", tried).await;
        db.write("ALTER TABLE inbox_away RENAME TO inbox").execute().await.expect("it is renamed");
        tried
    };
    let (paid, tried) = tokio::join!(scene.shop.polar.pay(&url, &scene.ann.email, PAYS), mend);
    assert_eq!(paid.status, 303, "{}", paid.page);
    assert!(codes(&tried).iter().all(|code| *code == 503), "{tried}");
    scene.shop.wait_for_state(&order, "done").await;
    scene.settle().await;

    for one in deliveries(&scene).await {
        let codes = codes(&one);
        assert_eq!(codes.last(), Some(&json!(202)), "{}", one["type"]);
        assert_eq!(codes.iter().filter(|code| **code == 202).count(), 1, "nothing that was taken is sent again");
    }
    let kept = deliveries(&scene).await.into_iter().find(|one| one["webhook_id"] == tried["webhook_id"]).expect("kept");
    let at: Vec<i64> =
        kept["attempts"].as_array().expect("a list").iter().map(|one| super::scene::instant(one, "at")).collect();
    for (number, pair) in at.windows(2).enumerate() {
        let wait = 40 << number;
        assert!(pair[1] - pair[0] >= wait, "wait {number} is {} and not {wait} ms: it doubles", pair[1] - pair[0]);
    }
    assert_eq!((stored(&scene, "subscription.created").await, stored(&scene, "order.paid").await), (1, 1));
    assert!(scene.may("studio").await);
    assert_eq!(scene.ledger("studio").await, ["given"]);
    scene.reads(&["You have Pro"]).await;

    let id = kept["webhook_id"].as_str().expect("an id");
    let again = format!("/v1/webhooks/events/{id}/redeliver");
    assert_eq!(scene.shop.polar.send("POST", &again, Some(json!({}))).await.0, 202);
    scene.settle().await;
    assert_eq!(stored(&scene, "subscription.created").await, 1, "the same id is the same webhook");
    assert_eq!(scene.ledger("studio").await, ["given"]);
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_not_there_gets_everything_when_it_is_back() {
    let scene = Scene::open().await;
    scene.buy("pro", "month", PAYS).await;
    scene.told().await;
    scene.shop.polar.faults(json!({"retry_scale": 0.1})).await;
    let address = endpoint(&scene).await["url"].clone();
    change_endpoint(&scene, json!({"url": nobody()})).await;
    scene.change(json!({"revoke": true})).await;
    let tried = async || deliveries(&scene).await.into_iter().find(|one| codes(one) == [json!(null), json!(null)]);
    wait_for("two attempts that nobody answers", tried).await;
    assert!(scene.may("studio").await, "nothing is known of the end");
    change_endpoint(&scene, json!({"url": address})).await;
    assert_eq!(scene.told().await, END);
    assert!(!scene.may("studio").await);
    assert_eq!(scene.ledger("studio").await, ["given", "taken"]);
    scene.reads(&["You have Free."]).await;
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switched_off_endpoint_misses_events_and_reading_finds_what_they_said() {
    let scene = Scene::open().await;
    let (order, url) = scene.commit("pro", "month").await;
    scene.told().await;
    scene.shop.polar.faults(json!({"retry_scale": 0.0005})).await;
    let address = endpoint(&scene).await["url"].clone();
    change_endpoint(&scene, json!({"url": nobody()})).await;
    let paid = scene.shop.polar.pay(&url, &scene.ann.email, PAYS).await;
    let off = async || (endpoint(&scene).await["enabled"] == false).then_some(());
    wait_for("ten events to be given up", off).await;
    scene.shop.polar.idle().await;
    let given_up = deliveries(&scene).await.into_iter().filter(|one| codes(one).len() == 10).count();
    assert!(given_up >= 10, "{given_up}");
    assert_eq!(stored(&scene, "order.paid").await, 0);

    let back = scene.ann.get(&paid.location, 303).await;
    scene.ann.get(back.location(), 200).await;
    scene.shop.wait_for_state(&order, "done").await;
    assert!(scene.may("studio").await, "found by reading, on the way back");
    scene.reads(&["You have Pro", "Renews on"]).await;

    let written_down = deliveries(&scene).await.len();
    scene.at_subscription("cancel", &[]).await;
    scene.shop.polar.idle().await;
    assert_eq!(deliveries(&scene).await.len(), written_down, "while it is off nothing is even written down");
    scene.reads(&["Renews on"]).await;
    let refused = scene.ann.get("/buy?plan=team&interval=month", 200).await;
    assert!(!refused.html.contains("name=\"order\""), "no second subscription is sold");

    scene.shop.polar.faults(json!({"retry_scale": 1.0})).await;
    change_endpoint(&scene, json!({"url": address, "enabled": true})).await;
    let failed = scene.shop.polar.list("/v1/webhooks/deliveries?succeeded=false&event_type=order.paid").await;
    let missed = failed[0]["webhook_event"]["id"].as_str().expect("an id").to_owned();
    let again = format!("/v1/webhooks/events/{missed}/redeliver");
    assert_eq!(scene.shop.polar.send("POST", &again, Some(json!({}))).await.0, 202);
    scene.settle().await;
    assert_eq!((stored(&scene, "order.paid").await, stored(&scene, "subscription.created").await), (1, 0));
    assert_eq!(scene.ledger("studio").await, ["given"], "late news of what is known changes nothing");

    // Meters are worked out at every quarter of an hour: it may have gone by while the endpoint was off, or not.
    scene.travel_to(scene.shop.state.clock.billing() + 15 * MINUTE).await;
    scene.told().await;
    scene.next_period().await;
    assert_eq!(scene.told().await, [&END[..], &LAST_BILL].concat());
    assert!(!scene.may("studio").await, "the end is told again, and nothing renewed");
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_with_a_wrong_signature_is_refused_and_comes_again() {
    let scene = Scene::open().await;
    scene.buy("pro", "month", PAYS).await;
    scene.told().await;
    scene.shop.polar.faults(json!({"corrupt_percent": 100, "retry_scale": 0.05})).await;
    scene.change(json!({"cancel_at_period_end": true})).await;
    let refused = async || deliveries(&scene).await.into_iter().find(|one| codes(one) == [json!(403), json!(403)]);
    wait_for("two refusals", refused).await;
    scene.reads(&["Renews on"]).await;
    scene.shop.polar.faults(json!({"corrupt_percent": 0})).await;
    assert_eq!(scene.told().await, ["subscription.updated", "subscription.canceled"]);
    scene.reads(&["Ends on"]).await;
    scene.shop.close().await;
}

//! Polar's limit: one budget for all nodes, and nobody sends while Polar asks for quiet.

use super::shop::{Place, Shop, build, config};
use boreal::{
    model::budget::Urgency,
    server::{db::Reader, polar::Error, services::syncing::Sweep, startup::Server},
};
use secrecy::ExposeSecret;
use serde_json::json;
use std::time::{Duration, Instant};

/// A node at `place` that talks to the shop's sandbox as to a Polar that takes 100 requests a minute.
async fn node(shop: &Shop, place: &Place) -> Server {
    let secret = shop.state.webhook_secrets[0].expose_secret().to_owned();
    let polar = ["--polar-token", &shop.polar.token, "--polar-webhook-secrets", &secret];
    let more = [&polar[..], &["--polar-api-base", &shop.polar.origin, "--polar-rate-limit", "100"]].concat();
    build(config(&place.database.url, &place.sandbox(), &more)).await.expect("it starts")
}

/// How many requests get through before `until`.
async fn send(node: &Server, urgency: Urgency, until: Instant) -> u64 {
    let (polar, mut sent) = (node.state().polar.at(urgency), 0);
    while Instant::now() < until {
        match polar.organization().await {
            Ok(_) => sent += 1,
            Err(Error::Limited { retry_after }) => {
                tokio::time::sleep(retry_after.min(Duration::from_millis(300))).await
            }
            Err(error) => panic!("{error}"),
        }
    }
    sent
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_share_one_budget_and_leave_some_for_who_pays() {
    let (shop, place) = (Shop::open().await, Place::new().await);
    let (one, two) = (node(&shop, &place).await, node(&shop, &place).await);
    let (began, until) = (Instant::now(), Instant::now() + Duration::from_secs(3));
    let (by_one, by_two) = tokio::join!(send(&one, Urgency::Following, until), send(&two, Urgency::Following, until));
    let sent = by_one + by_two;
    // A bucket of 20, of which two fifths stay; one a second flows in.
    assert!(sent >= 8 && by_one > 0 && by_two > 0, "{by_one} and {by_two}");
    assert!(sent <= 13 + began.elapsed().as_secs() + 1, "{by_one} and {by_two}");

    let quick = Instant::now();
    for node in [&one, &two] {
        node.state().polar.at(Urgency::Buying).organization().await.expect("there is something left");
    }
    assert!(quick.elapsed() < Duration::from_millis(900), "who pays does not wait");
    for node in [one, two] {
        node.state().db.close().await;
    }
    place.database.remove().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_polar_asks_one_node_for_quiet_the_other_is_quiet_too() {
    let (shop, place) = (Shop::open().await, Place::new().await);
    let (one, two) = (node(&shop, &place).await, node(&shop, &place).await);
    shop.polar.faults(json!({"answer": 429, "answer_to": "/v1/organizations/", "answer_count": 1})).await;
    let asked = Instant::now();
    one.state().polar.organization().await.expect("after a second Polar answers");
    assert!(asked.elapsed() >= Duration::from_millis(950), "it waited as long as Polar said");

    shop.polar.faults(json!({"answer": 429, "answer_to": "/v1/products/", "answer_count": null})).await;
    let state = one.state();
    let limited = tokio::spawn(async move { state.polar.create_session("nobody", "http://127.0.0.1/").await });
    let _ = limited.await.expect("no panic");
    let kind = boreal::model::projection::Kind::Product;
    assert!(matches!(one.state().polar.objects(kind, &[]).await, Err(Error::Limited { .. })));
    let asked = Instant::now();
    two.state().polar.at(Urgency::Buying).organization().await.expect("it waits its turn");
    assert!(asked.elapsed() >= Duration::from_millis(500), "the other node heard of it");
    shop.polar.recover().await;
    for node in [one, two] {
        node.state().db.close().await;
    }
    place.database.remove().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_ends_well_however_unsteady_polar_is() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    shop.buy(&ann, "pro", "month").await;
    shop.deaf().await;
    let id = shop.subscription(&ann).await["id"].as_str().expect("an id").to_owned();
    shop.at_polar("DELETE", &format!("/v1/subscriptions/{id}"), None).await;
    for answer in [json!(500), json!("cut")] {
        shop.polar.faults(json!({"answer": answer, "answer_to": "GET /v1/", "answer_percent": 40, "seed": 7})).await;
        let report = shop.sweep(Sweep::All).await;
        assert_eq!(report.counts().unexplained, 0, "{report:#?}");
        assert!(!shop.may(&ann, "studio").await);
    }
    shop.polar.recover().await;
    shop.is_in_order().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_waits_where_polar_asks_for_fewer_requests() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    shop.buy(&ann, "pro", "month").await;
    shop.deaf().await;
    let id = shop.subscription(&ann).await["id"].as_str().expect("an id").to_owned();
    shop.at_polar("DELETE", &format!("/v1/subscriptions/{id}"), None).await;
    shop.polar.faults(json!({"answer": 429, "answer_to": "GET /v1/subscriptions/", "answer_count": 2})).await;
    let report = shop.sweep(Sweep::All).await;
    assert_eq!(report.counts().unexplained, 0, "{report:#?}");
    assert!(!shop.may(&ann, "studio").await);
    let blocked = "SELECT blocked_until FROM polar_budget WHERE id = 1";
    assert!(shop.state.db.read(blocked).scalar::<i64>().await.expect("a row") > 0, "every node was told");
    shop.close().await;
}

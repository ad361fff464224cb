//! Sending uses: lost answers, storms, refusals, wrong clocks and a server that stops. Polar's count is ours at the end.

use super::{
    super::{
        patience::wait_for,
        shop::{Place, Shop, build},
    },
    codes, counted, everything_sent, meter, ours,
};
use boreal::{
    model::{instant::HOUR, usage::Use},
    server::{
        db::{self, Db, Reader, users},
        services::{measuring, new_id, usage},
    },
};
use serde_json::json;

async fn record(shop: &Shop, user: &str, many: i64) {
    for number in 0..many {
        let used = codes(1 + number % 3, &format!("use {number}"));
        usage::record(&shop.state, user, &used).await.expect("durable");
    }
}

/// Nobody wants to wait for pauses here.
async fn hasten(shop: &Shop) {
    shop.state.db.write("UPDATE usage_events SET run_at = 0").execute().await.expect("rows");
    shop.state.wake.usage.notify_one();
}

async fn same_on_both_sides(shop: &Shop, meter: &str) {
    everything_sent(&shop.state.db).await;
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let ours = ours(&shop.state.db).await as f64;
    assert!((counted(&shop.polar, meter).await - ours).abs() < 1e-9, "Polar counts what we count: {ours}");
    assert!(ours > 0.0);
}

async fn tried(shop: &Shop) {
    let select = "SELECT COUNT(*) FROM usage_events WHERE attempts > 0 AND error IS NOT NULL";
    let look = async || {
        let count: i64 = shop.state.db.read(select).scalar().await.expect("a count");
        (count > 0).then_some(())
    };
    wait_for("a try in vain", look).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_after_the_deed_counts_nothing_twice() {
    let shop = Shop::open().await;
    let (ann, meter) = (shop.person("ann").await, meter(&shop.polar).await);
    for answer in ["cut", "500 after"] {
        shop.polar.faults(json!({"answer": answer, "answer_to": "/v1/events/ingest", "answer_count": 1})).await;
        let used = codes(7, answer);
        usage::record(&shop.state, &ann.id, &used).await.expect("durable");
        tried(&shop).await;
        hasten(&shop).await;
        same_on_both_sides(&shop, &meter).await;
    }
    assert!((counted(&shop.polar, &meter).await - 14.0).abs() < 1e-9);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn through_a_storm_everything_arrives_once() {
    let shop = Shop::open().await;
    let (ann, meter) = (shop.person("ann").await, meter(&shop.polar).await);
    let storm = json!({"answer": "any", "answer_to": "ingest", "answer_percent": 60, "retry_after": 1, "seed": 7});
    shop.polar.faults(storm).await;
    record(&shop, &ann.id, 350).await;
    for _ in 0..6 {
        hasten(&shop).await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
    shop.polar.faults(json!({"answer": null, "answer_percent": 100})).await;
    hasten(&shop).await;
    same_on_both_sides(&shop, &meter).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_polar_refuses_is_set_aside_alone_and_is_seen() {
    let shop = Shop::open().await;
    let (ann, meter) = (shop.person("ann").await, meter(&shop.polar).await);
    shop.polar.faults(json!({"down": true})).await;
    record(&shop, &ann.id, 30).await;
    let long = Use { properties: json!({"text": "x".repeat(501)}), ..codes(1, "too long") };
    usage::record(&shop.state, &ann.id, &long).await.expect("durable here");
    tried(&shop).await;
    measuring::measure(&shop.state).await;
    let waiting: i64 = shop
        .state
        .db
        .read("SELECT COUNT(*) FROM usage_events WHERE state = 'recorded'")
        .scalar()
        .await
        .expect("a count");
    assert_eq!(waiting, 31, "an outage is no reason to set anything aside");
    shop.polar.faults(json!({"down": false})).await;
    hasten(&shop).await;
    same_on_both_sides(&shop, &meter).await;
    let aside: Vec<(String, String)> =
        shop.state.db.read("SELECT key, error FROM usage_events WHERE state = 'aside'").all().await.expect("rows");
    assert_eq!(aside.len(), 1, "{aside:?}");
    assert!(aside[0].0 == "too long" && aside[0].1.contains("422"), "{aside:?}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_our_clock_has_in_polars_future_is_counted_now() {
    let shop = Shop::open().await;
    let (ann, meter) = (shop.person("ann").await, meter(&shop.polar).await);
    shop.polar.faults(json!({"down": true})).await;
    record(&shop, &ann.id, 5).await;
    for move_on in [
        "UPDATE usage_events SET counted_at = counted_at + 3600000 WHERE key = 'use 1'",
        "UPDATE usage_events SET counted_at = counted_at - 3600000 WHERE key = 'use 2'",
    ] {
        shop.state.db.write(move_on).execute().await.expect("rows");
    }
    shop.polar.faults(json!({"down": false})).await;
    hasten(&shop).await;
    same_on_both_sides(&shop, &meter).await;
    let now = shop.state.clock.billing();
    for event in shop.polar.list("/v1/events/?source=user").await {
        let at = event["timestamp"].as_str().and_then(boreal::model::instant::parse_ms).expect("an instant");
        assert!(at <= now + 1000 && at > now - 2 * HOUR, "{event}");
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_at_once_has_sent_what_it_had() {
    let place = Place::new().await;
    let server = build(place.config(&[])).await.expect("it starts");
    let state = server.state();
    let (user, now) = (new_id(), state.clock.wall());
    let added: Result<(), db::Error> = (state.db)
        .transaction(async |tx| {
            users::add(tx, &user, "ann@boreal-shop.dev", "no password", now).await?;
            for number in 0..150 {
                usage::record_in(tx, &state, &user, &codes(1, &format!("use {number}"))).await?;
            }
            Ok(())
        })
        .await;
    added.expect("durable");
    drop(state);
    server.run(async {}).await.expect("a clean end");
    let db = Db::open(&place.database.url).await.expect("a database");
    assert_eq!(ours(&db).await, 150);
    db.close().await;
    place.database.remove().await;
}

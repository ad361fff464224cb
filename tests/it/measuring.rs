//! What Prometheus gets to read, from a shop in a process of its own: right after a purchase, a renewal, a refund, after
//! everything was told again, and after a restart.

use super::{
    engine::Database,
    patience::{wait_for, wait_until},
    polar::PAYS,
    process::Running,
    visitor::{Visitor, value},
};
use boreal::{
    model::instant::DAY,
    server::{clock::Clock, db::Db, services::new_id},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};

const CREATED: &str = "polar_orders_completed_total{billing_reason=\"subscription_create\"}";
const CYCLED: &str = "polar_orders_completed_total{billing_reason=\"subscription_cycle\"}";
const REVENUE: &str = "polar_revenue_total{currency=\"usd\"}";
const ACTIVE: &str = "polar_subscriptions_active{plan=\"pro\"}";
const AGAIN: &str = "webhooks_total{outcome=\"again\"}";

/// A number of the text, by its name and labels; what was never counted is 0.
fn number(text: &str, line: &str) -> f64 {
    let found = text.lines().find_map(|other| other.strip_prefix(line)?.strip_prefix(' '));
    found.map_or(0.0, |number| number.parse().expect("a number"))
}

/// Waits for all these numbers at once; the text that holds them.
async fn reads(process: &Running, wanted: &[(&str, f64)]) -> String {
    wait_until("these numbers", async || {
        let text = process.metrics().await;
        let wrong: Vec<(&str, f64)> = wanted.iter().map(|(line, _)| (*line, number(&text, line))).collect();
        if wrong == wanted { Ok(text) } else { Err(wrong) }
    })
    .await
}

/// Everything that Polar told is applied, and counted.
async fn settled(process: &Running) {
    process.polar.idle().await;
    reads(process, &[("inbox_waiting", 0.0)]).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
}

/// What Polar's paid orders really brought.
async fn cash(process: &Running) -> f64 {
    let bills = process.polar.list("/v1/orders/").await;
    bills.iter().map(|bill| bill["due_amount"].as_f64().expect("a number")).sum()
}

async fn buy(process: &Running) {
    let ann = Visitor::register(&process.origin(), "ann").await;
    let form = ann.form("pro", "month").await;
    let pressed = ann.press(&form, 303).await;
    process.polar.pay(pressed.location(), &ann.email, PAYS).await;
    let order = value(&form, "order").to_owned();
    let granted = async || (ann.get(&format!("/orders/{order}/stage"), 200).await.stage() == "granted").then_some(());
    wait_for("access", granted).await;
}

/// Every family of numbers has its sentence.
fn is_described(text: &str) {
    let helps: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next()).collect();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, sort) = line.split_once(' ').expect("a name and a type");
        assert!(helps.contains(name), "{name} is not described");
        assert!(["counter", "gauge", "histogram"].contains(&sort), "{name} is a {sort}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sold_is_counted_once_and_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::new(folder.path()).await;
    let process = Running::start(&database, folder.path()).await;
    let checkouts = "polar_checkouts_created_total{plan=\"pro\"}";
    reads(&process, &[(checkouts, 0.0), (CREATED, 0.0), (ACTIVE, 0.0), ("database_up", 1.0)]).await;

    buy(&process).await;
    settled(&process).await;
    let first = cash(&process).await;
    assert!(first > 0.0);
    let text = reads(&process, &[(checkouts, 1.0), (CREATED, 1.0), (REVENUE, first), (ACTIVE, 1.0)]).await;
    for time in ["click_to_access_seconds", "received_to_access_seconds"] {
        assert_eq!(number(&text, &format!("{time}_count")), 1.0, "{time}: one purchase");
        assert_eq!(number(&text, &format!("{time}_bucket{{le=\"+Inf\"}}")), 1.0, "{time} has buckets");
    }
    let timed = number(&text, "polar_webhook_duration_seconds_count{outcome=\"new\"}");
    assert!(timed >= 11.0 && timed == number(&text, "webhooks_total{outcome=\"new\"}"), "{timed} webhooks");
    assert_eq!(number(&text, "polar_subscriptions_active{plan=\"none\"}"), 0.0);
    is_described(&text);

    process.polar.advance(31 * DAY).await;
    settled(&process).await;
    let both = cash(&process).await;
    assert!(both > first, "a renewal was billed");
    reads(&process, &[(CREATED, 1.0), (CYCLED, 1.0), (REVENUE, both), (ACTIVE, 1.0)]).await;

    let bill = process.polar.list("/v1/orders/").await.remove(0);
    let refund = json!({"order_id": bill["id"], "reason": "customer_request", "amount": bill["refundable_amount"]});
    assert_eq!(process.polar.send("POST", "/v1/refunds/", Some(refund)).await.0, 201);
    settled(&process).await;
    reads(&process, &[(CREATED, 1.0), (CYCLED, 1.0), (REVENUE, both)]).await;

    told_again(&process, both).await;
    outlives_a_restart(process, &database, folder.path()).await;
    database.remove().await;
}

/// Under the same ids and under others, nothing counts twice.
async fn told_again(process: &Running, revenue: f64) {
    let (before, events) = (number(&process.metrics().await, AGAIN), process.polar.events().await);
    for event in &events {
        assert_eq!(process.webhook(&event.id, &event.body).await, 202);
        assert_eq!(process.webhook(&new_id(), &event.body).await, 202);
    }
    settled(process).await;
    let again = before + f64::from(u32::try_from(events.len()).expect("few"));
    let text =
        reads(process, &[(AGAIN, again), (CREATED, 1.0), (CYCLED, 1.0), (REVENUE, revenue), (ACTIVE, 1.0)]).await;
    assert_eq!(number(&text, "click_to_access_seconds_count"), 1.0);
}

/// Counters begin anew; what is read from the tables goes on.
async fn outlives_a_restart(mut process: Running, database: &Database, folder: &std::path::Path) {
    let subscription = process.polar.list("/v1/subscriptions/").await.remove(0);
    let path = format!("/v1/subscriptions/{}", subscription["id"].as_str().expect("an id"));
    assert_eq!(process.polar.send("DELETE", &path, None).await.0, 200);
    settled(&process).await;
    let half = json!({"type": "subscription.updated", "data": {"id": "half", "status": Value::Null}}).to_string();
    assert_eq!(process.webhook("half", &half).await, 202);
    reads(&process, &[(ACTIVE, 0.0), ("inbox_dead", 1.0), ("inbox_dead_total", 1.0), ("inbox_age_seconds", 0.0)]).await;

    let db = Db::open(&database.url).await.expect("a database");
    let now = Clock::default().wall();
    let stuck =
        "INSERT INTO inbox (source, webhook_id, body, received_at, run_at) VALUES ('webhook', 'stuck', $1, $2, $3)";
    let row = db.write(stuck).bind(half.as_bytes()).bind(now - 120_000).bind(now + 3_600_000);
    row.execute().await.expect("a row");
    db.close().await;
    process.kill();
    let mut process = Running::start(database, folder).await;
    let kept = [("inbox_dead", 1.0), ("inbox_waiting", 1.0), (ACTIVE, 0.0)];
    let text =
        reads(&process, &[&kept[..], &[("inbox_dead_total", 0.0), (CREATED, 0.0), (REVENUE, 0.0)]].concat()).await;
    let age = number(&text, "inbox_age_seconds");
    assert!((120.0..240.0).contains(&age), "{age} s");
    assert!(text.contains("\npolar_orders_completed_total{billing_reason=\"purchase\"} 0\n"), "told before the first");
    process.kill();
}

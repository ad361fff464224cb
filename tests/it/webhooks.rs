//! The door for Polar's webhooks: who is believed, and what is kept of what they say.

use super::{
    patience::wait_for,
    shop::{Shop, counted},
};
use boreal::server::db::Reader;
use serde_json::json;

#[derive(Debug, PartialEq, Eq, sqlx::FromRow)]
struct Kept {
    state: String,
    kind: Option<String>,
    verdict: Option<String>,
    error: Option<String>,
    body: Vec<u8>,
}

impl Shop {
    async fn kept(&self, webhook: &str) -> Vec<Kept> {
        let select = "SELECT state, kind, verdict, error, body FROM inbox WHERE webhook_id = $1";
        self.state.db.read(select).bind(webhook).all().await.expect("rows")
    }

    async fn settled(&self, webhook: &str) -> Kept {
        let what = format!("webhook {webhook} to be settled");
        wait_for(&what, async || self.kept(webhook).await.pop().filter(|row| row.state != "new")).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_believed_is_refused_and_counted() {
    let shop = Shop::open().await;
    let count = |why: &str| counted(&format!("webhooks_total{{outcome=\"{why}\"}}"));
    let before = ["headers", "timestamp", "signature"].map(count);
    let body = json!({"type": "moon.risen", "data": {}}).to_string();
    let now = shop.state.clock.wall() / 1000;
    let good = shop.signed("w1", now, body.as_bytes());
    let without = |name: &str| good.iter().filter(|(header, _)| *header != name).cloned().collect::<Vec<_>>();
    let send = async |headers: &[_], body: &str| shop.post_webhook(headers, body.as_bytes().to_vec()).await;

    assert_eq!(send(&without("webhook-id"), &body).await, 403);
    assert_eq!(send(&without("webhook-timestamp"), &body).await, 403);
    assert_eq!(send(&without("webhook-signature"), &body).await, 403);
    assert_eq!(send(&good, &format!("{body} ")).await, 403, "another body");
    assert_eq!(send(&shop.signed("w1", now - 301, body.as_bytes()), &body).await, 403, "stale");
    assert_eq!(send(&shop.signed("w1", now + 310, body.as_bytes()), &body).await, 403, "from the future");
    let forged = super::shop::signed("polar_whs_another_secret_entirely", "w1", now, body.as_bytes());
    assert_eq!(send(&forged, &body).await, 403, "another secret");

    let after = ["headers", "timestamp", "signature"].map(count);
    let counted: Vec<u64> = after.iter().zip(before).map(|(after, before)| after - before).collect();
    assert_eq!(counted, [1, 3, 3]);
    assert!(shop.kept("w1").await.is_empty(), "nothing of it was stored");
    assert_eq!(send(&good, &body).await, 202, "and the true one is believed");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_more_than_a_mebibyte_is_refused() {
    let shop = Shop::open().await;
    let body = format!("{{\"type\":\"moon.risen\",\"data\":{{}},\"more\":\"{}\"}}", "x".repeat(1 << 20));
    assert_eq!(shop.webhook("large", &body).await, 413);
    assert!(shop.kept("large").await.is_empty());
    let frame = "{\"type\":\"moon.risen\",\"data\":{},\"more\":\"\"}".len();
    let body = format!("{{\"type\":\"moon.risen\",\"data\":{{}},\"more\":\"{}\"}}", "x".repeat((1 << 20) - frame));
    assert_eq!((body.len(), shop.webhook("just-fits", &body).await), (1 << 20, 202));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_kept_with_its_reason() {
    let shop = Shop::open().await;
    assert_eq!(shop.webhook("no-json", "\u{1f319} no JSON").await, 202);
    let row = shop.settled("no-json").await;
    assert_eq!((row.state.as_str(), row.body.as_slice()), ("dead", "\u{1f319} no JSON".as_bytes()));
    assert!(row.error.as_deref().is_some_and(|error| error.contains("no envelope")), "{row:?}");

    let half = json!({"type": "subscription.updated", "data": {"id": "s1", "status": "active"}}).to_string();
    assert_eq!(shop.webhook("half", &half).await, 202);
    let row = shop.settled("half").await;
    assert_eq!((row.state.as_str(), row.kind.as_deref()), ("dead", Some("subscription.updated")));
    assert!(row.error.as_deref().is_some_and(|error| error.contains("created_at")), "{row:?}");
    shop.close_with_dead(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_nobody_knows_is_stored_and_ignored() {
    let shop = Shop::open().await;
    let body = json!({"type": "moon.risen", "timestamp": "2026-11-21T17:07:03Z", "data": {"id": "m1"}}).to_string();
    assert_eq!(shop.webhook("moon", &body).await, 202);
    let row = shop.settled("moon").await;
    assert_eq!((row.state.as_str(), row.verdict.as_deref()), ("done", Some("ignored")));
    assert_eq!((row.kind.as_deref(), row.body), (Some("moon.risen"), body.into_bytes()));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_id_is_one_row_and_its_first_body_stays() {
    let shop = Shop::open().await;
    let contradictions = || counted("webhooks_total{outcome=\"contradicts\"}");
    let before = contradictions();
    let [first, second] = ["one", "two"].map(|id| json!({"type": "moon.risen", "data": {"id": id}}).to_string());
    for body in [&first, &first, &second] {
        assert_eq!(shop.webhook("again", body).await, 202);
        let rows = shop.kept("again").await;
        assert_eq!(rows.len(), 1, "stored before it is answered, and once");
        assert_eq!(rows[0].body, first.as_bytes());
    }
    assert_eq!(contradictions() - before, 1, "only the other body is an alarm");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_database_the_sender_is_told_to_come_again() {
    let shop = Shop::open().await;
    let body = json!({"type": "moon.risen", "data": {}}).to_string();
    shop.state.db.close().await;
    assert_eq!(shop.webhook("later", &body).await, 503);
    shop.halt().await.database.remove().await;
}

//! How access ends: never by a date of ours alone, always by what Polar is seen to say after it.

use super::{
    patience::wait_for,
    shop::{Person, Shop},
};
use boreal::{
    model::{
        instant::{DAY, HOUR, parse_ms},
        projection::Kind,
    },
    server::{
        db::{Reader, mirror},
        services::{
            access::all,
            portal::{self, Portal},
        },
    },
};
use serde_json::{Value, json};
use time::{OffsetDateTime, macros::format_description};

const MINUTE: i64 = 60_000;

impl Shop {
    /// The one subscription of somebody, as Polar shows it.
    async fn subscription(&self, who: &Person) -> Value {
        let mut found = self.polar.list(&format!("/v1/subscriptions/?external_customer_id={}", who.id)).await;
        assert_eq!(found.len(), 1);
        found.remove(0)
    }

    /// Until when the access to the studio is certain.
    async fn until(&self, who: &Person) -> Option<i64> {
        all(&self.state, &who.id).await.expect("rows").get("studio").and_then(|held| held.until)
    }

    async fn wait_for_end(&self, who: &Person) {
        let what = format!("the end of {}'s access", who.email);
        wait_for(&what, async || (!self.may(who, "studio").await).then_some(())).await;
        assert!(matches!(self.access(who, "studio").await, boreal::server::services::access::Access::Denied { .. }));
    }

    /// How many reads of this object were kept.
    async fn reads(&self, id: &str) -> i64 {
        let select = "SELECT COUNT(*) FROM inbox WHERE source = 'read' AND object_id = $1";
        self.state.db.read(select).bind(id).scalar().await.expect("a count")
    }

    /// How often a read of this subscription was tried since it was queued; `None` if none is.
    async fn tried(&self, id: &str) -> Option<i64> {
        let select = "SELECT attempts FROM jobs WHERE kind = 'read_object' AND key = $1";
        let row: Option<(i64,)> =
            self.state.db.read(select).bind(format!("subscription:{id}")).optional().await.expect("a row");
        row.map(|row| row.0)
    }
}

/// As Polar writes instants.
fn written(at_ms: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at_ms) * 1_000_000).expect("a date");
    let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
    at.format(form).expect("it can be written")
}

/// A webhook about a subscription, seen at `at`.
fn envelope(kind: &str, at: i64, subscription: &Value) -> String {
    json!({"type": kind, "timestamp": written(at), "data": subscription}).to_string()
}

/// The subscription after a renewal that was not paid at `at`.
fn past_due(subscription: &Value, at: i64) -> Value {
    let mut owing = subscription.clone();
    owing["status"] = json!("past_due");
    owing["past_due_at"] = json!(written(at));
    owing["modified_at"] = json!(written(at));
    owing
}

#[tokio::test(flavor = "multi_thread")]
async fn grace_ends_only_with_what_is_seen_after_it() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    shop.buy(&ann, "pro", "month").await;
    shop.polar.idle().await;
    let id = shop.subscription(&ann).await["id"].as_str().expect("an id").to_owned();
    let failed_at = shop.state.clock.billing();
    let owing = past_due(&shop.subscription(&ann).await, failed_at);
    assert_eq!(shop.webhook("past-due", &envelope("subscription.past_due", failed_at, &owing)).await, 202);
    let grace_end = failed_at + 7 * DAY;
    wait_for("the grace", async || (shop.until(&ann).await == Some(grace_end)).then_some(())).await;

    shop.advance(6 * DAY).await;
    assert!(shop.may(&ann, "studio").await, "within the grace");
    assert_eq!(shop.tried(&id).await, None, "no read is due yet");
    let before = shop.reads(&id).await;
    shop.advance(DAY + MINUTE).await;
    // Polar's own list still says what it said before the renewal failed: an older picture.
    wait_for("a read at the end of the grace", async || (shop.reads(&id).await > before).then_some(())).await;
    assert!(shop.may(&ann, "studio").await, "nothing newer than the grace's end was seen");

    let stale = envelope("subscription.updated", grace_end - MINUTE, &owing);
    assert_eq!(shop.webhook("before-the-end", &stale).await, 202);
    let seen = async || mirror::object(&shop.state.db, Kind::Subscription, &id).await.expect("rows").expect("a row");
    let stamp = (grace_end - MINUTE) * 1000;
    wait_for("the late picture", async || (seen().await.observed_us == stamp).then_some(())).await;
    assert!(shop.may(&ann, "studio").await, "seen before the end");

    let late = envelope("subscription.updated", grace_end + MINUTE, &owing);
    assert_eq!(shop.webhook("after-the-end", &late).await, 202);
    shop.wait_for_end(&ann).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_end_of_the_grace_polar_is_asked_until_it_answers() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.person("ann").await, shop.person("bob").await);
    shop.buy(&ann, "pro", "month").await;
    shop.buy(&bob, "team", "month").await;
    shop.polar.idle().await;
    let place = shop.halt().await;

    // While the shop is closed, the renewals fail at Polar.
    let file = place.sandbox();
    let mut polar: Value = serde_json::from_slice(&std::fs::read(&file).expect("a file")).expect("JSON");
    for one in polar["subscriptions"].as_array_mut().expect("a list") {
        let at = parse_ms(one["created_at"].as_str().expect("text")).expect("an instant") + 1000;
        *one = past_due(one, at);
    }
    std::fs::write(&file, polar.to_string()).expect("it is written");
    let shop = Shop::open_at(place).await;
    let id = shop.subscription(&ann).await["id"].as_str().expect("an id").to_owned();
    for who in [&ann, &bob] {
        shop.polar.emit("subscription.past_due", &shop.subscription(who).await).await;
        wait_for("the grace", async || shop.until(who).await).await;
    }

    shop.polar.fail(500, "/v1/subscriptions/").await;
    shop.advance(8 * DAY).await;
    wait_for("a read that fails", async || shop.tried(&id).await.filter(|tried| *tried > 0)).await;
    assert!(shop.may(&ann, "studio").await, "Polar's silence ends nothing");
    shop.polar.recover().await;
    shop.wait_for_end(&ann).await;
    assert!(shop.may(&bob, "studio").await, "the plan Team waits 14 days");
    let again = shop.propose(&ann, "pro", "month").await.obstacle;
    assert_eq!(again, Some(boreal::server::services::buying::Obstacle::ChangePlan), "the subscription still lives");
    shop.close().await;
}

/// Cancels in the portal; the instant at which it will end.
async fn cancel(shop: &Shop, who: &Person) -> i64 {
    let id = shop.subscription(who).await["id"].as_str().expect("an id").to_owned();
    let Portal::Signed(portal) = portal::open(&shop.state, &who.id).await.expect("an answer") else {
        panic!("a buyer of ours is let in")
    };
    shop.polar.portal(&portal, &id, "cancel").await;
    let end = parse_ms(shop.subscription(who).await["ends_at"].as_str().expect("an end")).expect("an instant");
    wait_for("the end to be known", async || (shop.until(who).await == Some(end)).then_some(())).await;
    assert!(shop.may(who, "studio").await, "it goes on to the end of what was paid");
    end
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cancelled_ends_when_polar_says_so() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    shop.buy(&ann, "pro", "month").await;
    let end = cancel(&shop, &ann).await;
    shop.advance(end - shop.state.clock.billing() - MINUTE).await;
    assert!(shop.may(&ann, "studio").await, "a minute before");
    shop.advance(2 * MINUTE).await;
    shop.wait_for_end(&ann).await;
    let last: String = (shop.state.db)
        .read("SELECT cause_kind FROM ledger WHERE user_id = $1 ORDER BY seq DESC LIMIT 1")
        .bind(&ann.id)
        .scalar()
        .await
        .expect("a line");
    assert_eq!(last, "inbox", "a fact ended it, no timer");
    assert_eq!(shop.propose(&ann, "pro", "month").await.obstacle, None, "and it can be bought again");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_after_the_end_polar_is_asked_where_no_webhook_came() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    shop.buy(&ann, "pro", "month").await;
    let id = shop.subscription(&ann).await["id"].as_str().expect("an id").to_owned();
    let end = cancel(&shop, &ann).await;
    shop.polar.idle().await;
    shop.polar.faults(json!({"sender": false})).await;
    shop.polar.fail(429, "/v1/subscriptions/").await;
    shop.advance(end - shop.state.clock.billing() + HOUR / 2).await;
    assert_eq!(shop.tried(&id).await, None, "nobody asks within the hour");
    assert!(shop.may(&ann, "studio").await, "the date alone ends nothing");
    shop.advance(HOUR / 2 + MINUTE).await;
    wait_for("a read that is refused", async || shop.tried(&id).await.filter(|tried| *tried > 0)).await;
    assert!(shop.may(&ann, "studio").await, "nor does Polar's refusal");
    shop.polar.recover().await;
    shop.wait_for_end(&ann).await;
    shop.polar.faults(json!({"sender": true})).await;
    shop.close().await;
}

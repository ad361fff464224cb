//! Polar is down for a day: work that waits for it goes on waiting, at growing pauses, and is done when Polar is back.

use super::{patience::wait_for, shop::Shop};
use boreal::{
    model::instant::{HOUR, Millis},
    server::{db::Reader, services::access::Access},
};
use serde_json::json;

const MINUTE: Millis = 60_000;
/// More tries than anything else is given: at the longest pause, more than a day.
const TRIES: i64 = 120;

/// How often the one job of a kind was tried, and when it is tried next; `None` once it is done.
async fn job(shop: &Shop, kind: &str) -> Option<(i64, Millis)> {
    let select = "SELECT attempts, run_at FROM jobs WHERE kind = $1 AND state = 'queued'";
    shop.state.db.read(select).bind(kind).optional().await.expect("a row")
}

/// Lets it be tried at the beginning of an outage and after a day of it; the last pause.
async fn in_vain(shop: &Shop, kind: &'static str) -> Millis {
    let mut pause = 0;
    for try_of_the_day in [1, 2, TRIES, TRIES + 1] {
        let (tried, _) = wait_for("the job to wait", async || job(shop, kind).await).await;
        let so_far = "UPDATE jobs SET attempts = $1 WHERE kind = $2 AND state = 'queued' AND attempts < $1";
        shop.state.db.write(so_far).bind(try_of_the_day).bind(kind).execute().await.expect("a row");
        hurry(shop).await;
        let wanted = tried.max(try_of_the_day);
        let next = async || job(shop, kind).await.filter(|(now, run_at)| *now > wanted && *run_at > 0);
        pause = wait_for("another try", next).await.1 - shop.state.clock.wall();
    }
    pause
}

/// What waits for a later time is due now.
async fn hurry(shop: &Shop) {
    let due = "UPDATE jobs SET run_at = 0 WHERE state = 'queued'";
    shop.state.db.write(due).execute().await.expect("rows");
    shop.state.wake.jobs.notify_one();
}

async fn none_is_dead(shop: &Shop) {
    let dead: i64 =
        (shop.state.db.read("SELECT COUNT(*) FROM jobs WHERE state = 'dead'").scalar().await).expect("a count");
    assert_eq!(dead, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_at_a_subscription_that_ended_is_tried_until_polar_answers() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    shop.buy(&ann, "pro", "month").await;
    shop.polar.idle().await;
    let subscription = shop.polar.list("/v1/subscriptions/").await.remove(0);
    let path = format!("/v1/subscriptions/{}", subscription["id"].as_str().expect("an id"));
    assert_eq!(shop.polar.send("PATCH", &path, Some(json!({"cancel_at_period_end": true}))).await.0, 200);
    shop.polar.idle().await;
    shop.worked_off().await;
    shop.polar.faults(json!({"sender": false})).await;
    shop.polar.fail(500, "/v1/subscriptions/").await;
    shop.advance(31 * 24 * HOUR + HOUR + MINUTE).await;
    let pause = in_vain(&shop, "read_object").await;
    assert!((14 * MINUTE..=15 * MINUTE).contains(&pause), "{pause} ms: not hammered, and not forgotten");
    none_is_dead(&shop).await;
    assert!(shop.may(&ann, "studio").await, "an outage ends nobody's access");

    shop.polar.recover().await;
    hurry(&shop).await;
    let ended = async || matches!(shop.access(&ann, "studio").await, Access::Denied { .. }).then_some(());
    wait_for("the end to be found", ended).await;
    shop.polar.faults(json!({"sender": true})).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_found_however_long_polar_was_down() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let open = shop.checkout(&ann, "pro", "month").await;
    shop.polar.idle().await;
    // All that will be told is that the checkout changed: what was bought must be read.
    let endpoint = shop.polar.list("/v1/webhooks/endpoints").await.remove(0);
    let path = format!("/v1/webhooks/endpoints/{}", endpoint["id"].as_str().expect("an id"));
    let only = json!({"events": ["checkout.updated"]});
    assert_eq!(shop.polar.send("PATCH", &path, Some(only)).await.0, 200);
    shop.polar.fail(429, "/v1/").await;
    shop.pay(&open, &ann.email).await;
    in_vain(&shop, "sync_checkout").await;
    none_is_dead(&shop).await;
    assert_eq!(shop.order_states(&ann).await, ["checkout_open"]);
    assert!(!shop.may(&ann, "studio").await, "nothing is granted on a guess");

    shop.polar.recover().await;
    // At that moment somebody else looks: the job steps back, and does not count that as one failure too many.
    let now = shop.state.clock.wall();
    shop.state.db.write("UPDATE orders SET looked_at = $1").bind(now).execute().await.expect("a row");
    let (tried, _) = job(&shop, "sync_checkout").await.expect("it waits");
    hurry(&shop).await;
    wait_for("another try", async || job(&shop, "sync_checkout").await.filter(|next| next.0 > tried)).await;
    shop.state.db.write("UPDATE orders SET looked_at = NULL").execute().await.expect("a row");
    hurry(&shop).await;
    shop.wait_for_access(&ann, "studio").await;
    shop.wait_for_state(&open.order, "done").await;
    shop.close().await;
}

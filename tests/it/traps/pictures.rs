//! Pictures of one object that contradict each other, and which of them counts.

use super::told::{Told, ended, later, mirrored, orders, seen_later};
use crate::{patience::wait_for, shop::Shop};
use boreal::{
    model::projection::SubscriptionFacts,
    server::{db::Reader, services::overview},
};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn equal_version_with_different_contents() {
    let told = Told::of("pro", "month").await;
    let team = told.shop.propose(&told.ann, "team", "month").await.quote.offer.product_id;
    let plain = told.event("subscription.updated");
    // As in wh0119 and wh0124: a change is scheduled, and taken back, and `modified_at` stays where it was.
    let mut scheduled = seen_later(&plain, 10);
    let applies_at = plain["data"]["current_period_end"].clone();
    scheduled["data"]["pending_update"] = json!({"id": "u", "applies_at": applies_at, "product_id": team});
    let dropped = seen_later(&plain, 20);
    let pending = |picture: &_| {
        let facts: SubscriptionFacts = serde_json::from_str(&mirrored(picture, &plain).projection).expect("facts");
        facts.pending_update.and_then(|update| update.product_id)
    };

    for (heard, wanted) in [(vec![&plain, &scheduled], Some(&team)), (vec![&plain, &scheduled, &dropped], None)] {
        for order in orders(heard.len()) {
            told.replica.forget().await;
            told.hear_products().await;
            for place in &order {
                told.hear(heard[*place]).await;
            }
            let picture = told.replica.settle().await;
            assert_eq!(pending(&picture).as_ref(), wanted, "what was seen last counts, heard in the order {order:?}");
            assert!(told.may("studio").await);
        }
    }
    let reads = "SELECT run_at FROM jobs WHERE kind = 'read_object' AND key = $1";
    let key = format!("subscription:{}", plain["data"]["id"].as_str().expect("an id"));
    let due: i64 = told.replica.state.db.read(reads).bind(key).scalar().await.expect("a read that settles it");
    assert!(due > told.replica.state.clock.wall() + 5_000, "once Polar's answer is surely of a later second");
    told.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn succeeded_checkout_with_an_old_modified_at() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let open = shop.checkout(&ann, "pro", "month").await;
    shop.deaf().await;
    let checkout = shop.order(&open.order).await.checkout_id.expect("a checkout");
    let path = format!("/v1/checkouts/{checkout}");
    let confirmed = as_event(shop.polar.get(&path).await, "confirmed", "2036-01-01T00:00:00.000000Z");
    assert_eq!(shop.webhook("confirmed", &confirmed.to_string()).await, 202);
    shop.worked_off().await;
    // Nobody is to look once more by himself: not after the event just heard, nor after those of Polar before it.
    let looks = "SELECT COUNT(*) FROM jobs WHERE kind = 'sync_checkout'";
    let looked = async || (shop.state.db.read(looks).scalar::<i64>().await.expect("a count") == 0).then_some(());
    wait_for("every look at the checkout to be over", looked).await;
    assert!(!shop.may(&ann, "studio").await, "an event about a checkout proves nothing");
    assert_eq!(shop.order(&open.order).await.state, "checkout_open");

    shop.pay(&open, &ann.email).await;
    shop.polar.idle().await;
    assert!(!shop.may(&ann, "studio").await, "and nobody told that it is paid");
    let succeeded = as_event(shop.polar.get(&path).await, "succeeded", "2020-01-01T00:00:00.000000Z");
    assert_eq!(shop.webhook("succeeded", &succeeded.to_string()).await, 202);
    shop.wait_for_access(&ann, "studio").await;
    shop.wait_for_state(&open.order, "done").await;
    shop.close().await;
}

fn as_event(mut checkout: Value, status: &str, modified_at: &str) -> Value {
    (checkout["status"], checkout["modified_at"]) = (json!(status), json!(modified_at));
    json!({"type": "checkout.updated", "timestamp": "2026-11-21T17:07:03Z", "data": checkout})
}

#[tokio::test(flavor = "multi_thread")]
async fn older_active_after_a_newer_canceled() {
    let told = Told::of("pro", "month").await;
    let active = told.event("subscription.active");
    let canceled = ended(&active, "subscription.revoked", 60);
    told.hear_all().await;
    assert!(told.may("studio").await);
    told.hear(&canceled).await;
    assert!(!told.may("studio").await);

    let picture = told.hear(&seen_later(&active, 120)).await;
    assert_eq!(
        (told.verdict().await.as_str(), mirrored(&picture, &active).status.as_deref()),
        ("older", Some("canceled"))
    );
    assert!(!told.may("studio").await, "what is over is not revived by what was sent before");
    assert_eq!(told.given_and_taken("studio").await, (1, 1));

    told.replica.forget().await;
    told.hear_products().await;
    told.hear(&canceled).await;
    told.hear_all().await;
    assert_eq!(told.given_and_taken("studio").await, (0, 0), "heard after its end, it was never given");

    told.hear(&later(&active, "subscription.active", 180)).await;
    assert!(told.may("studio").await, "a newer one is no error: Polar's staff can bring a subscription back");
    told.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn embedded_old_subscription_inside_an_order() {
    let told = Told::of("pro", "month").await;
    let active = told.event("subscription.active");
    told.hear_all().await;
    told.hear(&ended(&active, "subscription.revoked", 60)).await;
    // Whatever its copy says, also one that looks newer.
    for seconds in [0, 300] {
        let mut bill = later(&told.event("order.paid"), "order.updated", 120 + seconds);
        bill["data"]["subscription"] = later(&active, "subscription.updated", seconds)["data"].clone();
        let picture = told.hear(&bill).await;
        assert_eq!(told.verdict().await, "applied", "the bill itself is news");
        assert_eq!(mirrored(&picture, &active).status.as_deref(), Some("canceled"), "{seconds} s");
        assert!(!told.may("studio").await, "{seconds} s");
    }

    told.replica.forget().await;
    told.hear_products().await;
    told.hear(&told.event("customer.created")).await;
    let mut bill = told.event("order.paid");
    bill["data"]["subscription"] = active["data"].clone();
    let picture = told.hear(&bill).await;
    assert!(!picture.objects.iter().any(|object| object.kind == "subscription"), "a copy is no object");
    assert!(!told.may("studio").await);
    told.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn re_grant_with_the_same_id() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let benefit = json!({"type": "feature_flag", "description": "Early access", "properties": {},
        "metadata": {"feature": "early_access"}});
    let benefit = shop.at_polar("POST", "/v1/benefits/", Some(benefit)).await;
    let product = shop.propose(&ann, "pro", "month").await.quote.offer.product_id;
    let gives = json!({"benefits": [benefit["id"]]});
    shop.at_polar("POST", &format!("/v1/products/{product}/benefits"), Some(gives)).await;
    let told = Told::about(shop, ann, "pro", "month").await;

    let granted = told.event("benefit_grant.created");
    let mut revoked = later(&granted, "benefit_grant.revoked", 60);
    (revoked["data"]["is_granted"], revoked["data"]["is_revoked"]) = (json!(false), json!(true));
    let again = later(&granted, "benefit_grant.created", 120);
    told.hear_all().await;
    let steps =
        [(&revoked, false), (&again, true), (&seen_later(&revoked, 90), true), (&seen_later(&granted, 200), true)];
    assert!(told.may("early_access").await);
    for (event, may) in steps {
        told.hear(event).await;
        assert_eq!(told.may("early_access").await, may, "{}", event["type"]);
    }
    assert_eq!(told.given_and_taken("early_access").await, (2, 1));

    let all = [&granted, &revoked, &again];
    for order in orders(3) {
        told.replica.forget().await;
        told.hear_products().await;
        told.hear(&told.event("customer.created")).await;
        for place in &order {
            told.hear(all[*place]).await;
        }
        assert!(told.may("early_access").await, "heard in the order {order:?}");
    }
    told.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn canceled_twice() {
    let told = Told::of("pro", "month").await;
    let active = told.event("subscription.active");
    told.hear_all().await;
    // First the customer asks for it, then it happens: Polar says `canceled` both times.
    let mut asked = later(&active, "subscription.canceled", 60);
    let period_end = active["data"]["current_period_end"].clone();
    let data = &mut asked["data"];
    (data["cancel_at_period_end"], data["ends_at"]) = (json!(true), period_end);
    data["canceled_at"] = data["modified_at"].clone();
    for event in [&asked, &seen_later(&asked, 1)] {
        told.hear(event).await;
        assert!(told.may("studio").await, "it goes on to the end of the period");
    }
    assert_eq!(told.given_and_taken("studio").await, (1, 0));
    for kind in ["subscription.updated", "subscription.canceled", "subscription.revoked"] {
        told.hear(&ended(&active, kind, 120)).await;
        assert!(!told.may("studio").await, "{kind}: the whole object counts, not the word of the event");
    }
    told.hear(&seen_later(&asked, 200)).await;
    assert!(!told.may("studio").await);
    assert_eq!(told.given_and_taken("studio").await, (1, 1), "it ended once");
    told.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn negative_order() {
    let told = Told::of("pro", "year").await;
    let before = told.hear_all().await;
    let first = told.event("order.paid");
    // What a change from years to months leaves: nothing is paid back, the next bills are reduced.
    let mut credit = later(&first, "order.paid", 60);
    let data = &mut credit["data"];
    (data["id"], data["billing_reason"]) = (json!("a-credit"), json!("subscription_update"));
    for amount in ["subtotal_amount", "net_amount", "total_amount"] {
        data[amount] = json!(-8800);
    }
    (data["due_amount"], data["checkout_id"]) = (json!(0), Value::Null);
    let after = told.hear(&credit).await;
    let row = mirrored(&after, &credit);
    assert_eq!((told.verdict().await.as_str(), row.amount), ("applied", Some(-8800)));
    assert_eq!(row.owner_id, Some(told.ann.id.clone()), "it is a bill of her subscription");
    assert_eq!((after.entitlements, after.orders), (before.entitlements, before.orders), "and opens or ends nothing");
    let bills = overview::of(&told.replica.state, &told.ann.id).await.expect("the database answers").bills;
    assert!(bills.iter().any(|bill| bill.total.to_string() == "−$88"), "{bills:?}");
    told.close().await;
}

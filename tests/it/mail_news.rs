//! Mail about money: what is told of what happens at Polar, once each, and nothing of what is old.

use super::{
    mail::with_sink,
    patience::wait_for,
    polar::PAYS,
    replica::{Replica, Said},
    scenarios::{MINUTE, PAYS_ONCE, Scene},
    shop::{Person, Place, Shop},
    sink::Sink,
};
use boreal::{
    model::instant::{DAY, parse_ms, spell_date},
    server::{db::Reader, services::syncing},
};
use serde_json::{Value, json};

async fn scene() -> (Scene, Sink) {
    let (shop, sink) = with_sink().await;
    let scene = Scene::at(shop).await;
    sink.letter(&scene.who.email, "Confirm your").await;
    (scene, sink)
}

/// Waits until nothing is left to apply or to send; the subjects of what Ann was mailed, the welcome apart.
async fn told(scene: &Scene, sink: &Sink) -> Vec<String> {
    scene.settle().await;
    let left = "SELECT COUNT(*) FROM outgoing_mail WHERE state <> 'sent'";
    let db = &scene.shop.state.db;
    let due = "SELECT COUNT(*) FROM users WHERE refold_at <= $1";
    let sent = async || {
        let due: i64 = db.read(due).bind(scene.shop.state.clock.billing()).scalar().await.expect("a count");
        (due + db.read(left).scalar::<i64>().await.expect("a count") == 0).then_some(())
    };
    wait_for("everything to be told", sent).await;
    let mails = sink.letters().into_iter().filter(|one| one.to == scene.who.email).skip(1);
    let mut subjects: Vec<String> = mails.map(|one| one.subject()).collect();
    subjects.sort_unstable();
    subjects
}

fn at(object: &Value, key: &str) -> i64 {
    parse_ms(object[key].as_str().unwrap_or_else(|| panic!("no {key} in {object}"))).expect("an instant")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_payment_is_told_once_with_its_receipt() {
    let (scene, sink) = scene().await;
    scene.buy("pro", "month", PAYS).await;
    assert_eq!(told(&scene, &sink).await, ["Paid: Pro, $12"]);
    let letter = sink.letter(&scene.who.email, "Paid").await;
    assert!(letter.text().contains("You paid $12 for Pro (first payment)."), "{}", letter.text());
    assert!(letter.text().contains(&format!("{}/orders", scene.shop.origin)));

    // Told again, in every way.
    for event in scene.shop.polar.events().await {
        let data: Value = serde_json::from_str(&event.body).expect("JSON");
        scene.shop.polar.emit(&event.kind, &data["data"]).await;
    }
    syncing::sync_user(&scene.shop.state, &scene.who.id).await.expect("Polar answers");
    assert_eq!(told(&scene, &sink).await, ["Paid: Pro, $12"]);
    scene.next_period().await;
    assert_eq!(told(&scene, &sink).await, ["Paid: Pro, $12", "Paid: Pro, $12"]);
    assert!(sink.letter(&scene.who.email, "Paid").await.text().contains("(renewal)"));
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_payment_says_until_when_and_a_late_one_is_told() {
    let (scene, sink) = scene().await;
    scene.buy("pro", "month", PAYS_ONCE).await;
    scene.next_period().await;
    assert_eq!(told(&scene, &sink).await, ["Paid: Pro, $12", "Your payment for Pro did not go through"]);
    let failed = at(&scene.subscription().await, "past_due_at");
    let letter = sink.letter(&scene.who.email, "Your payment").await;
    assert!(letter.text().contains(&format!("until {}", spell_date(failed + 7 * DAY))), "{}", letter.text());

    scene.travel_to(failed + 2 * DAY + MINUTE).await;
    scene.in_portal("card", &[("number", PAYS)]).await;
    let all = told(&scene, &sink).await;
    assert_eq!(all, ["Paid: Pro, $12", "Paid: Pro, $12", "Your payment for Pro did not go through"]);
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_canceled_and_what_has_ended_is_told() {
    let (scene, sink) = scene().await;
    scene.buy("pro", "month", PAYS).await;
    scene.at_subscription("cancel", &[]).await;
    assert_eq!(told(&scene, &sink).await, ["Paid: Pro, $12", "Pro is cancelled"]);
    let ends = spell_date(at(&scene.subscription().await, "current_period_end"));
    let letter = sink.letter(&scene.who.email, "Pro is cancelled").await;
    assert!(
        letter.text().contains(&format!(
            "You keep it until {ends}, and nothing more is charged but what you use beyond what is included."
        )),
        "{}",
        letter.raw
    );
    scene.next_period().await;
    assert_eq!(told(&scene, &sink).await, ["Paid: Pro, $12", "Pro has ended", "Pro is cancelled"]);
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_and_another_plan_are_told() {
    let (scene, sink) = scene().await;
    scene.buy("pro", "month", PAYS).await;
    let bill = scene.bills().await.remove(0);
    let body = json!({"order_id": bill["id"], "reason": "customer_request", "amount": 500});
    assert_eq!(scene.shop.polar.send("POST", "/v1/refunds/", Some(body)).await.0, 201);
    let all = told(&scene, &sink).await;
    assert!(all.len() == 2 && all[0].starts_with("Paid back: $") && all[1] == "Paid: Pro, $12", "{all:?}");
    let team = scene.product("team", "month").await;
    scene.change(json!({"product_id": team["id"], "proration_behavior": "invoice"})).await;
    let all = told(&scene, &sink).await;
    assert!(all.contains(&"You have Team now".to_owned()), "{all:?}");
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yearly_renewal_is_announced_a_week_ahead() {
    let (scene, sink) = scene().await;
    scene.buy("pro", "year", PAYS).await;
    let end = at(&scene.subscription().await, "current_period_end");
    scene.travel_to(end - 8 * DAY).await;
    assert_eq!(told(&scene, &sink).await, ["Paid: Pro, $120"]);
    scene.travel_to(end - 7 * DAY + MINUTE).await;
    let letter = sink.letter(&scene.who.email, &format!("Pro renews on {}", spell_date(end))).await;
    assert!(letter.text().contains("for $120, tax apart"), "{}", letter.text());
    scene.travel_to(end - 7 * DAY + 10 * MINUTE).await;
    assert_eq!(told(&scene, &sink).await.len(), 2, "once");
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_subscriptions_are_told_once() {
    let (scene, sink) = scene().await;
    let (shop, ann) = (&scene.shop, &scene.who);
    let bob = shop.person("bob").await;
    let known = json!({"email": bob.email, "external_id": bob.id});
    assert_eq!(shop.polar.send("POST", "/v1/customers/", Some(known)).await.0, 201);
    // Two devices: the older checkout is paid all the same, with another address.
    let (first, second) = (shop.checkout(ann, "pro", "month").await, shop.checkout(ann, "pro", "year").await);
    for (open, email) in [(&first, &ann.email), (&second, &bob.email)] {
        shop.pay(open, email).await;
        shop.wait_for_state(&open.order, "done").await;
    }
    sink.letter(&scene.who.email, "You are paying for two subscriptions").await;
    let all = told(&scene, &sink).await;
    assert_eq!(all.iter().filter(|one| one.starts_with("You are paying")).count(), 1, "{all:?}");
    assert!(sink.letters().iter().all(|one| one.to != bob.email), "nothing to whoever lent their address");
    scene.shop.close().await;
}

async fn queued(shop: &Shop, who: &Person) -> Vec<String> {
    let select = "SELECT kind FROM outgoing_mail WHERE recipient = $1 ORDER BY kind";
    let rows: Vec<(String,)> = shop.state.db.read(select).bind(&who.email).all().await.expect("rows");
    rows.into_iter().map(|row| row.0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_is_older_than_a_day_nothing_is_told() {
    let shop = Shop::open_at(Place::new().await).await;
    let ann = shop.person("ann").await;
    shop.polar.idle().await;
    shop.polar.faults(json!({"sender": false})).await;
    let open = shop.checkout(&ann, "pro", "month").await;
    shop.pay(&open, &ann.email).await;
    shop.advance(2 * DAY).await;
    syncing::sync_user(&shop.state, &ann.id).await.expect("Polar answers");
    assert!(shop.may(&ann, "studio").await, "it is known");
    assert_eq!(queued(&shop, &ann).await, [""; 0], "but no news any more");
    shop.polar.faults(json!({"sender": true})).await;
    shop.polar.idle().await;
    shop.worked_off().await;
    assert_eq!(queued(&shop, &ann).await, [""; 0], "nor by the webhooks that come at last");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_that_is_built_anew_tells_nothing_twice() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let order = shop.buy(&ann, "pro", "month").await;
    shop.polar.idle().await;
    shop.worked_off().await;
    assert_eq!(queued(&shop, &ann).await, ["order_paid"]);
    let replica = Replica::beside(&shop, std::slice::from_ref(&ann), &[order]).await;
    let told = async || {
        let select = "SELECT dedup_key, state FROM outgoing_mail ORDER BY dedup_key";
        replica.state.db.read(select).all::<(String, String)>().await.expect("rows")
    };
    let mut events = shop.polar.events().await;
    for _ in 0..3 {
        events.rotate_left(4);
        for event in &events {
            replica.hear(&Said::Webhook(event.id.clone(), event.body.clone())).await;
            replica.apply().await;
        }
        replica.settle().await;
        assert_eq!(told().await.len(), 1, "{:?}", told().await);
        replica.forget().await;
    }
    replica.close().await;
    shop.close().await;
}

//! Cancellation: at the end of the period, taken back, at once; and a pause, which is none.

use super::scene::{END, LAST_BILL, MINUTE, Scene, id, instant, text};
use crate::polar::PAYS;
use boreal::model::instant::{DAY, spell_date};
use serde_json::json;

async fn on_pro() -> Scene {
    let scene = Scene::open().await;
    scene.buy("pro", "month", PAYS).await;
    scene.told().await;
    scene
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_it_goes_on_to_the_end_of_what_was_paid() {
    let scene = on_pro().await;
    scene.at_subscription("cancel", &[("reason", "too_expensive"), ("comment", "Rent went up.")]).await;
    assert_eq!(scene.told().await, ["subscription.updated", "subscription.canceled"]);
    let one = scene.subscription().await;
    assert_eq!((&one["status"], &one["cancel_at_period_end"]), (&json!("active"), &json!(true)));
    assert_eq!(one["customer_cancellation_reason"], "too_expensive");
    assert_eq!(one["customer_cancellation_comment"], "Rent went up.");
    let end = instant(&one, "ends_at");
    assert_eq!(end, instant(&one, "current_period_end"));
    scene.reads(&["You have Pro", "Ending", &format!("Ends on {}.", spell_date(end))]).await;

    scene.travel_to(end - MINUTE).await;
    assert_eq!(scene.told().await, [""; 0]);
    assert!(scene.may("studio").await, "a minute before");
    scene.order_reads(&["You have Pro", "Everything is paid and open."]).await;
    scene.travel_to(end + MINUTE).await;
    assert_eq!(scene.told().await, [&END[..], &LAST_BILL].concat(), "canceled is told again when it really ends");
    assert!(!scene.may("studio").await);
    assert!(text(&scene.ann.get("/studio/sheet", 403).await).contains("The sheet of codes is part of Pro."));
    scene.reads(&["You have Free.", "See plans and prices", "Pro, first payment"]).await;
    scene.order_reads(&["Your order of Pro", "You do not have Pro now", "The subscription ended."]).await;
    assert_eq!(scene.ledger("studio").await, ["given", "changed", "taken"]);
    scene.shop.advance(90 * DAY).await;
    assert_eq!(scene.told().await, [""; 0]);
    let bills: Vec<_> = scene.bills().await.iter().map(|bill| bill["total_amount"].as_i64()).collect();
    assert_eq!(bills, [0, 1_200].map(Some), "nothing more is charged");
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn taken_back_in_time_it_renews_as_ever() {
    let scene = on_pro().await;
    scene.at_subscription("cancel", &[("reason", "unused")]).await;
    scene.told().await;
    scene.at_subscription("keep", &[]).await;
    assert_eq!(scene.told().await, ["subscription.updated", "subscription.uncanceled"]);
    let one = scene.subscription().await;
    for key in ["ends_at", "canceled_at", "customer_cancellation_reason"] {
        assert_eq!(one[key], json!(null), "{key}");
    }
    let renews = spell_date(instant(&one, "current_period_end"));
    scene.reads(&["You have Pro", "Active", &format!("Renews on {renews}.")]).await;
    scene.reads_nothing_of(&["Ends on"]).await;
    scene.next_period().await;
    assert_eq!(scene.told().await, super::scene::RENEWAL);
    assert!(scene.may("studio").await);
    assert_eq!(scene.ledger("studio").await, ["given", "changed", "changed"]);
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_at_once_access_ends_at_once() {
    let scene = on_pro().await;
    let ended = id(&scene.subscription().await).to_owned();
    let path = format!("/v1/subscriptions/{ended}");
    assert_eq!(scene.shop.polar.send("DELETE", &path, None).await.0, 200);
    assert_eq!(scene.told().await, END);
    assert!(!scene.may("studio").await);
    scene.reads(&["You have Free."]).await;
    scene.reads_nothing_of(&["Ends on", "Renews on"]).await;
    assert_eq!(scene.shop.polar.send("DELETE", &path, None).await.0, 403, "it is over");
    assert_eq!(scene.patch(json!({"cancel_at_period_end": false})).await.0, 410);
    assert_eq!(scene.told().await, [""; 0]);

    scene.buy("pro", "month", PAYS).await;
    assert_ne!(id(&scene.subscription().await), ended);
    assert!(scene.may("studio").await);
    assert_eq!(scene.ledger("studio").await, ["given", "taken", "given"]);
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paused_it_gives_nothing_and_resumed_everything() {
    let scene = on_pro().await;
    scene.change(json!({"pause_at_period_end": true})).await;
    assert_eq!(scene.told().await, ["subscription.updated"]);
    assert!(scene.may("studio").await);
    scene.next_period().await;
    assert_eq!(scene.told().await, ["subscription.updated", "subscription.paused"], "no cycle");
    assert!(!scene.may("studio").await);
    scene.reads(&["You have Free.", "Paused", "Nothing is charged while it is paused."]).await;
    scene.shop.advance(90 * DAY).await;
    assert_eq!(scene.told().await, [""; 0]);

    scene.at_subscription("resume", &[]).await;
    let told = scene.told().await;
    assert_eq!(told[..2], ["subscription.updated", "subscription.resumed"]);
    assert_eq!(told[2..], ["order.created", "order.updated", "order.paid"]);
    assert!(scene.may("studio").await);
    let one = scene.subscription().await;
    scene.reads(&["You have Pro", &format!("Renews on {}.", spell_date(instant(&one, "current_period_end")))]).await;
    assert_eq!(scene.bills().await.len(), 2);
    assert_eq!(scene.ledger("studio").await, ["given", "taken", "given"]);
    scene.shop.close().await;
}

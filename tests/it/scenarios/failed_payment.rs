//! Failed payment: a renewal is declined; grace, retries, recovery by another card, or the end.

use super::scene::{END, MINUTE, PAYS_ONCE, Scene, instant, text};
use crate::{patience::wait_for, polar::PAYS};
use boreal::{
    model::instant::{DAY, Millis, spell_date},
    server::services::buying::Obstacle,
};
use serde_json::json;

/// What is told when a renewal is not paid.
const DECLINED_RENEWAL: [&str; 5] =
    ["subscription.cycled", "subscription.updated", "order.created", "subscription.updated", "subscription.past_due"];
/// What is told when it is paid after all.
const RECOVERY: [&str; 4] = ["subscription.updated", "subscription.active", "order.updated", "order.paid"];

/// The card that is lost once its holder has paid with it.
const LOST: &str = "4000 0000 0000 9987";

/// Ann's first renewal was declined a moment ago; when.
async fn behind(scene: &Scene, card: &str) -> Millis {
    scene.buy("pro", "month", card).await;
    scene.told().await;
    scene.next_period().await;
    assert_eq!(scene.told().await, DECLINED_RENEWAL);
    let subscription = scene.subscription().await;
    assert_eq!(subscription["status"], "past_due");
    instant(&subscription, "past_due_at")
}

/// Waits until the access that was on grace is over.
async fn grace_over(scene: &Scene) {
    wait_for("the end of the grace", async || (!scene.may("studio").await).then_some(())).await;
}

/// A card of Ann's that pays.
async fn another_card(scene: &Scene) {
    scene.in_portal("card", &[("number", PAYS)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn access_goes_on_for_the_grace_and_another_card_in_time_loses_nothing() {
    let scene = Scene::open().await;
    let failed = behind(&scene, PAYS_ONCE).await;
    let until = spell_date(failed + 7 * DAY);
    assert!(scene.may("studio").await);
    scene.reads(&["You have Pro", "The last payment of Pro did not go through.", "Payment due", "Being paid"]).await;
    scene.reads(&[&format!("Your access goes on until {until}."), "Another card settles it."]).await;
    assert_eq!(scene.shop.propose(&scene.who, "pro", "month").await.obstacle, Some(Obstacle::ChangePlan));

    scene.travel_to(failed + 2 * DAY + MINUTE).await;
    assert_eq!(scene.told().await, [""; 0], "a declined retry tells nothing");
    assert!(scene.may("studio").await);
    another_card(&scene).await;
    assert_eq!(scene.told().await, RECOVERY);
    assert_eq!(scene.subscription().await["status"], "active");
    let renews = spell_date(instant(&scene.subscription().await, "current_period_end"));
    scene.reads(&["You have Pro", "Active", &format!("Renews on {renews}.")]).await;
    scene.reads_nothing_of(&["did not go through", "Being paid"]).await;
    assert_eq!(scene.ledger("studio").await, ["given", "changed", "changed"], "until a day, and again without one");
    scene.shop.advance(8 * DAY).await;
    scene.settle().await;
    assert!(scene.may("studio").await, "the end of the grace is forgotten");
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_grace_access_is_closed_until_another_card_pays() {
    let scene = Scene::open().await;
    let failed = behind(&scene, PAYS_ONCE).await;
    scene.travel_to(failed + 7 * DAY - MINUTE).await;
    scene.settle().await;
    assert!(scene.may("studio").await, "a minute before");
    scene.travel_to(failed + 7 * DAY + 2 * MINUTE).await;
    grace_over(&scene).await;
    assert_eq!(scene.told().await, [""; 0], "no webhook says so: Polar was asked");
    scene.reads(&["You have Free.", "The last payment of Pro did not go through.", "has ended for now"]).await;
    assert!(text(&scene.ann.get("/studio/sheet", 403).await).contains("The sheet of codes is part of Pro."));

    another_card(&scene).await;
    assert_eq!(scene.told().await, RECOVERY);
    assert!(scene.may("studio").await);
    scene.reads(&["You have Pro", "Renews on"]).await;
    scene.reads_nothing_of(&["did not go through"]).await;
    assert_eq!(scene.ledger("studio").await, ["given", "changed", "taken", "given"]);
    assert!(scene.bills().await.iter().all(|bill| bill["status"] == "paid"));
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_pays_and_after_four_retries_it_ends() {
    let scene = Scene::open().await;
    let failed = behind(&scene, PAYS_ONCE).await;
    for (days, next) in [(2, 7), (7, 14), (14, 21)] {
        scene.travel_to(failed + days * DAY + MINUTE).await;
        assert_eq!(scene.told().await, [""; 0], "day {days}");
        let planned = instant(&scene.bills().await[0], "next_payment_attempt_at");
        assert!((planned - failed - next * DAY).abs() < MINUTE, "after day {days} comes day {next}");
    }
    grace_over(&scene).await;
    assert_eq!(scene.subscription().await["status"], "past_due");
    scene.travel_to(failed + 21 * DAY + MINUTE).await;
    assert_eq!(scene.told().await, [&END[..], &["order.updated"]].concat());
    let bill = scene.bills().await.remove(0);
    assert_eq!((&bill["status"], &bill["next_payment_attempt_at"]), (&json!("void"), &json!(null)));
    scene.reads(&["You have Free.", "See plans and prices", "Not due"]).await;
    scene.reads_nothing_of(&["did not go through", "Being paid", "Payment due"]).await;
    assert_eq!(scene.ledger("studio").await, ["given", "changed", "taken"]);

    scene.buy("pro", "month", PAYS).await;
    assert!(scene.may("studio").await, "it can be bought again");
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_will_never_work_is_not_tried_again() {
    let scene = Scene::open().await;
    let failed = behind(&scene, LOST).await;
    let planned = instant(&scene.bills().await[0], "next_payment_attempt_at");
    assert!((planned - failed - 21 * DAY).abs() < MINUTE, "only the last day is left");
    scene.travel_to(failed + 20 * DAY).await;
    assert_eq!(scene.told().await, [""; 0]);
    grace_over(&scene).await;
    scene.reads(&["The last payment of Pro did not go through.", "has ended for now"]).await;
    scene.travel_to(failed + 21 * DAY + MINUTE).await;
    assert_eq!(scene.told().await, [&END[..], &["order.updated"]].concat());
    scene.reads(&["You have Free.", "Not due"]).await;
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_says_how_long_its_grace_is() {
    let scene = Scene::open().await;
    scene.buy("team", "month", PAYS_ONCE).await;
    scene.told().await;
    scene.next_period().await;
    assert_eq!(scene.told().await, DECLINED_RENEWAL, "the trial is over, and its first payment is declined");
    let failed = instant(&scene.subscription().await, "past_due_at");
    scene.travel_to(failed + 14 * DAY - MINUTE).await;
    scene.settle().await;
    assert!(scene.may("sharing").await);
    scene.reads(&[&format!("Your access goes on until {}.", spell_date(failed + 14 * DAY))]).await;
    scene.travel_to(failed + 14 * DAY + 2 * MINUTE).await;
    grace_over(&scene).await;
    assert_eq!(scene.ledger("sharing").await, ["given", "changed", "taken"]);
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_by_the_customer_while_behind_nothing_is_owed() {
    let scene = Scene::open().await;
    behind(&scene, PAYS_ONCE).await;
    scene.at_subscription("cancel", &[]).await;
    assert_eq!(scene.told().await, ["subscription.updated", "subscription.canceled"]);
    assert_eq!(scene.subscription().await["status"], "past_due", "it is still owed");
    scene.change(json!({"revoke": true})).await;
    assert_eq!(scene.told().await, [&END[..], &["order.updated"]].concat());
    assert!(!scene.may("studio").await);
    scene.reads(&["You have Free.", "Not due"]).await;
    scene.shop.advance(60 * DAY).await;
    assert_eq!(scene.told().await, [""; 0]);
    scene.shop.close().await;
}

//! Upgrade and downgrade: at once with a bill, at once with the difference on the next one, at the end of the period,
//! taken back, and declined. Polar's dashboard makes these changes; the shop follows.

use super::scene::{PAYS_ONCE, RENEWAL, Scene, id, instant};
use crate::polar::PAYS;
use boreal::model::instant::{DAY, spell_date};
use serde_json::{Value, json};

/// The whole of a bill, and the amounts of its items but for usage of which nothing is to be paid.
fn amounts(bill: &Value) -> (i64, Vec<i64>) {
    let items = bill["items"].as_array().expect("items").iter();
    let amounts = items.map(|item| item["amount"].as_i64().expect("one")).filter(|amount| *amount != 0);
    (bill["total_amount"].as_i64().expect("an amount"), amounts.collect())
}

/// Ann pays 12.00 a month for Pro; 14 days have gone.
async fn on_pro(card: &str) -> Scene {
    let scene = Scene::open().await;
    scene.buy("pro", "month", card).await;
    scene.shop.advance(14 * DAY).await;
    scene.told().await;
    scene
}

/// What of a period is left, as a share of `amount`: with a cent to spare for the seconds of the test.
async fn rest_of(scene: &Scene, amount: i64) -> std::ops::RangeInclusive<i64> {
    let one = scene.subscription().await;
    let (start, end) = (instant(&one, "current_period_start"), instant(&one, "current_period_end"));
    let rest = amount * (end - scene.shop.state.clock.billing()) / (end - start);
    rest - 2..=rest + 2
}

async fn change_to(scene: &Scene, plan: &str, interval: &str, how: &str) -> (u16, Value) {
    let product = scene.product(plan, interval).await;
    scene.patch(json!({"product_id": id(&product), "proration_behavior": how})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_that_is_billed_at_once() {
    let scene = on_pro(PAYS).await;
    let (debit, credit) = (rest_of(&scene, 3_900).await, rest_of(&scene, 1_200).await);
    assert_eq!(change_to(&scene, "team", "month", "invoice").await.0, 200);
    assert_eq!(scene.told().await, ["order.created", "subscription.updated", "order.updated", "order.paid"]);
    let bill = scene.bills().await.remove(0);
    let (total, items) = amounts(&bill);
    assert!(debit.contains(&items[0]) && credit.contains(&-items[1]), "{items:?} of {debit:?} and {credit:?}");
    assert_eq!((total, &bill["billing_reason"]), (items[0] + items[1], &json!("subscription_update")));
    assert!(scene.may("sharing").await && scene.may("studio").await);
    let shown = format!("${}.{:02}", total / 100, total % 100);
    scene.reads(&["You have Team", "Active", "$39", "Team, change of plan", &shown]).await;
    scene.reads_nothing_of(&["from your Pro subscription"]).await;
    assert_eq!(scene.ledger("studio").await, ["given"], "it was open all the time, by the same subscription");
    assert_eq!(scene.ledger("sharing").await, ["given"]);
    assert_eq!(scene.ledger("plan:pro").await, ["given", "taken"]);

    let end = instant(&scene.subscription().await, "current_period_end");
    scene.next_period().await;
    assert_eq!(scene.told().await, RENEWAL);
    let bill = scene.bills().await.remove(0);
    assert_eq!(
        (amounts(&bill), instant(&scene.subscription().await, "current_period_start")),
        ((3_900, vec![3_900]), end)
    );
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_downgrade_whose_difference_is_on_the_next_bill() {
    let scene = on_pro(PAYS).await;
    assert_eq!(change_to(&scene, "team", "month", "invoice").await.0, 200);
    scene.told().await;
    let (debit, credit) = (rest_of(&scene, 1_200).await, rest_of(&scene, 3_900).await);
    assert_eq!(change_to(&scene, "pro", "month", "prorate").await.0, 200);
    assert_eq!(scene.told().await, ["subscription.updated"], "no bill yet");
    assert!(scene.may("studio").await && !scene.may("sharing").await);
    scene.reads(&["You have Pro", "$12"]).await;
    assert_eq!(scene.bills().await.len(), 2);

    scene.next_period().await;
    assert_eq!(scene.told().await, RENEWAL);
    let bill = scene.bills().await.remove(0);
    let (total, items) = amounts(&bill);
    assert_eq!((items.len(), items.contains(&1_200)), (3, true), "{items:?}");
    let others: Vec<i64> = items.iter().copied().filter(|amount| *amount != 1_200).collect();
    assert!(debit.contains(&others[0]) && credit.contains(&-others[1]), "{others:?} of {debit:?} and {credit:?}");
    assert_eq!(total, items.iter().sum::<i64>());
    assert!(total < 1_200, "what Team had left lowers the bill: {total}");
    assert_eq!(scene.ledger("sharing").await, ["given", "taken"]);
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_at_the_end_of_the_period_waits_and_can_be_taken_back() {
    let scene = on_pro(PAYS).await;
    let (status, one) = change_to(&scene, "team", "month", "next_period").await;
    assert_eq!((status, &one["pending_update"]["applies_at"]), (200, &one["current_period_end"]));
    assert_eq!(scene.told().await, ["subscription.updated"]);
    assert!(!scene.may("sharing").await, "not yet");
    scene.reads(&["You have Pro", "$12"]).await;

    scene.change(json!({"pending_update": null})).await;
    assert_eq!(scene.told().await, ["subscription.updated"]);
    assert_eq!(scene.patch(json!({"pending_update": null})).await.0, 422, "there is none any more");
    scene.next_period().await;
    assert_eq!(scene.told().await, RENEWAL);
    assert!(!scene.may("sharing").await, "it was taken back");
    assert_eq!(amounts(&scene.bills().await[0]).0, 1_200);

    assert_eq!(change_to(&scene, "team", "month", "next_period").await.0, 200);
    scene.told().await;
    scene.next_period().await;
    assert_eq!(scene.told().await, RENEWAL);
    assert!(scene.may("sharing").await);
    assert_eq!(amounts(&scene.bills().await[0]).0, 3_900);
    scene.reads(&["You have Team", "$39"]).await;

    assert_eq!(change_to(&scene, "pro", "month", "next_period").await.0, 200);
    scene.told().await;
    assert!(scene.may("sharing").await, "what was paid stays until the end");
    scene.next_period().await;
    assert_eq!(scene.told().await, RENEWAL);
    assert!(!scene.may("sharing").await && scene.may("studio").await);
    assert_eq!(amounts(&scene.bills().await[0]).0, 1_200);
    assert_eq!(scene.ledger("sharing").await, ["given", "taken"]);
    assert_eq!(scene.ledger("studio").await, ["given"]);
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_whose_payment_is_declined_changes_nothing() {
    let scene = on_pro(PAYS_ONCE).await;
    let before = scene.subscription().await;
    let (status, refusal) = change_to(&scene, "team", "month", "invoice").await;
    assert_eq!((status, &refusal["error"]), (402, &json!("PaymentFailed")));
    assert_eq!(scene.told().await, [""; 0]);
    assert_eq!(scene.subscription().await, before);
    assert!(scene.may("studio").await && !scene.may("sharing").await);
    scene.reads(&["You have Pro", "$12"]).await;
    assert_eq!(scene.bills().await.len(), 1);
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_months_to_years_the_period_begins_anew() {
    let scene = on_pro(PAYS).await;
    let credit = rest_of(&scene, 1_200).await;
    assert_eq!(change_to(&scene, "pro", "year", "prorate").await.0, 200);
    assert_eq!(scene.told().await, ["order.created", "subscription.updated", "order.updated", "order.paid"]);
    let (total, items) = amounts(&scene.bills().await[0]);
    assert!(items[0] == 12_000 && credit.contains(&-items[1]) && total == items[0] + items[1], "{items:?}");
    let one = scene.subscription().await;
    let days = (instant(&one, "current_period_end") - instant(&one, "current_period_start")) / DAY;
    assert!((365..=366).contains(&days), "{days}");
    let renews = spell_date(instant(&one, "current_period_end"));
    scene.reads(&["You have Pro", "$120", "per year", &format!("Renews on {renews}.")]).await;
    assert_eq!(scene.ledger("studio").await, ["given"]);
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_years_to_months_the_rest_is_credit_for_the_next_bills() {
    let scene = Scene::open().await;
    scene.buy("pro", "year", PAYS).await;
    scene.told().await;
    assert_eq!(change_to(&scene, "pro", "month", "invoice").await.0, 200);
    assert_eq!(scene.told().await, ["order.created", "order.updated", "order.paid", "subscription.updated"]);
    let (total, _) = amounts(&scene.bills().await[0]);
    assert!((-10_800..=-10_795).contains(&total), "{total}");
    scene.next_period().await;
    assert_eq!(scene.told().await, RENEWAL);
    let bill = scene.bills().await.remove(0);
    assert_eq!((&bill["total_amount"], &bill["applied_balance_amount"]), (&json!(1_200), &json!(-1_200)));
    assert_eq!(bill["due_amount"], 0, "nothing is charged while there is credit");
    scene.reads(&["You have Pro", "per month", "Pro, renewal"]).await;
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_to_end_cannot_change_and_the_customer_can_change_in_the_portal() {
    let scene = on_pro(PAYS).await;
    scene.at_subscription("cancel", &[]).await;
    scene.told().await;
    let (status, refusal) = change_to(&scene, "team", "month", "invoice").await;
    assert_eq!((status, &refusal["error"]), (403, &json!("AlreadyCanceledSubscription")));
    assert_eq!(scene.told().await, [""; 0]);
    scene.at_subscription("keep", &[]).await;
    scene.told().await;
    let team = scene.product("team", "month").await;
    scene.at_subscription("plan", &[("product_id", id(&team))]).await;
    assert_eq!(scene.told().await, ["subscription.updated"]);
    assert!(scene.may("sharing").await);
    scene.reads(&["You have Team"]).await;
    scene.shop.close().await;
}

//! Benefit granted and revoked: by purchase and renewal, shared by two purchases, while a payment is owed, in a pause, and
//! when the plan changes. The shop's own access follows the purchases; Polar's grants are stored beside it.

use super::scene::{END, PAYS_ONCE, RENEWAL, Scene, id};
use crate::polar::PAYS;
use boreal::{model::instant::DAY, server::db::Reader};
use serde_json::{Value, json};

/// A benefit that opens something; made by the merchant.
pub async fn benefit(scene: &Scene, name: &str) -> Value {
    let body = json!({"type": "feature_flag", "description": name, "properties": {}, "metadata": {"flag": name}});
    let (status, benefit) = scene.shop.polar.send("POST", "/v1/benefits/", Some(body)).await;
    assert_eq!(status, 201, "{benefit}");
    benefit
}

/// From now on the product gives these, and no others.
pub async fn give(scene: &Scene, product: &Value, benefits: &[&Value]) {
    let ids: Vec<&str> = benefits.iter().map(|one| id(one)).collect();
    let path = format!("/v1/products/{}/benefits", id(product));
    let (status, answer) = scene.shop.polar.send("POST", &path, Some(json!({"benefits": ids}))).await;
    assert_eq!(status, 200, "{answer}");
    scene.told().await;
}

/// The names of what Ann holds, one for each grant, sorted.
async fn held(scene: &Scene) -> Vec<String> {
    let path = format!("/v1/benefit-grants/?external_customer_id={}&is_granted=true", scene.who.id);
    let grants = scene.shop.polar.list(&path).await;
    let name = |grant: &Value| grant["benefit"]["description"].as_str().expect("a text").to_owned();
    let mut names: Vec<String> = grants.iter().map(name).collect();
    names.sort();
    names
}

/// Ann is on Pro, which gives `Editor` and `Backup`; Team would give `Editor` and `Rooms`.
async fn on_pro(card: &str) -> Scene {
    let scene = Scene::open().await;
    let (editor, backup) = (benefit(&scene, "Editor").await, benefit(&scene, "Backup").await);
    let rooms = benefit(&scene, "Rooms").await;
    give(&scene, &scene.product("pro", "month").await, &[&editor, &backup]).await;
    give(&scene, &scene.product("team", "month").await, &[&editor, &rooms]).await;
    give(&scene, &scene.product("lifetime", "once").await, &[&editor]).await;
    scene.buy("pro", "month", card).await;
    scene
}

#[tokio::test(flavor = "multi_thread")]
async fn granted_with_the_purchase_renewed_with_each_bill_and_revoked_at_the_end() {
    let scene = on_pro(PAYS).await;
    let news = scene.news().await;
    let kinds: Vec<&str> = news.iter().map(|event| event.kind.as_str()).collect();
    let grants: Vec<usize> = (0..kinds.len()).filter(|at| kinds[*at] == "benefit_grant.created").collect();
    let paid = kinds.iter().position(|kind| *kind == "order.paid").expect("it is told");
    let state = kinds.iter().rposition(|kind| *kind == "customer.state_changed").expect("it is told");
    assert!(grants.len() == 2 && paid < grants[0] && grants[1] < state, "{kinds:?}");
    let last: Value = serde_json::from_str(&news[state].body).expect("JSON");
    assert_eq!(last["data"]["granted_benefits"].as_array().map(Vec::len), Some(2));
    assert_eq!(held(&scene).await, ["Backup", "Editor"]);
    assert!(scene.may("studio").await);

    scene.next_period().await;
    assert_eq!(scene.told().await, [&RENEWAL[..], &["benefit_grant.cycled"; 2]].concat());
    scene.at_subscription("cancel", &[]).await;
    assert_eq!(scene.told().await, ["subscription.updated", "subscription.canceled"], "grants stay to the end");
    assert_eq!(held(&scene).await, ["Backup", "Editor"]);
    scene.next_period().await;
    assert_eq!(scene.told().await, [&END[..], &["benefit_grant.revoked"; 2]].concat());
    assert_eq!(held(&scene).await, [""; 0]);
    assert!(!scene.may("studio").await);
    scene.reads(&["You have Free."]).await;
    let select =
        "SELECT COUNT(*) FROM inbox WHERE kind LIKE 'benefit_grant.%' AND state = 'done' AND source = 'webhook'";
    let kept: i64 = scene.shop.state.db.read(select).scalar().await.expect("a count");
    assert_eq!(kept, 6, "two made, two renewed, two revoked: every one is stored");
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_by_two_purchases_it_ends_with_the_last() {
    let scene = on_pro(PAYS).await;
    scene.buy("lifetime", "once", PAYS).await;
    assert_eq!(held(&scene).await, ["Backup", "Editor", "Editor"], "one grant for each source");
    scene.told().await;
    let path = format!("/v1/subscriptions/{}", id(&scene.subscription().await));
    assert_eq!(scene.shop.polar.send("DELETE", &path, None).await.0, 200);
    assert_eq!(scene.told().await, [&END[..], &["benefit_grant.revoked"; 2]].concat());
    assert_eq!(held(&scene).await, ["Editor"], "that of the purchase outlives the subscription");
    let state = scene.shop.polar.get(&format!("/v1/customers/external/{}/state", scene.who.id)).await;
    assert_eq!(state["granted_benefits"].as_array().map(Vec::len), Some(1));
    assert!(scene.may("studio").await);
    scene.reads(&["You have Lifetime", "from your purchase of Lifetime"]).await;
    scene.reads_nothing_of(&["Pro subscription"]).await;
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_payment_is_owed_polar_takes_them_back_and_our_grace_goes_on() {
    let scene = on_pro(PAYS_ONCE).await;
    scene.told().await;
    scene.next_period().await;
    let told = scene.told().await;
    assert_eq!(
        told[told.len() - 4..],
        ["subscription.updated", "subscription.past_due", "benefit_grant.revoked", "benefit_grant.revoked"]
    );
    assert_eq!(held(&scene).await, [""; 0], "Polar's grace is none unless the organization says so");
    assert!(scene.may("studio").await, "ours is seven days");
    scene.in_portal("card", &[("number", PAYS)]).await;
    let told = scene.told().await;
    let again = ["subscription.updated", "subscription.active", "order.updated", "order.paid"];
    assert_eq!(told, [&again[..], &["benefit_grant.created"; 2]].concat(), "granted again, not renewed");
    assert_eq!(held(&scene).await, ["Backup", "Editor"]);
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_end_of_dunning_nothing_is_revoked_twice() {
    let scene = on_pro(PAYS_ONCE).await;
    scene.next_period().await;
    scene.told().await;
    scene.shop.advance(22 * DAY).await;
    assert_eq!(scene.told().await, [&END[..], &["order.updated"]].concat());
    assert_eq!(held(&scene).await, [""; 0]);
    assert!(!scene.may("studio").await);
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_pause_they_are_gone() {
    let scene = on_pro(PAYS).await;
    scene.change(json!({"pause_at_period_end": true})).await;
    scene.told().await;
    scene.next_period().await;
    let told = scene.told().await;
    assert_eq!(told, ["subscription.updated", "subscription.paused", "benefit_grant.revoked", "benefit_grant.revoked"]);
    assert_eq!(held(&scene).await, [""; 0]);
    assert!(!scene.may("studio").await);
    scene.change(json!({"resume": true})).await;
    let told = scene.told().await;
    assert_eq!(told.iter().filter(|kind| *kind == "benefit_grant.created").count(), 2, "{told:?}");
    assert_eq!(held(&scene).await, ["Backup", "Editor"]);
    assert!(scene.may("studio").await);
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_plan_moves_what_differs_and_leaves_what_both_give() {
    let scene = on_pro(PAYS).await;
    scene.told().await;
    let team = scene.product("team", "month").await;
    scene.change(json!({"product_id": id(&team), "proration_behavior": "prorate"})).await;
    let told = scene.told().await;
    assert_eq!(told, ["subscription.updated", "benefit_grant.revoked", "benefit_grant.created"]);
    assert_eq!(held(&scene).await, ["Editor", "Rooms"]);
    assert!(scene.may("sharing").await);
    let pro = scene.product("pro", "month").await;
    scene.change(json!({"product_id": id(&pro), "proration_behavior": "next_period"})).await;
    assert_eq!(scene.told().await, ["subscription.updated"]);
    assert_eq!(held(&scene).await, ["Editor", "Rooms"], "scheduled is not changed");
    scene.next_period().await;
    scene.told().await;
    assert_eq!(held(&scene).await, ["Backup", "Editor"]);
    assert!(!scene.may("sharing").await && scene.may("studio").await);
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_of_something_without_benefits_grants_none() {
    let scene = Scene::open().await;
    scene.buy("lifetime", "once", PAYS).await;
    assert_eq!(held(&scene).await, [""; 0]);
    assert!(scene.may("studio").await, "our access does not hang on Polar's benefits");
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plan_includes_is_credited_with_each_paid_period() {
    let scene = Scene::open().await;
    let credited = async || {
        let path = format!("/v1/customer-meters/?external_customer_id={}", scene.who.id);
        scene.shop.polar.list(&path).await[0]["credited_units"].clone()
    };
    let of_credits = async || {
        let news = scene.news().await;
        news.into_iter().map(|event| event.kind).filter(|kind| kind.starts_with("benefit_grant.")).collect::<Vec<_>>()
    };
    scene.buy("pro", "month", PAYS).await;
    assert_eq!(of_credits().await, ["benefit_grant.created"]);
    assert_eq!((held(&scene).await, credited().await), (vec!["300 QR codes a month".to_owned()], json!(300)));
    scene.next_period().await;
    assert_eq!(of_credits().await, ["benefit_grant.cycled"]);
    assert_eq!(credited().await, 300);
    scene.at_subscription("cancel", &[]).await;
    scene.next_period().await;
    assert_eq!(of_credits().await, ["benefit_grant.revoked"]);
    assert_eq!((held(&scene).await, credited().await), (Vec::new(), json!(0)));
    scene.shop.close().await;
}

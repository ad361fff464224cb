//! The customer is deleted at Polar: everything ends, in Polar's order, and the account here stays.

use super::{
    benefits::{benefit, give},
    scene::Scene,
};
use crate::polar::PAYS;
use boreal::server::db::Reader;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn deletion_takes_everything_back_and_frees_our_id() {
    let scene = Scene::open().await;
    let flag = benefit(&scene, "Early access").await;
    give(&scene, &scene.product("pro", "month").await, &[&flag]).await;
    scene.buy("pro", "month", PAYS).await;
    scene.told().await;
    let path = format!("/v1/customers/external/{}", scene.who.id);
    let before = scene.shop.polar.get(&path).await;
    assert_eq!(scene.shop.polar.send("DELETE", &path, None).await.0, 204);
    let news = scene.news().await;
    let kinds: Vec<&str> = news.iter().map(|event| event.kind.as_str()).collect();
    let kinds: Vec<&str> = kinds.into_iter().filter(|kind| *kind != "customer.state_changed").collect();
    assert_eq!(
        kinds,
        [
            "member.deleted",
            "benefit_grant.revoked",
            "customer.deleted",
            "subscription.updated",
            "subscription.canceled",
            "subscription.revoked"
        ]
    );
    let states: Vec<Value> = news.iter().filter(|event| event.kind == "customer.state_changed").map(data).collect();
    let last = states.last().expect("a state");
    assert_eq!(
        (&last["active_subscriptions"], &last["granted_benefits"]),
        (&serde_json::json!([]), &serde_json::json!([]))
    );
    let ended = data(news.iter().rfind(|event| event.kind == "subscription.revoked").expect("it is told"));
    assert_eq!(ended["customer"]["external_id"], Value::Null, "nobody's any more");

    assert!(!scene.may("studio").await);
    scene.reads(&["You have Free.", "Pro, first payment"]).await;
    let select = "SELECT external_id, deleted_at IS NOT NULL FROM polar_customers WHERE id = $1";
    let row: (Option<String>, bool) = scene
        .shop
        .state
        .db
        .read(select)
        .bind(before["id"].as_str().expect("an id").to_owned())
        .one()
        .await
        .expect("a row");
    assert_eq!(row, (Some(scene.who.id.clone()), true), "a tombstone that still knows whose it was");
    assert_eq!(scene.ledger("studio").await, ["given", "taken"]);

    scene.buy("pro", "month", PAYS).await;
    let again = scene.shop.polar.get(&path).await;
    assert_ne!(again["id"], before["id"], "a new customer with the same id of ours");
    assert!(scene.may("studio").await);
    scene.reads(&["You have Pro"]).await;
    scene.shop.close().await;
}

fn data(event: &crate::polar::Sent) -> Value {
    let body: Value = serde_json::from_str(&event.body).expect("JSON");
    body["data"].clone()
}

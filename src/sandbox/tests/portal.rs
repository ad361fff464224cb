//! The portal's forms: plan, cancellation with a reason, resumption, invoices.

use serde_json::json;

use super::harness::World;

#[tokio::test]
async fn a_customer_changes_the_plan_and_leaves_with_a_reason() {
    let world = World::new().await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let team = world.product("Team", Some("month"), 2_500).await;
    let once = world.product("Once", None, 500).await;
    let id = world.subscribe(&pro, "user-2", "4242 4242 4242 4242").await;
    world.told().await;
    let token = world.portal("user-2").await;
    let url = format!("{}/boreal-sandbox/portal?customer_session_token={token}", world.sandbox.origin());
    let page = world.http.get(&url).send().await.expect("a page").text().await.expect("text");
    assert!(page.contains("The card ending in 4242") && page.contains("/documents/invoice/"), "{page}");
    assert!(page.contains(team["id"].as_str().expect("an id")), "Team is on offer");
    assert!(!page.contains(once["id"].as_str().expect("an id")), "what is sold once is no plan");

    let press = async |act: &str, fields: &[(&str, &str)]| {
        world.press(&token, &format!("subscriptions/{id}/{act}"), fields).await
    };
    assert_eq!(press("plan", &[("product_id", team["id"].as_str().expect("an id"))]).await.0, 303);
    let path = format!("/v1/subscriptions/{id}");
    assert_eq!(world.get(&path).await.1["product_id"], team["id"]);
    assert_eq!(press("cancel", &[("reason", "unused"), ("comment", " never opened it ")]).await.0, 303);
    let one = world.get(&path).await.1;
    assert_eq!(
        (&one["customer_cancellation_reason"], &one["customer_cancellation_comment"]),
        (&json!("unused"), &json!("never opened it"))
    );
    assert_eq!(world.told().await, ["subscription.updated", "subscription.updated", "subscription.canceled"]);
    let (status, page) = press("cancel", &[]).await;
    assert!(status == 200 && page.contains("already canceled"), "{page}");
    assert_eq!(press("keep", &[]).await.0, 303);
    assert_eq!(world.get(&path).await.1["customer_cancellation_reason"], json!(null));
}

#[tokio::test]
async fn a_customer_resumes_and_strangers_do_nothing() {
    let world = World::new().await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let id = world.subscribe(&pro, "user-2", "4242 4242 4242 4242").await;
    world.patch(&id, json!({"pause_at_period_end": true})).await;
    world.advance(32).await;
    world.subscribe(&pro, "user-3", "4242 4242 4242 4242").await;
    let path = format!("subscriptions/{id}/resume");
    assert_eq!(world.press("polar_mst_wrong", &path, &[]).await.0, 401);
    let other = world.portal("user-3").await;
    assert!(world.press(&other, &path, &[]).await.1.contains("Not found"));
    assert_eq!(world.get(&format!("/v1/subscriptions/{id}")).await.1["status"], "paused");
    let token = world.portal("user-2").await;
    assert_eq!(world.press(&token, &path, &[]).await.0, 303);
    assert_eq!(world.get(&format!("/v1/subscriptions/{id}")).await.1["status"], "active");
}

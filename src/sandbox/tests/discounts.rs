//! Discounts by API, with the recorded answers and events.

use serde_json::json;

use super::benefits::{id, made};
use super::harness::World;

#[tokio::test]
async fn discounts_are_made_changed_and_deleted_and_tell_it() {
    let world = World::new().await;
    let body =
        json!({"name": "Twenty", "code": "TWENTY", "type": "percentage", "basis_points": 2000, "duration": "once"});
    let twenty = made(&world, "/v1/discounts/", body.clone()).await;
    let fixed = json!({"name": "Five off", "type": "fixed", "amount": 500, "currency": "usd", "duration": "repeating",
        "duration_in_months": 3});
    let five = made(&world, "/v1/discounts/", fixed).await;
    assert_eq!((&five["amounts"], &five["duration_in_months"]), (&json!({"usd": 500}), &json!(3)));
    let path = format!("/v1/discounts/{}", id(&twenty));
    let (status, changed) = world.send("PATCH", &path, Some(json!({"basis_points": 2500, "code": null}))).await;
    assert_eq!((status, &changed["basis_points"], &changed["name"]), (200, &json!(2500), &json!("Twenty")));
    assert_eq!(world.get(&path).await.1, changed);
    assert_eq!(world.get("/v1/discounts/?query=twen").await.1["pagination"]["total_count"], 1);
    assert_eq!(world.send("DELETE", &path, None).await.0, 204);
    assert_eq!(world.get(&path).await.0, 404);
    world.idle().await;
    assert_eq!(world.kinds(), ["discount.created", "discount.created", "discount.updated", "discount.deleted"]);
}

#[tokio::test]
async fn a_discount_that_cannot_be_is_refused() {
    let world = World::new().await;
    let body = json!({"name": "Ten", "code": "TEN", "type": "percentage", "basis_points": 1000, "duration": "forever"});
    made(&world, "/v1/discounts/", body.clone()).await;
    let refused = async |more: serde_json::Value| {
        let mut body = body.clone();
        crate::sandbox::api::products::join(&mut body, more);
        let (status, answer) = world.send("POST", "/v1/discounts/", Some(body)).await;
        (status, answer["detail"][0]["loc"][1].clone())
    };
    assert_eq!(refused(json!({"code": "ten"})).await, (422, json!("code")));
    assert_eq!(refused(json!({"code": null, "basis_points": 10_001})).await, (422, json!("basis_points")));
    assert_eq!(refused(json!({"code": null, "duration": "repeating"})).await, (422, json!("duration_in_months")));
    assert_eq!(refused(json!({"code": null, "duration": "twice"})).await, (422, json!("duration")));
    assert_eq!(refused(json!({"code": null, "max_redemptions": 0})).await, (422, json!("max_redemptions")));
}

#[tokio::test]
async fn what_somebody_was_given_is_not_changed_behind_their_back() {
    let world = World::new().await;
    let body = json!({"name": "Ten", "type": "percentage", "basis_points": 1000, "duration": "once"});
    let ten = made(&world, "/v1/discounts/", body).await;
    let path = format!("/v1/discounts/{}", id(&ten));
    let said = async |body: serde_json::Value| {
        let (status, answer) = world.send("PATCH", &path, Some(body)).await;
        (status, answer["detail"][0]["msg"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(said(json!({"duration": "forever"})).await, (422, "Duration cannot be changed.".to_owned()));
    assert_eq!(said(json!({"type": "fixed"})).await, (422, "Type cannot be changed.".to_owned()));
    assert_eq!(said(json!({"basis_points": 1100, "type": "percentage", "duration": "once"})).await.0, 200);
    let pack = world.product("Pack", None, 900).await;
    let checkout = world.checkout(&pack, json!({"discount_id": ten["id"]})).await;
    assert_eq!(world.pay(&checkout, "ada@boreal.dev", "4242 4242 4242 4242").await.0, 303);
    assert!(said(json!({"basis_points": 1200})).await.1.ends_with("has already been redeemed."));
    assert_eq!(said(json!({"basis_points": 1100, "name": "Eleven"})).await.0, 200);
}

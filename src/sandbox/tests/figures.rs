//! The sums that Polar's own server came to, and ours for the same purchases.

use std::path::Path;

use serde_json::{Value, json};

use super::benefits::{benefits, made};
use super::harness::World;
use super::recorded::exchange::{captures, numbered};
use super::usage::{items, newest, pro_plus, row, uses};

const CARD: &str = "4242 4242 4242 4242";

fn exchange(folder: &Path, number: &str) -> Value {
    numbered(&folder.join("http"), number, ".json")
}

fn webhook(folder: &Path, number: &str) -> Value {
    numbered(&folder.join("webhooks"), number, ".body")
}

/// These fields of an answer.
fn sums(value: &Value, keys: &[&str]) -> Value {
    json!(keys.iter().map(|key| value[*key].clone()).collect::<Vec<_>>())
}

#[tokio::test]
async fn usage_is_worked_out_and_billed_to_the_recorded_cent() {
    let Some(folder) = captures() else { return };
    let world = World::new().await;
    let (meter, _) = benefits(&world).await;
    let subscription = world.subscribe(&pro_plus(&world, &meter, None).await, "user-30", CARD).await;
    uses(&world, "user-30", &[json!(5_000), json!(10_000)]).await;
    let one = world.get(&format!("/v1/subscriptions/{subscription}")).await.1;
    assert_eq!(row(&one), row(&webhook(&folder, "0357")["data"]));
    world.advance(32).await;
    let (ours, theirs) = (newest(&world).await, webhook(&folder, "0362")["data"].clone());
    assert_eq!(items(&ours), items(&theirs));
    let keys = ["subtotal_amount", "net_amount", "tax_amount", "total_amount", "due_amount", "billing_reason"];
    assert_eq!(sums(&ours, &keys), sums(&theirs, &keys));
}

#[tokio::test]
async fn discounts_and_tax_leave_the_recorded_sums() {
    let Some(folder) = captures() else { return };
    let world = World::new().await;
    let keys =
        ["amount", "discount_amount", "net_amount", "tax_amount", "tax_behavior", "total_amount", "subtotal_amount"];
    let body = exchange(&folder, "035")["request"]["body"].clone();
    let discount = made(&world, "/v1/discounts/", body).await;
    let credits = world.product("Credits", None, 500).await;
    let ours = world.checkout(&credits, json!({"discount_id": discount["id"]})).await;
    assert_eq!(sums(&ours, &keys), sums(&exchange(&folder, "152")["response"]["body"], &keys));
    let france = json!({"customer_billing_address": {"country": "FR"}});
    let ours = world.checkout(&credits, france).await;
    assert_eq!(sums(&ours, &keys), sums(&exchange(&folder, "082")["response"]["body"], &keys));
}

#[tokio::test]
async fn a_change_of_plan_is_previewed_and_billed_as_recorded() {
    let Some(folder) = captures() else { return };
    let world = World::new().await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let team = world.product("Team", Some("month"), 2_500).await;
    let subscription = world.subscribe(&pro, "user-2", CARD).await;
    // The recorded buyer moved to France with a purchase in between.
    let path = "/v1/customers/external/user-2";
    let france = json!({"billing_address": {"country": "FR"}});
    assert_eq!(world.send("PATCH", path, Some(france)).await.0, 200);
    let body = json!({"product_id": team["id"], "proration_behavior": "invoice"});
    let ours =
        world.send("POST", &format!("/v1/subscriptions/{subscription}/change-preview"), Some(body.clone())).await.1;
    let unlabelled = |preview: &Value| {
        let mut preview = preview.clone();
        for one in preview["prorations"].as_array_mut().expect("lines") {
            let label = one["label"].as_str().and_then(|label| label.split(" — ").next()).map(str::to_owned);
            one["label"] = json!(label);
        }
        preview
    };
    assert_eq!(unlabelled(&ours), unlabelled(&exchange(&folder, "115")["response"]["body"]));
    world.patch(&subscription, body).await;
    let order = newest(&world).await;
    let keys = ["subtotal_amount", "net_amount", "tax_amount", "total_amount", "due_amount"];
    assert_eq!(sums(&order, &keys), sums(&webhook(&folder, "0108")["data"], &keys));
}

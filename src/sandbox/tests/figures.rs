//! The sums that Polar's own server came to, and ours for the same purchases.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::benefits::{benefits, made};
use super::harness::World;
use super::recorded::exchange::{captures, files, json as read};
use super::usage::{items, newest, pro_plus, row, uses};

const CARD: &str = "4242 4242 4242 4242";

fn recorded(folder: &Path, number: &str, ending: &str) -> Value {
    let named = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(number));
    read(&files(folder, ending).into_iter().find(named).expect("the recording"))
}

/// What Polar answered.
fn answer(captures: &Path, number: &str) -> Value {
    recorded(&captures.join("http"), number, ".json")["response"]["body"].clone()
}

/// What a webhook told.
fn told(captures: &Path, number: &str) -> Value {
    recorded(&captures.join("webhooks"), number, ".body")["data"].clone()
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
    assert_eq!(row(&one), row(&told(&folder, "0357")));
    world.advance(32).await;
    let (ours, theirs) = (newest(&world).await, told(&folder, "0362"));
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
    let body = recorded(&folder.join("http"), "035", ".json")["request"]["body"].clone();
    let discount = made(&world, "/v1/discounts/", body).await;
    let credits = world.product("Credits", None, 500).await;
    let ours = world.checkout(&credits, json!({"discount_id": discount["id"]})).await;
    assert_eq!(sums(&ours, &keys), sums(&answer(&folder, "152"), &keys));
    let france = json!({"customer_billing_address": {"country": "FR"}});
    let ours = world.checkout(&credits, france).await;
    assert_eq!(sums(&ours, &keys), sums(&answer(&folder, "082"), &keys));
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
    assert_eq!(unlabelled(&ours), unlabelled(&answer(&folder, "115")));
    world.patch(&subscription, body).await;
    let order = newest(&world).await;
    let keys = ["subtotal_amount", "net_amount", "tax_amount", "total_amount", "due_amount"];
    assert_eq!(sums(&order, &keys), sums(&told(&folder, "0108"), &keys));
}

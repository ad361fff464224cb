//! Our answers and webhooks have the fields of Polar's, neither more nor fewer.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::harness::World;

pub fn captures() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent()?.join("shared/polar/captures");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: the recordings are not at {}", folder.display());
    None
}

pub fn exchange(folder: &std::path::Path, number: &str) -> Value {
    let mut files =
        std::fs::read_dir(folder.join("http")).expect("recordings").map(|entry| entry.expect("an entry").path());
    let file = files.find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(number)));
    serde_json::from_slice(&std::fs::read(file.expect("the recording")).expect("bytes")).expect("json")
}

pub fn webhook(folder: &std::path::Path, number: &str) -> Value {
    let mut files =
        std::fs::read_dir(folder.join("webhooks")).expect("recordings").map(|entry| entry.expect("an entry").path());
    let file = files.find(|path| {
        path.file_name().is_some_and(|name| {
            let name = name.to_string_lossy();
            name.starts_with(number) && name.ends_with(".body")
        })
    });
    serde_json::from_slice(&std::fs::read(file.expect("the recording")).expect("bytes")).expect("json")
}

/// Every path of keys; list entries count as one, and what we never fill (benefits, meters, maps of the merchant) as a leaf.
fn shape(value: &Value, at: &str, into: &mut BTreeSet<String>) {
    const LEAVES: [&str; 8] = [
        "benefits",
        "metadata",
        "customer_metadata",
        "payment_processor_metadata",
        "granted_benefits",
        "active_meters",
        "prices{}",
        "billing_address",
    ];
    match value {
        _ if LEAVES.iter().any(|leaf| at.ends_with(&format!(".{leaf}"))) => {}
        Value::Object(map) if at.ends_with(".prices") => {
            map.values().for_each(|list| shape(list, &format!("{at}[]"), into));
        }
        Value::Object(map) => {
            for (key, inner) in map {
                let path = format!("{at}.{key}");
                into.insert(path.clone());
                shape(inner, &path, into);
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| shape(inner, at, into)),
        _ => {}
    }
}

#[track_caller]
pub fn same_shape(ours: &Value, theirs: &Value) {
    let of = |value: &Value| {
        let mut paths = BTreeSet::new();
        shape(value, "", &mut paths);
        paths
    };
    let (ours, theirs) = (of(ours), of(theirs));
    // An address that is only a country is null in one and an object in the other.
    let differing: Vec<&String> =
        ours.symmetric_difference(&theirs).filter(|path| !path.contains("billing_address.")).collect();
    assert!(differing.is_empty(), "{differing:#?}");
}

#[tokio::test]
async fn answers_have_the_recorded_fields() {
    let Some(folder) = captures() else { return };
    let world = World::new().await;
    let product = world.product("Pro", Some("month"), 1_000).await;
    let theirs = |number: &str| exchange(&folder, number)["response"]["body"].clone();
    same_shape(&product, &theirs("007"));
    let organization = world.get(&format!("/v1/organizations/{}", world.sandbox.organization_id())).await.1;
    same_shape(&organization, &theirs("001"));

    let (checkout, _) = world.buy(&product, "user-2", "ada@boreal.dev").await;
    same_shape(&checkout, &theirs("071"));
    world.idle().await;
    same_shape(&world.get("/v1/orders/").await.1, &theirs("075"));
    same_shape(&world.get("/v1/subscriptions/").await.1, &theirs("074"));
    same_shape(&world.get("/v1/customers/external/user-2").await.1, &theirs("046"));
    same_shape(&world.get("/v1/customers/external/user-2/state").await.1, &theirs("076"));
    same_shape(&world.get("/v1/webhooks/endpoints").await.1, &theirs("175"));
    let body = json!({"external_customer_id": "user-2"});
    same_shape(&world.send("POST", "/v1/customer-sessions/", Some(body)).await.1, &theirs("087"));
    let open = world.checkout(&world.product("Once", None, 500).await, json!({})).await;
    let secret = open["client_secret"].as_str().expect("a secret").to_owned();
    same_shape(&world.get(&format!("/v1/checkouts/client/{secret}")).await.1, &theirs("039"));
    let body = json!({"confirmation_token_id": "ctoken_ok", "customer_email": "eve@boreal.dev", "customer_billing_address": {"country": "FR"}});
    same_shape(
        &world.send("POST", &format!("/v1/checkouts/client/{secret}/confirm"), Some(body)).await.1,
        &theirs("081"),
    );
}

#[tokio::test]
async fn refusals_are_the_recorded_ones() {
    let Some(folder) = captures() else { return };
    let world = World::new().await;
    world.product("Pro", Some("month"), 1_000).await;
    for number in ["027", "028", "048", "049", "056", "057", "089", "090", "188"] {
        let recorded = exchange(&folder, number);
        let (request, response) = (&recorded["request"], &recorded["response"]);
        let body = Some(request["body"].clone()).filter(|body| !body.is_null());
        let (method, path) = (request["method"].as_str().expect("text"), request["path"].as_str().expect("text"));
        let (status, ours) = world.send(method, path, body).await;
        assert_eq!((json!(status), &ours), (response["status"].clone(), &response["body"]), "{number}");
    }
    for number in ["036", "058", "059", "193", "194", "195"] {
        let recorded = exchange(&folder, number);
        let (status, ours) = world.send("POST", "/v1/checkouts/", Some(recorded["request"]["body"].clone())).await;
        assert_eq!((status, &ours), (422, &recorded["response"]["body"]), "{number}");
    }
}

#[tokio::test]
async fn webhooks_have_the_recorded_fields() {
    let Some(folder) = captures() else { return };
    let world = World::new().await;
    let product = world.product("Pro", Some("month"), 1_000).await;
    world.buy(&product, "user-2", "ada@boreal.dev").await;
    world.idle().await;
    let ours = world.deliveries();
    let pairs =
        ["0001", "0055", "0056", "0057", "0058", "0060", "0061", "0062", "0063", "0064", "0065", "0066", "0071"];
    assert_eq!(ours.len(), pairs.len() + 1);
    for (number, ours) in pairs.iter().zip(&ours) {
        let theirs = webhook(&folder, number);
        assert_eq!(theirs["type"], ours.kind(), "{number}");
        same_shape(&ours.json(), &theirs);
    }
}

#[tokio::test]
async fn changes_and_refunds_have_the_recorded_fields() {
    let Some(folder) = captures() else { return };
    let world = World::new().await;
    let theirs = |number: &str| exchange(&folder, number)["response"]["body"].clone();
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let team = world.product("Team", Some("month"), 2_500).await;
    let free = world.product("Free", Some("month"), 0).await;
    let id = world.subscribe(&pro, "user-2", "4242424242424242").await;
    let subscription = format!("/v1/subscriptions/{id}");
    let order = world.get("/v1/orders/").await.1["items"][0]["id"].clone();
    let to = async |product: &Value, behavior: &str| {
        world.patch(&id, json!({"product_id": product["id"], "proration_behavior": behavior})).await.1
    };
    same_shape(&to(&team, "invoice").await, &theirs("116"));
    same_shape(&to(&pro, "prorate").await, &theirs("117"));
    same_shape(&to(&team, "next_period").await, &theirs("118"));
    same_shape(&world.get(&subscription).await.1, &theirs("119"));
    same_shape(&world.patch(&id, json!({})).await.1, &theirs("119"));
    let refund = json!({"order_id": order, "reason": "customer_request", "amount": 400, "metadata": {"k": "v"}});
    let refund = world.send("POST", "/v1/refunds/", Some(refund)).await.1;
    same_shape(&refund, &theirs("132"));
    world.idle().await;
    same_shape(&world.get("/v1/refunds/").await.1, &theirs("135"));
    same_shape(&world.get(&format!("/v1/orders/{}", order.as_str().expect("an id"))).await.1, &theirs("136"));
    same_shape(&world.get("/v1/customers/external/user-2/payment-methods").await.1, &theirs("178"));
    world.patch(&id, json!({"pending_update": null})).await;
    same_shape(&world.send("DELETE", &subscription, None).await.1, &theirs("126"));
    world.send("POST", "/v1/customers/", Some(json!({"email": "seven@boreal.dev", "external_id": "user-7"}))).await;
    let body = json!({"product_id": free["id"], "external_customer_id": "user-7"});
    same_shape(&world.send("POST", "/v1/subscriptions/", Some(body)).await.1, &theirs("148"));
}

#[tokio::test]
async fn the_refusals_of_subscriptions_and_refunds_are_the_recorded_ones() {
    let Some(folder) = captures() else { return };
    let world = World::new().await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let once = world.product("Once", None, 500).await;
    let id = world.subscribe(&pro, "user-2", "4242424242424242").await;
    let subscription = format!("/v1/subscriptions/{id}");
    let order = world.get("/v1/orders/").await.1["items"][0]["id"].clone();
    // The ids of the recording become ours; the rest must be the same.
    let check = async |number: &str, path: &str, ids: &[(&str, &Value)]| {
        let recorded = exchange(&folder, number);
        let ours = |value: &Value| {
            let mut text = value.to_string();
            for (field, id) in ids {
                let recorded = recorded["request"]["body"][*field].as_str().expect("an id");
                text = text.replace(recorded, id.as_str().expect("an id"));
            }
            serde_json::from_str::<Value>(&text).expect("json")
        };
        let body = Some(ours(&recorded["request"]["body"])).filter(|body| !body.is_null());
        let answer = world.send(recorded["request"]["method"].as_str().expect("text"), path, body).await;
        let wanted = (recorded["response"]["status"].clone(), ours(&recorded["response"]["body"]));
        assert_eq!((json!(answer.0), answer.1), wanted, "{number}");
    };
    check("121", &subscription, &[]).await;
    check("122", &subscription, &[("product_id", &once["id"])]).await;
    check("124", "/v1/subscriptions/00000000-0000-4000-8000-000000000000", &[]).await;
    check("149", "/v1/subscriptions/", &[("product_id", &pro["id"])]).await;
    let part = json!({"order_id": order, "reason": "other", "amount": 583});
    assert_eq!(world.send("POST", "/v1/refunds/", Some(part)).await.0, 201);
    check("138", "/v1/refunds/", &[("order_id", &order)]).await;
    world.patch(&id, json!({"cancel_at_period_end": true})).await;
    check("112", &subscription, &[]).await;
    world.send("DELETE", &subscription, None).await;
    check("127", &subscription, &[]).await;
    check("128", &subscription, &[]).await;
    let whole = json!({"order_id": order, "reason": "other", "amount": 417});
    assert_eq!(world.send("POST", "/v1/refunds/", Some(whole)).await.0, 201);
    check("134", "/v1/refunds/", &[("order_id", &order)]).await;
    let invoice = format!("/v1/orders/{}/invoice", order.as_str().expect("an id"));
    check("142", &invoice, &[]).await;
}

#[tokio::test]
async fn the_webhooks_of_changes_have_the_recorded_fields() {
    let Some(folder) = captures() else { return };
    let world = World::new().await;
    let pro = world.product("Pro", Some("month"), 1_000).await;
    let team = world.product("Team", Some("month"), 2_500).await;
    let id = world.subscribe(&pro, "user-5", "4242424242424242").await;
    world.patch(&id, json!({"product_id": team["id"], "proration_behavior": "invoice"})).await;
    world.idle().await;
    let order = world.get("/v1/orders/").await.1["items"][0]["id"].clone();
    let refund = json!({"order_id": order, "reason": "other", "amount": 10});
    world.send("POST", "/v1/refunds/", Some(refund)).await;
    let token = world.portal("user-5").await;
    assert_eq!(world.press(&token, "card", &[("number", "4000 0000 0000 0341")]).await.0, 303);
    world.advance(32).await;
    let ours = world.deliveries();
    for number in
        ["0108", "0109", "0110", "0111", "0140", "0141", "0142", "0143", "0209", "0210", "0211", "0213", "0214"]
    {
        let theirs = webhook(&folder, number);
        let (kind, status) = (&theirs["type"], &theirs["data"]["status"]);
        let same =
            |one: &&super::harness::Received| &one.json()["type"] == kind && &one.json()["data"]["status"] == status;
        let found = ours.iter().rev().find(same).unwrap_or_else(|| panic!("{number}: no {kind} that is {status}"));
        same_shape(&found.json(), &theirs);
    }
}

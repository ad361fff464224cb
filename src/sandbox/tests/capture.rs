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

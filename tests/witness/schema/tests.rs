//! The check itself: it takes what Polar said, and notices what Polar would not say.

use super::*;
use std::{fs, path::Path};

fn recorded(folder: &str, ending: &str) -> Vec<(String, Value)> {
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a parent").join("shared/polar/captures");
    let Ok(files) = fs::read_dir(captures.join(folder)) else {
        println!("skipped: the recordings are not at {}", captures.display());
        return Vec::new();
    };
    let paths = files.map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    paths.sort();
    let read = |path: &PathBuf| serde_json::from_slice(&fs::read(path).expect("bytes")).expect("json");
    paths.iter().map(|path| (path.file_name().expect("a name").to_string_lossy().into_owned(), read(path))).collect()
}

#[test]
fn what_polar_answered_passes() {
    let mut wrong = Vec::new();
    for (name, exchange) in recorded("http", ".json") {
        let (request, response) = (&exchange["request"], &exchange["response"]);
        let path = request["path"].as_str().expect("a path").split('?').next().expect("a first part");
        let method = request["method"].as_str().expect("a method");
        if response["status"] == 500 {
            continue;
        }
        let found = answer(method, path, &response["status"], &response["body"]);
        wrong.extend(found.into_iter().map(|found| format!("{name}: {found}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_polar_sent_passes() {
    let bodies = recorded("webhooks", ".body");
    let wrong: Vec<String> = bodies
        .iter()
        .flat_map(|(name, body)| event(body).into_iter().map(move |found| format!("{name}: {found}")))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A product as Polar answered it, and the exchange it is from.
fn product() -> Option<Value> {
    let all = recorded("http", "007-product-create-pro-monthly.json");
    all.into_iter().next().map(|(_, exchange)| exchange["response"]["body"].clone())
}

#[test]
fn what_polar_would_not_say_is_noticed() {
    let Some(product) = product() else { return };
    let said = |method: &str, path: &str, status: u16, change: &dyn Fn(&mut Value)| {
        let mut body = product.clone();
        change(&mut body);
        answer(method, path, &json!(status), &body)
    };
    let one = "/v1/products/11da0b71-3292-47a4-b022-d28f9236d504";
    assert_eq!(said("GET", one, 200, &|_| ()), Vec::<String>::new());
    let remove = |key: &'static str| move |body: &mut Value| drop(body.as_object_mut().expect("an object").remove(key));
    assert!(!said("GET", one, 200, &remove("prices")).is_empty(), "a field is missing");
    assert!(!said("GET", one, 200, &|body| body["name"] = Value::Null).is_empty(), "a name is text");
    assert!(!said("GET", one, 200, &|body| body["id"] = json!("7")).is_empty(), "an id is a UUID");
    assert!(!said("GET", one, 200, &|body| body["created_at"] = json!("today")).is_empty(), "a time is one");
    assert!(!said("GET", one, 202, &|_| ()).is_empty(), "another status");
    assert!(!said("DELETE", one, 200, &|_| ()).is_empty(), "another method");
    assert!(!said("GET", "/v1/products", 200, &|_| ()).is_empty(), "no such path");
    assert!(!said("GET", "/v1/productions/", 200, &|_| ()).is_empty(), "no such path");
    assert!(!answer("GET", one, &json!(404), &json!({"detail": [1]})).is_empty(), "not how Polar refuses");
    assert!(answer("GET", "/v1/nothing", &json!(404), &json!({"detail": "Not Found"})).is_empty());
}

#[test]
fn events_are_checked_by_their_kind_unless_a_test_made_them() {
    let Some(product) = product() else { return };
    let whole = json!({"type": "product.created", "timestamp": "2026-11-21T17:04:55.148676Z", "data": product});
    assert_eq!(event(&whole), Vec::<String>::new());
    let odd = json!({"type": "product.created", "timestamp": "2026-11-21T17:04:55.148676Z", "data": {"id": 1}});
    assert!(!event(&odd).is_empty() && !event(&json!({"type": "odd.kind"})).is_empty());
    let told = json!({"number": 2, "what": "event", "kind": "product.created", "body": odd});
    let made = json!({"number": 1, "what": "request", "method": "POST", "path": "/sandbox/events", "answer": null,
        "body": {"type": "product.created", "data": {"id": 1}}});
    assert_eq!(complaints(std::slice::from_ref(&told)).len(), event(&odd).len());
    assert!(complaints(&[made, told]).is_empty());
}

//! What the sandbox says, held against Polar's own description of its API (`openapi-2026-04.json`), where that file lies
//! beside the project. Every operation's answers are compiled once in a process, when they are first needed.

mod refusals;
mod routes;
mod words;

use jsonschema::{Registry, Validator};
use routes::Route;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, LazyLock, Mutex},
};

/// The name under which schemas refer to the description.
const NAME: &str = "urn:polar";

static DESCRIPTION: LazyLock<Option<Value>> = LazyLock::new(|| {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent()?.join("shared/polar/openapi-2026-04.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!("skipped: Polar's description of its API is not at {}", file.display());
        return None;
    };
    // The parts of its unions overlap (a repeating discount also looks like one that is not): Polar writes the first
    // that fits, so one must fit and more may.
    let text = text.replace("\"oneOf\"", "\"anyOf\"");
    Some(serde_json::from_str(&text).expect("the description is JSON"))
});

static REGISTRY: LazyLock<Registry<'static>> = LazyLock::new(|| {
    let whole = DESCRIPTION.as_ref().expect("asked for only when there is one");
    let registry = Registry::new().add(NAME, whole).expect("a name");
    registry.prepare().expect("every reference leads somewhere")
});

static COMPILED: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// What is wrong in the entries of a journal, in words; nothing where there is no description.
pub fn complaints(entries: &[Value]) -> Vec<String> {
    let by_hand: Vec<&Value> = entries.iter().filter(|entry| entry["path"] == "/sandbox/events").collect();
    let invented = |event: &Value| {
        by_hand
            .iter()
            .any(|made| made["body"]["type"] == event["kind"] && made["body"]["data"] == event["body"]["data"])
    };
    let mut found = Vec::new();
    for entry in entries {
        let text = |key: &str| entry[key].as_str().unwrap_or_default();
        let wrong = match text("what") {
            "request" if entry["answer"]["fault"].is_null() && !entry["answer"].is_null() => {
                answer(text("method"), text("path"), &entry["answer"]["status"], &entry["answer"]["body"])
            }
            "event" if !invented(entry) => event(&entry["body"]),
            _ => Vec::new(),
        };
        let of = format!("{}{} {}", text("kind"), text("method"), text("path"));
        found.extend(wrong.into_iter().map(|wrong| format!("{} {of}: {wrong}", entry["number"])));
    }
    found
}

/// What is wrong with an answer of the API.
pub fn answer(method: &str, path: &str, status: &Value, body: &Value) -> Vec<String> {
    let Some(description) = DESCRIPTION.as_ref() else { return Vec::new() };
    let status = status.to_string();
    let described = match routes::find(description, method, path) {
        Route::Elsewhere => return Vec::new(),
        Route::Unlisted(name) => (status == "200").then(|| json!({"$ref": format!("#/components/schemas/{name}")})),
        Route::Polars(operation) => {
            operation["responses"].get(&status).map(|answer| answer["content"]["application/json"]["schema"].clone())
        }
        Route::Unknown => None,
    };
    let allowed: Vec<Value> = described.into_iter().chain(refusals::always(&status)).collect();
    if allowed.is_empty() {
        return vec![format!("{status} is not among Polar's answers")];
    }
    let mut tried: Vec<Vec<String>> = allowed.iter().map(|schema| check(schema, body)).collect();
    if tried.iter().any(Vec::is_empty) { Vec::new() } else { tried.swap_remove(0) }
}

/// What is wrong with the body of a webhook.
pub fn event(body: &Value) -> Vec<String> {
    let Some(description) = DESCRIPTION.as_ref() else { return Vec::new() };
    let kind = body["type"].as_str().unwrap_or_default();
    match description["webhooks"].get(kind) {
        Some(one) => check(&one["post"]["requestBody"]["content"]["application/json"]["schema"], body),
        None => vec![format!("Polar has no event {kind}")],
    }
}

/// The differences between a body and its schema; no body is `null`.
fn check(schema: &Value, body: &Value) -> Vec<String> {
    if schema.is_null() {
        return if body.is_null() { vec![] } else { vec!["a body where Polar has none".to_owned()] };
    }
    let validator = compiled(schema);
    validator.iter_errors(body).flat_map(|error| words::explain(&error)).collect()
}

fn compiled(schema: &Value) -> Arc<Validator> {
    let text = schema.to_string().replace("\"#/components", &format!("\"{NAME}#/components"));
    if let Some(ready) = COMPILED.lock().expect("not poisoned").get(&text) {
        return Arc::clone(ready);
    }
    let options = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .with_registry(&REGISTRY)
        .should_validate_formats(true)
        .with_format("uuid4", |text: &str| text.len() == 36 && text.as_bytes()[14] == b'4');
    let schema = serde_json::from_str(&text).expect("a schema is JSON");
    let validator = Arc::new(options.build(&schema).expect("Polar's schemas are schemas"));
    COMPILED.lock().expect("not poisoned").insert(text, Arc::clone(&validator));
    validator
}

#[cfg(test)]
mod tests;

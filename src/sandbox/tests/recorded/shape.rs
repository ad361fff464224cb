//! The shape of an answer: the same keys, the same kinds of values and the same nulls, all the way down; and where
//! there are amounts, counts and switches, these themselves.

use std::collections::BTreeSet;

use serde_json::Value;
use uuid::Uuid;

use crate::sandbox::clock::Stamp;

/// Where two answers differ, and how: `$.items[0].ends_at: null, not a time`. Ids are ours in both.
pub fn differences(theirs: &Value, ours: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("$", theirs, ours, &mut found);
    found
}

fn compare(at: &str, theirs: &Value, ours: &Value, found: &mut Vec<String>) {
    match (theirs, ours) {
        (Value::Object(one), Value::Object(other)) => {
            for key in one.keys().chain(other.keys()).collect::<BTreeSet<_>>() {
                let at = format!("{at}.{key}");
                match (one.get(key), other.get(key)) {
                    (Some(theirs), Some(ours)) => compare(&at, theirs, ours, found),
                    (Some(theirs), None) => found.push(format!("{at}: missing, not {}", kind(theirs))),
                    (None, _) => found.push(format!("{at}: too much")),
                }
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (place, (theirs, ours)) in one.iter().zip(other).enumerate() {
                compare(&format!("{at}[{place}]"), theirs, ours, found);
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            found.push(format!("{at}: {} entries, not {}", other.len(), one.len()));
        }
        // Whose attempt came when is chance once some have failed (C§3.3).
        _ if at.ends_with(".webhook_event.id") => {}
        _ if kind(theirs) == "an id" && kind(ours) == "an id" && theirs != ours => {
            found.push(format!("{at}: another object"));
        }
        (Value::Number(_), Value::Number(_)) | (Value::Bool(_), Value::Bool(_)) if kind(theirs) == kind(ours) => {
            if theirs != ours {
                found.push(format!("{at}: {ours}, not {theirs}"));
            }
        }
        _ if kind(theirs) == kind(ours) => {}
        _ => found.push(format!("{at}: {}, not {}", kind(ours), kind(theirs))),
    }
}

/// What kind of value this is: a client that reads types strictly tells these apart.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a fraction",
        Value::Number(_) => "a whole number",
        Value::String(text) if Uuid::try_parse(text).is_ok() => "an id",
        Value::String(text) if Stamp::read(text).is_some() => "a time",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_kinds_nulls_and_ids_are_told_apart_all_the_way_down() {
        let id = "573527c8-206d-430b-9f3a-39181d038220";
        assert_eq!(differences(&json!([1, true]), &json!([2, false])), ["$[0]: 2, not 1", "$[1]: false, not true"]);
        let theirs = json!({"a": [{"b": null, "c": 1, "d": "x"}], "e": id, "f": [1], "g": 0.0});
        assert!(differences(&theirs, &theirs).is_empty());
        let ours = json!({"a": [{"b": 1, "c": "2026-11-21T17:04:55Z", "h": true}], "e": id.replace('5', "6"), "f": [], "g": 0});
        let wrong = [
            "$.a[0].b: a whole number, not null",
            "$.a[0].c: a time, not a whole number",
            "$.a[0].d: missing, not a text",
            "$.a[0].h: too much",
            "$.e: another object",
            "$.f: 0 entries, not 1",
            "$.g: a whole number, not a fraction",
        ];
        assert_eq!(differences(&theirs, &ours), wrong);
    }
}

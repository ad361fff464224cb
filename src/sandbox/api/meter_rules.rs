//! What a meter counts: its filter over the fields and metadata of events, and its aggregation (C§2.11).

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::meters::Meter;
use super::refusal::Detail;
use super::usage::Usage;

const OPERATORS: [&str; 8] = ["eq", "ne", "gt", "gte", "lt", "lte", "like", "not_like"];
const FUNCTIONS: [&str; 6] = ["count", "sum", "max", "min", "avg", "unique"];

/// The entries of a 422 for a filter that is none.
pub fn wrong_filter(filter: &Map<String, Value>) -> Vec<Detail> {
    let conjunction = filter.get("conjunction").and_then(Value::as_str);
    let mut wrong = Vec::new();
    if !conjunction.is_some_and(|word| ["and", "or"].contains(&word)) {
        wrong.push(inner("enum", &["filter", "conjunction"], "Input should be 'and' or 'or'", json!(conjunction)));
    }
    let Some(clauses) = filter.get("clauses").and_then(Value::as_array) else {
        wrong.push(inner("missing", &["filter", "clauses"], "Field required", json!(filter)));
        return wrong;
    };
    for clause in clauses.iter().filter_map(Value::as_object) {
        let operator = clause.get("operator").and_then(Value::as_str).unwrap_or_default();
        if clause.contains_key("clauses") {
            wrong.extend(wrong_filter(clause));
        } else if !OPERATORS.contains(&operator) {
            let msg = format!("Input should be one of {}", OPERATORS.join(", "));
            wrong.push(inner("enum", &["filter", "clauses", "operator"], &msg, json!(operator)));
        }
    }
    wrong
}

/// The same for an aggregation.
pub fn wrong_aggregation(aggregation: &Map<String, Value>) -> Vec<Detail> {
    let function = aggregation.get("func").and_then(Value::as_str).unwrap_or_default();
    if !FUNCTIONS.contains(&function) {
        let msg = format!("Input tag '{function}' found using 'func' does not match any of the expected tags");
        return vec![inner("union_tag_invalid", &["aggregation"], &msg, json!(aggregation))];
    }
    if function != "count" && !aggregation.get("property").is_some_and(Value::is_string) {
        return vec![inner("missing", &["aggregation", "property"], "Field required", json!(aggregation))];
    }
    Vec::new()
}

fn inner(kind: &'static str, place: &[&str], msg: &str, input: Value) -> Detail {
    let loc = std::iter::once("body").chain(place.iter().copied()).map(|part| json!(part)).collect();
    Detail { kind, loc, msg: msg.to_owned(), input, ctx: None }
}

/// Whether the meter counts this event.
pub fn counts(meter: &Meter, event: &Usage) -> bool {
    let property = meter.aggregation["property"].as_str();
    let there = property.is_none_or(|name| field(event, name).is_some());
    event.source == "user" && there && passes(&meter.filter, event)
}

fn passes(filter: &Value, event: &Usage) -> bool {
    let clauses = filter["clauses"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut results = clauses
        .iter()
        .map(|clause| if clause.get("clauses").is_some() { passes(clause, event) } else { holds(clause, event) });
    if filter["conjunction"] == "or" { clauses.is_empty() || results.any(|one| one) } else { results.all(|one| one) }
}

fn holds(clause: &Value, event: &Usage) -> bool {
    let Some(found) = clause["property"].as_str().and_then(|name| field(event, name)) else { return false };
    let wanted = &clause["value"];
    let order = match (number(&found), number(wanted)) {
        (Some(found), Some(wanted)) => found.partial_cmp(&wanted),
        _ => Some(text(&found).cmp(&text(wanted))),
    };
    let within = || text(&found).contains(&text(wanted));
    match clause["operator"].as_str().unwrap_or_default() {
        "eq" => order.is_some_and(|order| order.is_eq()),
        "ne" => order.is_some_and(|order| order.is_ne()),
        "gt" => order.is_some_and(|order| order.is_gt()),
        "gte" => order.is_some_and(|order| order.is_ge()),
        "lt" => order.is_some_and(|order| order.is_lt()),
        "lte" => order.is_some_and(|order| order.is_le()),
        "like" => within(),
        _ => !within(),
    }
}

/// A field of the event by name, else its metadata; dots go into nested maps.
fn field(event: &Usage, name: &str) -> Option<Value> {
    match name {
        "name" => Some(json!(event.name)),
        "source" => Some(json!(event.source)),
        "timestamp" => Some(json!(event.timestamp.seconds())),
        _ => {
            let name = name.strip_prefix("metadata.").unwrap_or(name);
            let whole = event.metadata.get(name).cloned();
            whole.or_else(|| json!(event.metadata).pointer(&format!("/{}", name.replace('.', "/"))).cloned())
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The quantity that these events make, exactly; none make 0.
pub fn aggregate<'a>(meter: &Meter, events: impl Iterator<Item = &'a Usage>) -> Decimal {
    let property = meter.aggregation["property"].as_str().unwrap_or_default();
    let found: Vec<Option<Value>> = events.map(|event| field(event, property)).collect();
    let numbers = || found.iter().flatten().filter_map(decimal);
    let sum = || numbers().fold(Decimal::ZERO, Decimal::saturating_add);
    let count = Decimal::from(found.len());
    match meter.aggregation["func"].as_str().unwrap_or_default() {
        "count" => count,
        "max" => numbers().max().unwrap_or_default(),
        "min" => numbers().min().unwrap_or_default(),
        "avg" => sum() / count.max(Decimal::ONE),
        "unique" => Decimal::from(found.iter().flatten().map(text).collect::<BTreeSet<_>>().len()),
        _ => sum(),
    }
}

/// A number of up to 28 digits, as written.
fn decimal(value: &Value) -> Option<Decimal> {
    let text = text(value);
    text.parse().or_else(|_| Decimal::from_scientific(&text)).ok()
}

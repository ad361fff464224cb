//! Where a replay went another way than its file.

use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

use super::History;
use super::twins::Twins;
use crate::sandbox::clock::Stamp;
use crate::sandbox::journal::entry::{Exchange, What};
use crate::sandbox::journal::mask;

/// Differences of one answer or sequence that are listed; the rest follows from them.
const LISTED: usize = 5;

/// Everything that differs, in words; empty if it is the same history.
pub fn differences(file: &History, replay: &History, twins: &Twins) -> Vec<String> {
    let mut found = course(file, replay);
    found.extend(answers(file, replay, twins));
    found
}

/// What differs in the order of things: the requests with the status of their answers, the events, the attempts.
pub fn course(file: &History, replay: &History) -> Vec<String> {
    let asked = |history: &History| {
        let line = |one: &Exchange| format!("{} {}", one.method, one.answer.as_ref().map_or(0, |answer| answer.status));
        requests(history).map(|(_, one)| line(one)).collect::<Vec<_>>()
    };
    let mut found = sequence("request", &asked(file), &asked(replay));
    let told = |history: &History| {
        let line = |dropped| if dropped { " (dropped)" } else { "" };
        history.events().map(|event| format!("{}{}", event.kind, line(event.dropped))).collect::<Vec<_>>()
    };
    found.extend(sequence("event", &told(file), &told(replay)));
    found.extend(sequence("attempt", &tried(file), &tried(replay)));
    found
}

/// The attempts in their order, each with the place of its event among those of its kind.
fn tried(history: &History) -> Vec<String> {
    let (mut counts, mut places) = (HashMap::<&str, usize>::new(), HashMap::<Uuid, usize>::new());
    for event in history.events() {
        let count = counts.entry(&event.kind).or_default();
        *count += 1;
        places.insert(event.webhook_id, *count);
    }
    let line = |one: &crate::sandbox::journal::entry::Tried| {
        let place = places.get(&one.webhook_id).copied().unwrap_or_default();
        let taken = one.http_code.is_some_and(|code| (200..300).contains(&code));
        let (corrupt, taken) = (if one.corrupt { " corrupt" } else { "" }, if taken { "taken" } else { "refused" });
        format!("{} #{place}{corrupt} {taken}", one.kind)
    };
    history.attempts().map(line).collect()
}

fn sequence(what: &str, file: &[String], replay: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let differing = file.iter().zip(replay).enumerate().filter(|(_, (old, new))| old != new);
    found.extend(differing.take(LISTED).map(|(at, (old, new))| format!("{what} {}: {new} instead of {old}", at + 1)));
    if file.len() != replay.len() {
        found.push(format!("{} {what}s instead of {}", replay.len(), file.len()));
    }
    found
}

fn requests(history: &History) -> impl Iterator<Item = (u64, &Exchange)> {
    history.entries.iter().filter_map(|entry| match &entry.what {
        What::Request(exchange) => Some((entry.number, exchange)),
        _ => None,
    })
}

fn answers(file: &History, replay: &History, twins: &Twins) -> Vec<String> {
    let (old, new) = (&file.head, &replay.head);
    let slugs = (old.slug.to_uppercase(), new.slug.to_uppercase());
    // The number of an invoice is made of the slug.
    let names = [(&old.origin, &new.origin), (&old.slug, &new.slug), (&slugs.0, &slugs.1)];
    let mut found = Vec::new();
    for ((number, old), (_, new)) in requests(file).zip(requests(replay)) {
        // Whoever asked went away, then or now: there is nothing to compare.
        let (Some(before), Some(now)) = (&old.answer, &new.answer) else { continue };
        if before.status != now.status {
            continue;
        }
        let line = format!("request {number}, {} {}", old.method, old.path);
        let (Some(before), Some(now)) = (&before.body, &now.body) else { continue };
        let text = mask::json(&twins.translate(&before.value().to_string()));
        let text = names.iter().fold(text, |text, (old, new)| text.replace(old.as_str(), new));
        let mut differing = Vec::new();
        differ("", &serde_json::from_str(&text).unwrap_or_default(), &now.value(), &mut differing);
        found.extend(differing.into_iter().take(LISTED).map(|what| format!("{line}: {what}")));
    }
    found
}

/// Where two bodies differ by more than the time (and the offset that makes it) and what is made anew each time.
fn differ(at: &str, old: &Value, new: &Value, into: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let gone = old.keys().filter(|key| !new.contains_key(*key));
            into.extend(gone.map(|key| format!("{at}/{key} is missing")));
            for (key, new) in new.iter().filter(|(key, _)| *key != "offset_ms") {
                differ(&format!("{at}/{key}"), old.get(key).unwrap_or(&Value::Null), new, into);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            old.iter()
                .zip(new)
                .enumerate()
                .for_each(|(place, (old, new))| differ(&format!("{at}/{place}"), old, new, into));
        }
        (Value::String(old), Value::String(new)) if same(old, new) => {}
        (old, new) if old == new => {}
        (old, new) => into.push(format!("{at} is {new} instead of {old}")),
    }
}

fn same(old: &str, new: &str) -> bool {
    let times = Stamp::read(old).is_some() && Stamp::read(new).is_some();
    let ids = Uuid::parse_str(old).is_ok() && Uuid::parse_str(new).is_ok();
    old == new || times || ids || mask::blank(old) == mask::blank(new)
}

//! The recorded webhooks beside ours: the same kinds in the same order, and payloads of the same shape.
//!
//! What Polar does in jobs side by side comes in varying order (README of the recordings, 1 and 6), so within one rest:
//! - retries of a delivery count as the first attempt;
//! - `customer.state_changed` is debounced: at least one for the same customers, the last is compared;
//! - `order.updated` of an order already told as paid (its fee, its invoice) may come late and in one: the last is compared;
//! - grants are given and taken side by side: the same ones, in any order.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use serde_json::Value;

use super::super::harness::Received;
use super::exchange::{files, json};
use super::names::Names;
use super::shape;
use crate::sandbox::clock::Stamp;

/// One event, as first received.
#[derive(Clone)]
pub struct Told {
    /// `0108` of a recorded one.
    pub number: String,
    /// When Polar built it.
    pub at: Stamp,
    pub body: Value,
}

impl Told {
    fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap_or_default()
    }

    /// Kind and status, as the order of events is told.
    fn line(&self) -> String {
        let status = self.body["data"]["status"].as_str().unwrap_or_default();
        format!("{} {status}", self.kind()).trim_end().to_owned()
    }

    /// What it is about: the object, and for a grant its benefit.
    fn about(&self) -> String {
        let data = &self.body["data"];
        let object = if self.kind().starts_with("benefit_grant.") { &data["benefit_id"] } else { &data["id"] };
        format!("{} {}", self.kind(), object.as_str().unwrap_or_default())
    }
}

/// All recorded ones, each once.
pub fn recorded(captures: &Path) -> Vec<Told> {
    let mut seen = HashSet::new();
    let folder = captures.join("webhooks");
    let bodies = files(&folder, ".body").into_iter().zip(files(&folder, ".meta.json"));
    let firsts = bodies.filter(|(_, meta)| seen.insert(json(meta)["headers"]["webhook-id"].to_string()));
    firsts
        .map(|(path, _)| told(path.file_name().expect("a name").to_string_lossy()[..4].to_owned(), json(&path)))
        .collect()
}

/// Ours, each once.
pub fn received(deliveries: &[Received]) -> Vec<Told> {
    let mut seen = HashSet::new();
    let own = deliveries.iter().filter(|one| one.path == "/webhooks/polar");
    let firsts = own.filter(|one| seen.insert(one.header("webhook-id")));
    firsts.map(|one| told(String::new(), one.json())).collect()
}

fn told(number: String, body: Value) -> Told {
    let at = Stamp::read(body["timestamp"].as_str().expect("an instant")).expect("an instant");
    Told { number, at, body }
}

/// The events between two rests, sorted by how they are compared.
#[derive(Default)]
struct Sorted {
    /// Exactly in this order.
    row: Vec<Told>,
    /// At least once each, by what they are about; the last one is kept.
    any: BTreeMap<String, Told>,
}

fn sorted(events: &[Told], names: &Names) -> Sorted {
    let mut sorted = Sorted::default();
    let mut paid = HashSet::new();
    for one in events {
        let id = one.body["data"]["id"].to_string();
        let late = one.kind() == "order.updated" && paid.contains(&id) && one.body["data"]["refunded_amount"] == 0;
        if one.kind() == "order.paid" {
            paid.insert(id);
        }
        let apart = late || one.kind() == "customer.state_changed" || one.kind().starts_with("benefit_grant.");
        if apart {
            sorted.any.insert(names.translate(&one.about()), one.clone());
        } else {
            sorted.row.push(one.clone());
        }
    }
    sorted
}

/// What differs between the recorded events of one rest and ours.
pub fn differences(theirs: &[Told], ours: &[Told], names: &mut Names) -> Vec<String> {
    let lines = |told: &Sorted| told.row.iter().map(Told::line).collect::<Vec<_>>();
    let plain = sorted(ours, &Names::default());
    let row = sorted(theirs, names);
    let mut found = Vec::new();
    if lines(&row) == lines(&plain) {
        for (theirs, ours) in row.row.iter().zip(&plain.row) {
            payload(theirs, ours, names, &mut found);
        }
    } else {
        found.push(format!("told {:?}, not {:?}", lines(&plain), lines(&row)));
    }
    let row = sorted(theirs, names);
    for (about, theirs) in &row.any {
        match plain.any.get(about) {
            Some(ours) => payload(theirs, ours, names, &mut found),
            None => found.push(format!("webhooks/{}: {about} is not told", theirs.number)),
        }
    }
    let extra = plain.any.keys().filter(|about| !row.any.contains_key(*about));
    found.extend(extra.map(|about| format!("{about} is told besides")));
    found
}

fn payload(theirs: &Told, ours: &Told, names: &mut Names, found: &mut Vec<String>) {
    let mut shown = ours.body.clone();
    names.align(&theirs.body["data"], &mut shown["data"]);
    names.learn(&theirs.body, &shown);
    let wrong = shape::differences(&names.translated(&theirs.body), &shown);
    found.extend(wrong.into_iter().map(|wrong| format!("webhooks/{} {}: {wrong}", theirs.number, theirs.kind())));
}

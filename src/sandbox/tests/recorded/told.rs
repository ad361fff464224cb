//! The recorded webhooks beside ours: the same kinds in the same order, and payloads of the same shape.
//!
//! What Polar does in jobs side by side comes in varying order (README of the recordings, 1 and 6), so within one rest:
//! - retries of a delivery count as the first attempt;
//! - `customer.state_changed` is debounced: at least one for the same customers, the last is compared; ours may come one
//!   stretch earlier, for Polar takes up to 20 s for meters;
//! - `order.updated` of an order already told as paid (its fee, its invoice) comes up to 25 s later: the same rule;
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
        let invoice = if data["is_invoice_generated"] == true { " with its invoice" } else { "" };
        format!("{} {}{invoice}", self.kind(), object.as_str().unwrap_or_default())
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

/// Ours, each once, split at the rests, which are given by how many deliveries there were.
pub fn received(deliveries: &[Received], rests: &[usize]) -> Vec<Vec<Told>> {
    let mut seen = HashSet::new();
    let mut stretches: Vec<Vec<Told>> = rests.iter().map(|_| Vec::new()).collect();
    for (place, one) in deliveries.iter().enumerate() {
        if one.path == "/webhooks/polar" && seen.insert(one.header("webhook-id")) {
            let stretch = rests.iter().position(|end| place < *end).expect("the last rest is after all of them");
            stretches[stretch].push(told(String::new(), one.json()));
        }
    }
    stretches
}

fn told(number: String, body: Value) -> Told {
    let at = Stamp::read(body["timestamp"].as_str().expect("an instant")).expect("an instant");
    Told { number, at, body }
}

/// What was told in one stretch, from one rest to the next.
#[derive(Default)]
pub struct Stretch {
    /// Compared one by one, in this order.
    row: Vec<Told>,
    /// Each at least once, by what it is about; the last one is compared.
    any: BTreeMap<String, Told>,
}

/// Splits what was told at the rests. `paid` are the orders told as paid so far; what follows on them comes late.
pub fn stretches(told: Vec<Vec<Told>>) -> Vec<Stretch> {
    let mut paid = HashSet::new();
    let mut stretch = |told: Vec<Told>| {
        let mut into = Stretch::default();
        for one in told {
            let data = &one.body["data"];
            let id = data["id"].to_string();
            let late = one.kind() == "order.updated" && paid.contains(&id) && data["refunded_amount"] == 0;
            if one.kind() == "order.paid" {
                paid.insert(id);
            }
            if late || one.kind() == "customer.state_changed" || one.kind().starts_with("benefit_grant.") {
                into.any.insert(one.about(), one);
            } else {
                into.row.push(one);
            }
        }
        into
    };
    told.into_iter().map(&mut stretch).collect()
}

/// What differs, a list for each stretch.
pub fn differences(theirs: &[Stretch], ours: &[Stretch], names: &mut Names) -> Vec<Vec<String>> {
    (0..theirs.len()).map(|place| stretch(place, theirs, ours, names)).collect()
}

fn stretch(place: usize, theirs: &[Stretch], ours: &[Stretch], names: &mut Names) -> Vec<String> {
    let lines = |told: &Stretch| told.row.iter().map(Told::line).collect::<Vec<_>>();
    let (their, our) = (&theirs[place], &ours[place]);
    let mut found = Vec::new();
    if lines(their) == lines(our) {
        their.row.iter().zip(&our.row).for_each(|(theirs, ours)| payload(theirs, ours, names, &mut found));
    } else {
        found.push(format!("told {:?}, not {:?}", lines(our), lines(their)));
    }
    // Polar needs longer for meters, and we are quicker with invoices: then it was told in the stretch before.
    let before = place.checked_sub(1).map(|place| &ours[place]);
    let mut awaited = HashSet::new();
    for (about, theirs) in &their.any {
        let about = names.translate(about);
        let told = our.any.get(&about).or_else(|| before?.any.get(&about).filter(|_| is_late(&about)));
        awaited.insert(about.clone());
        match told {
            Some(ours) => payload(theirs, ours, names, &mut found),
            None => found.push(format!("webhooks/{}: {about} is not told", theirs.number)),
        }
    }
    let later = theirs.get(place + 1).into_iter().flat_map(|next| next.any.keys());
    awaited.extend(later.map(|about| names.translate(about)).filter(|about| is_late(about)));
    let extra = our.any.keys().filter(|about| !awaited.contains(*about));
    found.extend(extra.map(|about| format!("{about} is told besides")));
    found
}

fn is_late(about: &str) -> bool {
    !about.starts_with("benefit_grant.")
}

fn payload(theirs: &Told, ours: &Told, names: &mut Names, found: &mut Vec<String>) {
    let mut shown = ours.body.clone();
    names.align(&theirs.body["data"], &mut shown["data"]);
    names.learn(&theirs.body, &shown);
    let wrong = shape::differences(&names.translated(&theirs.body), &shown);
    found.extend(wrong.into_iter().map(|wrong| format!("webhooks/{} {}: {wrong}", theirs.number, theirs.kind())));
}

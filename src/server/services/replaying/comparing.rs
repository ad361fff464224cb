//! Comparing what is stored with what the inbox says: a sentence for each difference.

use crate::server::db::replay::{HeldRow, LineRow, MirrorRow};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What the shop's database holds.
pub(super) struct Found {
    pub(super) mirror: Vec<MirrorRow>,
    pub(super) held: Vec<HeldRow>,
}

/// What the scratch database holds after the replay.
pub(super) struct Rebuilt {
    pub(super) mirror: Vec<MirrorRow>,
    pub(super) held: Vec<HeldRow>,
    pub(super) stuck: Vec<String>,
}

/// Each line of the ledger begins where the one before it ended, revisions count up, and the last lines are what
/// everybody has.
pub(super) fn adding_up(lines: &[LineRow], held: &[HeldRow]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut now: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    let mut revisions: BTreeMap<&str, i64> = BTreeMap::new();
    for LineRow { user_id, rev, feature, before, after } in lines {
        let was = match after {
            Some(after) => now.insert((user_id, feature), after),
            None => now.remove(&(user_id.as_str(), feature.as_str())),
        };
        if was != before.as_deref() {
            wrong.push(format!(
                "the ledger of {user_id}: revision {rev} of {feature} begins with {}, after {}",
                before.as_deref().unwrap_or("nothing"),
                was.unwrap_or("nothing")
            ));
        }
        let last = revisions.insert(user_id, *rev).unwrap_or(0);
        if *rev != last && *rev != last + 1 {
            wrong.push(format!("the ledger of {user_id}: revision {rev} follows {last}"));
        }
    }
    let sum = now.into_iter().map(|((user, feature), after)| {
        let parsed = serde_json::from_str(after).unwrap_or_default();
        ((user.to_owned(), feature.to_owned()), parsed)
    });
    let without_key = |row: &HeldRow| {
        let mut fields = fields(row);
        fields.retain(|name, _| name != "user_id" && name != "feature");
        fields
    };
    let stored = held.iter().map(|row| ((row.user_id.clone(), row.feature.clone()), without_key(row)));
    let (sum, stored): (BTreeMap<_, Map<String, Value>>, BTreeMap<_, _>) = (sum.collect(), stored.collect());
    wrong.extend(differences(&stored, &sum, "the ledger", |(user, feature)| format!("{feature} of {user}")));
    wrong
}

/// Differences of the mirror.
pub(super) fn mirrors(found: &[MirrorRow], rebuilt: &[MirrorRow]) -> Vec<String> {
    let by_id = |rows: &[MirrorRow]| -> BTreeMap<_, _> {
        rows.iter().map(|row| ((row.kind.clone(), row.id.clone()), fields(row))).collect()
    };
    differences(&by_id(found), &by_id(rebuilt), "the inbox", |(kind, id)| format!("the {kind} {id}"))
}

/// Differences of access; nothing is said about users who are `due`.
pub(super) fn access(found: &[HeldRow], rebuilt: &[HeldRow], due: &BTreeSet<String>) -> Vec<String> {
    let by_user = |rows: &[HeldRow]| -> BTreeMap<_, _> {
        let settled = rows.iter().filter(|row| !due.contains(&row.user_id));
        settled.map(|row| ((row.user_id.clone(), row.feature.clone()), fields(row))).collect()
    };
    differences(&by_user(found), &by_user(rebuilt), "the inbox", |(user, feature)| format!("{feature} of {user}"))
}

fn fields(row: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(row) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

type ByKey = BTreeMap<(String, String), Map<String, Value>>;

fn differences(stored: &ByKey, wanted: &ByKey, whose: &str, name: impl Fn(&(String, String)) -> String) -> Vec<String> {
    let keys: BTreeSet<_> = stored.keys().chain(wanted.keys()).collect();
    let mut wrong = Vec::new();
    for key in keys {
        match (stored.get(key), wanted.get(key)) {
            (Some(stored), Some(wanted)) => {
                for (field, by_right) in wanted.iter().filter(|(field, value)| stored.get(*field) != Some(*value)) {
                    let is = stored.get(field).unwrap_or(&Value::Null);
                    wrong.push(format!("{}: {field} is {is}, and {by_right} by {whose}", name(key)));
                }
            }
            (Some(_), None) => wrong.push(format!("{}: is there, but not by {whose}", name(key))),
            (None, _) => wrong.push(format!("{}: is missing, but there by {whose}", name(key))),
        }
    }
    wrong
}

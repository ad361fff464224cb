//! What a look at Polar found, object by object.

use crate::server::db::sync_runs::Counts;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many lines of each sort are kept; all are counted.
const MOST_LINES: usize = 500;

/// How an object turned out; the worst of several looks counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Equal,
    Repaired,
    Unexplained,
}

/// One repair, or one thing that is still not as expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// `subscription`, `order`, `refund`, `benefit_grant`, `product`, `customer`, `access`, `webhook`, `usage`, `balance`.
    pub kind: String,
    /// Polar's id; of access the user's.
    pub id: String,
    /// Whose it is, as far as known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What changed, such as `active → canceled`, or what is wrong.
    pub words: String,
}

/// Everything that a look found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    #[serde(skip)]
    outcomes: BTreeMap<(String, String), Outcome>,
    /// What was repaired; of a dry run: what would be.
    pub repairs: Vec<Line>,
    /// What still differs afterwards.
    pub unexplained: Vec<Line>,
    /// What differs for a reason that is no concern.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub explained: Vec<Line>,
}

impl Report {
    /// Notes that an object is as expected.
    pub fn equal(&mut self, kind: &str, id: &str) {
        self.note(kind, id, Outcome::Equal);
    }

    /// Notes a repair.
    pub fn repair(&mut self, line: Line) {
        self.note(&line.kind, &line.id, Outcome::Repaired);
        metrics::counter!("sync_repairs_total", "kind" => line.kind.clone()).increment(1);
        tracing::warn!(kind = line.kind, id = line.id, user_id = line.user, effect = line.words, "a sync repaired");
        if self.repairs.len() < MOST_LINES {
            self.repairs.push(line);
        }
    }

    /// Notes what a dry run would repair.
    pub fn would_repair(&mut self, line: Line) {
        if self.note(&line.kind, &line.id, Outcome::Repaired) && self.repairs.len() < MOST_LINES {
            self.repairs.push(line);
        }
    }

    /// Notes what is still not as expected.
    pub fn unexplained(&mut self, line: Line) {
        if !self.note(&line.kind, &line.id, Outcome::Unexplained) {
            return;
        }
        metrics::counter!("sync_unexplained_total", "kind" => line.kind.clone()).increment(1);
        tracing::error!(kind = line.kind, id = line.id, user_id = line.user, why = line.words, "a sync cannot explain");
        if self.unexplained.len() < MOST_LINES {
            self.unexplained.push(line);
        }
    }

    /// Notes what differs for a reason that is no concern: it is as expected, and counted so.
    pub fn explained(&mut self, line: Line) {
        self.equal(&line.kind, &line.id);
        tracing::info!(kind = line.kind, id = line.id, user_id = line.user, why = line.words, "a sync can explain");
        if self.explained.len() < MOST_LINES {
            self.explained.push(line);
        }
    }

    /// Whether the outcome is new for this object.
    fn note(&mut self, kind: &str, id: &str, outcome: Outcome) -> bool {
        let held = self.outcomes.entry((kind.to_owned(), id.to_owned())).or_insert(Outcome::Equal);
        let worse = outcome > *held;
        *held = outcome.max(*held);
        worse
    }

    /// Whether an object was looked at.
    #[must_use]
    pub fn has(&self, kind: &str, id: &str) -> bool {
        self.outcomes.contains_key(&(kind.to_owned(), id.to_owned()))
    }

    /// In numbers: what was looked at is equal, repaired or unexplained.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let of = |outcome| i64::try_from(self.outcomes.values().filter(|each| **each == outcome).count());
        let of = |outcome| of(outcome).unwrap_or(i64::MAX);
        let (equal, repaired, unexplained) = (of(Outcome::Equal), of(Outcome::Repaired), of(Outcome::Unexplained));
        Counts { checked: equal + repaired + unexplained, equal, repaired, unexplained }
    }

    /// Its lines as JSON.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("lines have plain values")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, words: &str) -> Line {
        Line { kind: "order".to_owned(), id: id.to_owned(), user: None, words: words.to_owned() }
    }

    #[test]
    fn every_object_counts_once_by_its_worst_outcome() {
        let mut report = Report::default();
        report.equal("order", "a");
        report.equal("order", "a");
        report.repair(line("a", "pending → paid"));
        report.equal("order", "a");
        report.equal("order", "b");
        report.would_repair(line("c", "new: paid"));
        report.would_repair(line("c", "new: paid"));
        report.unexplained(line("c", "it is still not there"));
        report.unexplained(line("c", "it is still not there"));
        assert_eq!(report.counts(), Counts { checked: 3, equal: 1, repaired: 1, unexplained: 1 });
        assert_eq!((report.repairs.len(), report.unexplained.len()), (2, 1));
        assert!(report.has("order", "b") && !report.has("refund", "b"));
    }

    #[test]
    fn what_is_explained_is_as_expected_and_told() {
        let mut report = Report::default();
        report.equal("order", "a");
        assert!(!report.json().contains("explained\":[{"), "{}", report.json());
        report.explained(line("b", "it comes late"));
        assert_eq!(report.counts(), Counts { checked: 2, equal: 2, ..Counts::default() });
        assert_eq!((report.explained.len(), report.unexplained.len()), (1, 0));
        assert!(report.json().contains("it comes late"));
    }
}

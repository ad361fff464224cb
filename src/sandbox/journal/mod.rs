//! What a sandbox heard, answered and told, numbered: the requests with their answers (moves of the clock and changes of
//! faults among them), the events, and every attempt to deliver one.
//!
//! It lives in memory only and keeps the newest [`AT_MOST`] bytes; tokens and secrets are never in it ([`mask`]).

pub mod entry;
pub mod mask;
pub mod routes;
pub mod watch;

use std::collections::VecDeque;

use entry::{Entry, What};

use super::clock::Stamp;
use super::state::State;

/// Bytes of bodies and overhead that one organization's journal holds; beyond them the oldest entries go.
pub const AT_MOST: usize = 48 * 1024 * 1024;

/// The entries of one organization, oldest first.
pub struct Journal {
    limit: usize,
    entries: VecDeque<Entry>,
    /// Entries that there ever were: the number of the newest.
    count: u64,
    bytes: usize,
    /// It began with a sandbox in which nothing had happened, so that doing the same again has the same result.
    whole: bool,
}

impl Default for Journal {
    fn default() -> Self {
        Self { limit: AT_MOST, entries: VecDeque::new(), count: 0, bytes: 0, whole: false }
    }
}

impl Journal {
    /// The journal of a sandbox in which nothing happened yet.
    pub fn of_a_new_sandbox() -> Self {
        Self { whole: true, ..Self::default() }
    }

    /// Writes one more entry; its number.
    pub fn write(&mut self, at: Stamp, what: What) -> u64 {
        self.count += 1;
        let entry = Entry { number: self.count, at, what };
        self.bytes += entry.size();
        self.entries.push_back(entry);
        self.shrink();
        self.count
    }

    /// Completes a request with what it was answered, unless it is forgotten by now.
    pub fn complete(&mut self, number: u64, mut answer: entry::Answer) {
        answer.after = self.count;
        let first = self.dropped() + 1;
        let place = number.checked_sub(first).and_then(|place| usize::try_from(place).ok());
        let Some(entry) = place.and_then(|place| self.entries.get_mut(place)) else { return };
        let before = entry.size();
        if let What::Request(exchange) = &mut entry.what {
            exchange.answer = Some(answer);
        }
        self.bytes += entry.size() - before;
        self.shrink();
    }

    /// Entries with a higher number than `after`.
    pub fn after(&self, after: u64) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.number > after)
    }

    /// How many of the oldest were forgotten.
    pub fn dropped(&self) -> u64 {
        self.count - self.entries.len() as u64
    }

    /// Whether it tells everything since there was nothing.
    pub fn is_whole(&self) -> bool {
        self.whole && self.dropped() == 0
    }

    fn shrink(&mut self) {
        while self.bytes > self.limit {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes -= oldest.size();
        }
    }
}

impl State {
    /// Writes into the journal at the sandbox's own time.
    pub fn journalize(&mut self, what: What) -> u64 {
        let at = self.clock.peek();
        self.journal.write(at, what)
    }
}

#[cfg(test)]
mod tests {
    use super::entry::{Answer, Body, Exchange};
    use super::*;
    use crate::sandbox::clock::Clock;

    fn request(body: String) -> What {
        What::Request(Exchange {
            method: "POST".to_owned(),
            path: "/v1/products/".to_owned(),
            query: None,
            token: None,
            body: Some(Body::text(&body)),
            answer: None,
        })
    }

    #[test]
    fn the_oldest_entries_are_forgotten_and_counted() {
        let mut journal = Journal { limit: 9_000, ..Journal::of_a_new_sandbox() };
        let first = journal.write(Clock::wall(), request(String::new()));
        assert!(journal.is_whole());
        for _ in 0..3 {
            journal.write(Clock::wall(), request("x".repeat(3_000)));
        }
        assert_eq!((journal.dropped(), journal.is_whole()), (2, false));
        let numbers: Vec<u64> = journal.after(0).map(|entry| entry.number).collect();
        assert_eq!(numbers, [3, 4]);
        journal.complete(first, Answer { status: 200, fault: None, body: None, after: 0 });
        journal.complete(4, Answer { status: 201, fault: None, body: None, after: 0 });
        let What::Request(last) = &journal.after(3).next().expect("the newest").what else { panic!("a request") };
        assert_eq!(last.answer.as_ref().map(|answer| answer.status), Some(201));
    }
}

//! What happened between the recorded requests: waits, and rows whose time was moved by hand.

use serde_json::json;

use super::super::harness::World;
use super::exchange::Exchange;
use super::names::Names;
use crate::sandbox::clock::Stamp;

/// A longer pause between two requests was made to let Polar finish.
const PAUSE_US: i64 = 2_500_000;
const DAY_MS: i64 = 86_400_000;

/// Deliveries that the recording's receiver answered with an error, all in one row (webhooks 0226–0240).
const REFUSED: usize = 15;

/// Before which exchange which subscription's period was cut short, and when it ended then (webhooks 0180, 0209, 0222,
/// 0340, 0348, 0360, 0387).
const CUT: [(&str, &str, &str); 7] = [
    ("160", "11da0b71-3292-47a4-b022-d28f9236d504", "2026-11-21T17:15:30Z"),
    ("165", "5123b020-53bd-4cd4-8d86-aab314e7ef77", "2026-11-21T17:16:30Z"),
    ("167", "11da0b71-3292-47a4-b022-d28f9236d504", "2026-11-21T17:17:30Z"),
    ("223", "4aa91c7c-6898-4387-b8bb-52147f0cb03c", "2026-11-21T17:27:30Z"),
    ("226", "5bc0dc4c-cc78-405d-9fc8-0e907c7aaf48", "2026-11-21T17:28:30Z"),
    ("231", "4aa91c7c-6898-4387-b8bb-52147f0cb03c", "2026-11-21T17:31:00Z"),
    ("236", "7c30883b-efdf-471d-a005-be44ed499630", "2026-11-21T17:35:00Z"),
];

/// The recorded time and ours: the same time of day, some days later.
pub struct Timetable {
    /// Ours less the recorded one, in microseconds.
    ahead: i64,
    last: Stamp,
}

impl Timetable {
    /// Moves the clock to the time of day at which the recording began.
    pub async fn begin(world: &World, first: Stamp) -> Self {
        let now = now(world).await;
        let days = (now.0 - first.0).div_euclid(DAY_MS * 1_000) + 1;
        let mut table = Self { ahead: days * DAY_MS * 1_000, last: first };
        table.reach(world, first).await;
        table
    }

    /// A recorded instant in our time.
    pub fn ours(&self, recorded: Stamp) -> Stamp {
        Stamp(recorded.0 + self.ahead)
    }

    /// A text with the recorded day's instants (`2026-11-2…T…`) moved along.
    pub fn shift(&self, text: &str) -> String {
        let mut shifted = String::new();
        let mut rest = text;
        while let Some(place) = rest.find("2026-11-") {
            let end = rest[place..].find(['"', '&']).map_or(rest.len(), |length| place + length);
            let moved = Stamp::read(&rest[place..end]).map(|at| self.ours(at).to_string());
            shifted.push_str(&rest[..place]);
            shifted.push_str(moved.as_deref().unwrap_or(&rest[place..end]));
            rest = &rest[end..];
        }
        shifted + rest
    }

    /// Lets happen what the recording did not send as a request, until shortly before this exchange; true if all came to
    /// rest.
    pub async fn before(&mut self, world: &World, names: &Names, next: &Exchange) -> bool {
        let paused = next.at.0 - self.last.0 > PAUSE_US;
        if paused && next.number == "171" {
            tried(world).await;
        } else if paused {
            rest(world).await;
            self.moved_rows(world, names, &next.number).await;
            self.reach(world, next.at).await;
            rest(world).await;
        }
        match next.number.as_str() {
            "167" => self.moved_rows(world, names, "167").await,
            "154" => self.skip_a_day(world).await,
            "170" => {
                world.faults(json!({"retry_scale": 0.05})).await;
                world.answers.lock().expect("not poisoned").splice(0..0, [500; REFUSED]);
            }
            _ => {}
        }
        self.last = next.at;
        paused
    }

    /// Periods that were cut short in the database; here the renewal is moved by the API, and what that tells is dropped.
    async fn moved_rows(&self, world: &World, names: &Names, number: &str) {
        let Some((_, id, end)) = CUT.iter().find(|(before, ..)| *before == number) else { return };
        let told = world.received.lock().expect("not poisoned").len();
        let end = self.ours(Stamp::read(end).expect("an instant"));
        let (status, body) = world.patch(&names.translate(id), json!({"current_billing_period_end": end})).await;
        assert_eq!(status, 200, "{body}");
        rest(world).await;
        world.received.lock().expect("not poisoned").truncate(told);
    }

    /// The checkout of exchange 151 was made a day older; the others expire with it here.
    async fn skip_a_day(&mut self, world: &World) {
        advance(world, DAY_MS).await;
        self.ahead += DAY_MS * 1_000;
    }

    async fn reach(&mut self, world: &World, recorded: Stamp) {
        let ms = (self.ours(recorded).0 - now(world).await.0) / 1_000;
        if ms > 0 {
            advance(world, ms).await;
        }
    }
}

async fn now(world: &World) -> Stamp {
    let clock = world.get("/sandbox/clock").await.1;
    Stamp::read(clock["now"].as_str().expect("an instant")).expect("an instant")
}

async fn advance(world: &World, ms: i64) {
    assert_eq!(world.send("POST", "/sandbox/clock", Some(json!({"advance_ms": ms}))).await.0, 200);
}

/// Lets happen what is queued, until nothing is.
pub async fn rest(world: &World) {
    hurry(world).await;
    world.idle().await;
}

/// The same while deliveries are refused: until each was tried.
async fn tried(world: &World) {
    hurry(world).await;
    loop {
        let jobs = world.get("/sandbox/idle").await.1["jobs"].clone();
        let events = world.get("/sandbox/deliveries").await.1;
        let tried = |event: &serde_json::Value| event["attempts"] != json!([]);
        if jobs == 0 && events["items"].as_array().expect("a list").iter().all(tried) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// Moving the clock does what is queued without its waits.
async fn hurry(world: &World) {
    advance(world, 1).await;
}

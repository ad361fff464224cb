//! How many uses a second are written down, spent under a limit, and looked up on SQLite, beside how many commits a second the
//! disk allows at all: `cargo bench --features ssr,sandbox --bench recording`. Nobody is asked over the network.

mod disk;

use boreal::{
    model::usage::Use,
    server::{
        db::{
            self, Reader,
            usage_windows::{self, MoreRow, WindowRow},
            users,
        },
        services::{new_id, usage},
        state::State,
    },
};
use std::{future::Future, time::Instant};
use tokio::task::JoinSet;

const PEOPLE: usize = 200;
/// What each of them may use.
const MOST: i64 = 1_000_000;

fn code(key: String) -> Use {
    Use { meter: "codes".to_owned(), amount: 1, key, properties: serde_json::json!({"of": "a benchmark"}) }
}

/// People who bought something that lasts.
async fn people(state: &State) -> Vec<String> {
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let (user, now) = (new_id(), state.clock.billing());
        let window = WindowRow {
            meter: "codes".to_owned(),
            source_id: "a subscription".to_owned(),
            starts_at: now - 1000,
            ends_at: now + 30 * 24 * 3_600_000,
            most: MOST,
            bill: "paid".to_owned(),
            more: MoreRow::default(),
        };
        let added: Result<(), db::Error> = (state.db)
            .transaction(async |tx| {
                users::add(tx, &user, &format!("user-{number}@boreal-shop.dev"), "no password", now).await?;
                usage_windows::put(tx, &user, &window).await
            })
            .await;
        added.expect("a row");
        people.push(user);
    }
    people
}

/// Does `one` for so many uses, some at the same moment.
async fn measure<F>(what: &str, count: usize, at_once: usize, one: impl Fn(usize) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let begun = Instant::now();
    let mut under_way = JoinSet::new();
    for number in 0..count {
        if under_way.len() == at_once {
            under_way.join_next().await.expect("one").expect("it is done");
        }
        under_way.spawn(one(number));
    }
    under_way.join_all().await;
    disk::tell(&format!("{what}, {at_once} at the same moment"), count, begun);
}

async fn record(state: &State, people: &[String], count: usize, at_once: usize) {
    let one = |number: usize| {
        let (state, user) = (state.clone(), people[number % PEOPLE].clone());
        async move {
            let used = code(format!("recorded {at_once} {number}"));
            usage::record(&state, &user, &used).await.expect("durable");
        }
    };
    measure("uses recorded", count, at_once, one).await;
}

async fn spend(state: &State, people: &[String], count: usize, at_once: usize) {
    let one = |number: usize| {
        let (state, user) = (state.clone(), people[number % PEOPLE].clone());
        async move {
            let used = code(format!("spent {at_once} {number}"));
            let spent = usage::spend(&state, &user, &used).await.expect("durable");
            assert_eq!(spent, usage::Spent::Done);
        }
    };
    measure("uses spent under a limit", count, at_once, one).await;
}

async fn look_up(state: &State, people: &[String], count: usize, at_once: usize) {
    let one = |number: usize| {
        let (state, user) = (state.clone(), people[number % PEOPLE].clone());
        async move {
            let balance = usage::balance(&state, &user, "codes").await.expect("an answer");
            assert!(balance.left() > 0);
        }
    };
    measure("balances looked up", count, at_once, one).await;
}

#[tokio::main]
async fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = disk::folder();
    disk::limits(folder.path()).await;
    let state = disk::open(folder.path(), "usage.db").await;
    let people = people(&state).await;
    record(&state, &people, 1_000, 1).await;
    record(&state, &people, 20_000, 256).await;
    spend(&state, &people, 1_000, 1).await;
    spend(&state, &people, 2_000, 64).await;
    look_up(&state, &people, 2_000, 1).await;
    look_up(&state, &people, 5_000, 16).await;
    let written: i64 = state.db.read("SELECT COUNT(*) FROM usage_events").scalar().await.expect("a count");
    assert_eq!(written, 24_000, "each is there");
    state.db.close().await;
}

//! Killing servers of the shop, again and again.

use super::scene::Scene;
use crate::{program::Process, random::Random};
use boreal::{
    model::instant::Millis,
    server::{clock::Clock, db::Db},
};
use std::{
    rc::Rc,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};
use tokio::task::{JoinHandle, spawn_local};

/// One of so many times the one that was started last is killed while it starts.
const WHILE_STARTING: usize = 4;
/// Between two kills of those that answer there are at most so many times as long as a start takes: on a machine that does
/// much else everything takes longer.
const LIVES: u32 = 4;

/// How often one was killed.
#[derive(Debug, Default)]
pub struct Kills {
    /// In all.
    pub count: usize,
    /// Before it answered.
    pub starting: usize,
}

/// Kills until it is over, and so often at least.
pub struct Killer(JoinHandle<(Vec<Process>, Kills)>);

impl Killer {
    /// Starts the shop, and whoever kills it.
    pub fn begin(scene: Rc<Scene>, random: Random, least: usize) -> Self {
        Self(spawn_local(kill(scene, random, least)))
    }

    /// The last servers, which live on.
    pub async fn end(self) -> (Vec<Process>, Kills) {
        self.0.await.expect("no panic")
    }
}

async fn kill(scene: Rc<Scene>, mut random: Random, least: usize) -> (Vec<Process>, Kills) {
    let mut shop: Vec<Process> = (0..scene.servers()).map(|which| scene.serve(which)).collect();
    let (mut kills, mut newest, mut last, mut start) = (Kills::default(), 0, 0, Duration::from_millis(500));
    loop {
        let starting = kills.count == 0 || random.below(WHILE_STARTING) == 0;
        if starting {
            pause(start, &mut random).await;
        } else {
            let begun = Instant::now();
            shop[newest].answers().await;
            start = begun.elapsed();
            bury(&scene, last).await;
            pause(start * LIVES, &mut random).await;
        }
        if scene.over.load(Ordering::Acquire) && kills.count >= least {
            for server in &mut shop {
                server.answers().await;
            }
            bury(&scene, last).await;
            return (shop, kills);
        }
        if !starting {
            newest = random.below(shop.len());
        }
        shop[newest].kill();
        last = Clock::default().wall();
        shop[newest] = scene.serve(newest);
        kills.count += 1;
        kills.starting += usize::from(starting);
    }
}

/// Any time up to this one.
async fn pause(most: Duration, random: &mut Random) {
    tokio::time::sleep(most * u32::try_from(random.below(1_000)).expect("small") / 1_000).await;
}

/// What whoever was killed at `at` worked on is theirs for half a minute to ten; nobody wants to wait for that here. What a
/// server took since is not touched: its leases end later. Only of two servers the one that lives on loses what it works on
/// as well, as if it were slow: then it must not count what it finishes. While no server runs nothing is touched, so that each
/// start finds just what a kill leaves behind.
async fn bury(scene: &Scene, at: Millis) {
    let leases: [(&str, Millis); 5] = [
        ("UPDATE inbox SET lease_until = 0 WHERE state = 'new' AND lease_until < $1", 30_000),
        ("UPDATE jobs SET lease_until = 0 WHERE state = 'running' AND lease_until < $1", 60_000),
        ("UPDATE orders SET lease_until = 0 WHERE state = 'committing' AND lease_until < $1", 120_000),
        (
            "UPDATE sync_runs SET lease_until = 0 WHERE finished_at IS NULL AND kind <> 'webhooks' AND lease_until < $1",
            180_000,
        ),
        (
            "UPDATE sync_runs SET lease_until = 0 WHERE finished_at IS NULL AND kind = 'webhooks' AND lease_until < $1",
            600_000,
        ),
    ];
    let db = Db::open(scene.database()).await.expect("a database");
    for (statement, lease) in leases {
        db.write(statement).bind(at + lease).execute().await.expect("rows");
    }
    db.close().await;
}

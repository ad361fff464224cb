//! Histories drawn from the sandbox's lifecycles: several users who buy, change their minds, do not pay, are refunded, use
//! each other's addresses and are deleted. Heard undisturbed, they end in some picture; heard shuffled, repeated and by
//! several workers at once they must end in the same one, and with losses too, once Polar is asked again.
//!
//! A seed that fails is printed. `HISTORY=seed cargo test --features ssr,sandbox --test it histories` plays it alone and
//! tells its acts.

mod acts;
mod doing;
mod outcome;
mod stage;

use super::{effort::effort, random::Random, replica::Said};
use acts::Act;
use outcome::Outcome;
use serde_json::Value;
use stage::Stage;
use std::{collections::BTreeMap, env, ops::Range, thread, time::Instant};
use tokio::runtime::Runtime;

/// How many acts a history has.
const ACTS: usize = 14;
/// With so many purchases it begins.
const FIRST: usize = 3;
/// So many stages play at once.
const STAGES: u64 = 2;

/// Seeds to play: those that are named (`17`, or `1000..2000`), or the first so many.
fn seeds() -> Range<u64> {
    let Ok(named) = env::var("HISTORY") else { return 0..effort(120, 10_000) };
    let number = |text: &str| text.parse::<u64>().expect("HISTORY is a seed, or two like 1000..2000");
    match named.split_once("..") {
        Some((first, end)) => number(first)..number(end),
        None => number(&named)..number(&named) + 1,
    }
}

/// Plays a history and hears all of it, one fact after the other.
async fn undisturbed(stage: &mut Stage, random: &mut Random, tally: &mut Tally) -> Outcome {
    let tells = env::var("HISTORY").is_ok_and(|named| !named.contains(".."));
    for number in 0..ACTS {
        let act = if number < FIRST { Act::draw_purchase(random) } else { Act::draw(random) };
        let done = stage.act(&act, random).await;
        if tells {
            eprintln!("{act:?}: {done:?}");
        }
        if let Ok(name) = done {
            *tally.acts.entry(name).or_default() += 1;
        }
    }
    stage.come_to_rest().await;
    stage.outcome().await
}

/// The same in any order, some of it several times, by several workers at once, and without asking Polar anything.
async fn shuffled(stage: &Stage, random: &mut Random, all: &[Said]) -> Outcome {
    stage.forget().await;
    let mut heard = repeated(all, random);
    random.shuffle(&mut heard);
    stage.hear_at_once(&heard, random).await;
    stage.outcome().await
}

/// The same, but about a third of it never comes, and nothing that was read; then Polar is asked about everything.
async fn with_losses(stage: &Stage, random: &mut Random, all: &[Said]) -> Outcome {
    stage.forget().await;
    let forgotten = stage.forgotten_by_polar().await;
    let arrives = |said: &&Said| match said {
        // Nobody can be asked any more who they were.
        Said::Webhook(_, body) if forgotten.iter().any(|customer| is_about(body, customer)) => true,
        Said::Webhook(..) => !random.happens(35),
        Said::Read(..) => false,
    };
    let arrived: Vec<Said> = all.iter().filter(arrives).cloned().collect();
    let mut heard = repeated(&arrived, random);
    random.shuffle(&mut heard);
    stage.hear_at_once(&heard, random).await;
    stage.sync().await;
    stage.is_in_order().await;
    stage.outcome().await
}

/// Whether a webhook is about this customer itself.
fn is_about(body: &str, customer: &str) -> bool {
    let body: Value = serde_json::from_str(body).expect("JSON");
    body["type"].as_str().is_some_and(|kind| kind.starts_with("customer.")) && body["data"]["id"] == customer
}

/// Some of it twice, as by a second endpoint or by a sender that heard no answer.
fn repeated(all: &[Said], random: &mut Random) -> Vec<Said> {
    let mut heard = all.to_vec();
    for said in all {
        match (random.below(5), said) {
            (0, said) => heard.push(said.clone()),
            (1, Said::Webhook(id, body)) => heard.push(Said::Webhook(format!("{id}-again"), body.clone())),
            _ => {}
        }
    }
    heard
}

async fn play(stage: &mut Stage, seed: u64, tally: &mut Tally) {
    let mut random = Random(seed);
    stage.begin(&mut random).await;
    let heard_once = undisturbed(stage, &mut random, tally).await;
    let all = stage.everything_said().await;
    stage.is_in_order().await;
    let in_any_order = shuffled(stage, &mut random, &all).await;
    heard_once.is(&in_any_order, &format!("history {seed}, shuffled"));
    let after_losses = with_losses(stage, &mut random, &all).await;
    heard_once.facts().is(&after_losses.facts(), &format!("history {seed}, with losses and a sync"));
}

/// What histories were made of.
#[derive(Debug, Default)]
struct Tally {
    facts: usize,
    /// Acts that came to pass, by name.
    acts: BTreeMap<String, usize>,
}

impl Tally {
    fn add(mut self, other: Self) -> Self {
        self.facts += other.facts;
        for (name, count) in other.acts {
            *self.acts.entry(name).or_default() += count;
        }
        self
    }
}

/// Plays these, one after the other.
async fn play_each(seeds: Vec<u64>) -> Tally {
    let (mut stage, mut tally) = (Stage::build().await, Tally::default());
    for seed in seeds {
        let told = Told(seed);
        play(&mut stage, seed, &mut tally).await;
        tally.facts += stage.facts();
        std::mem::forget(told);
    }
    stage.close().await;
    tally
}

#[test]
fn however_it_is_heard_it_ends_the_same() {
    let (seeds, began) = (seeds(), Instant::now());
    let lane = |lane: u64| {
        let mine: Vec<u64> = seeds.clone().filter(|seed| seed % STAGES == lane).collect();
        // A runtime of its own each: they share nothing.
        thread::spawn(move || Runtime::new().expect("a runtime").block_on(play_each(mine)))
    };
    let players: Vec<_> = (0..STAGES).map(lane).collect();
    let tallies = players.into_iter().map(|player| player.join().expect("every history ends the same"));
    let tally = tallies.fold(Tally::default(), Tally::add);
    let played = seeds.end - seeds.start;
    println!("{played} histories in {:.1?}: {tally:?}", began.elapsed());
    let all = env::var("HISTORY").is_err();
    let missing = Act::KINDS.into_iter().filter(|kind| all && !tally.acts.contains_key(*kind));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&str>::new(), "kinds of acts that never came to pass");
}

/// Tells which history was played if the test panics in it.
struct Told(u64);

impl Drop for Told {
    fn drop(&mut self) {
        eprintln!("the history of seed {0} failed; HISTORY={0} plays it alone", self.0);
    }
}

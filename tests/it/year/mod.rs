//! A year of a shop whose Polar is at its worst: events are dropped, doubled, late and out of order, requests are refused,
//! cut or answered in vain, and on some days there is no Polar at all. Each day ends with a sweep, and after it nobody
//! whose payment Polar holds as good is told anything but yes.
//!
//! What happens is drawn from a seed, which a failure prints: `YEAR_SEED` repeats it.

mod buying;
mod changing;
mod truth;
mod weather;

use super::{
    effort::effort,
    patience::wait_until,
    random::Random,
    shop::{Person, Shop},
};
use boreal::{
    model::{
        instant::{DAY, HOUR, Millis},
        plan::Value as Worth,
    },
    server::services::{
        Error,
        access::Access,
        applying, replaying,
        syncing::{self, Report, Sweep, What},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
    time::Instant,
};
use truth::{Holds, Opens, Truth};
use weather::Weather;

/// A sweep that Polar spoils is begun again, so often at most: a real one is begun again every five minutes.
const SWEEPS: usize = 60;

/// Somebody who comes to the shop on a day of the year.
struct Customer {
    who: Person,
    /// Whether we know that the address is theirs.
    verified: bool,
    /// What they did, for the message of a failure.
    diary: Vec<String>,
}

/// The seed of a year, told when it fails.
struct Seed(u64);

impl Seed {
    /// The same one in `make test`, in `make prove` another each time; or the one that is asked for.
    fn draw() -> Self {
        let any = u64::try_from(boreal::server::clock::Clock::default().wall()).expect("after 1970");
        let asked = std::env::var("YEAR_SEED").ok().map(|text| text.parse().expect("YEAR_SEED is a number"));
        Self(asked.unwrap_or(effort(4, any)))
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the same year again: YEAR_SEED={}", self.0);
        }
    }
}

/// The year so far.
struct Year {
    shop: Shop,
    random: Random,
    /// Of the weather alone: how a day is hangs on the seed and on nothing else.
    sky: Random,
    day: usize,
    /// On which days how many join.
    joining: Vec<usize>,
    customers: Vec<Customer>,
    /// Those who want to buy something.
    wanting: BTreeSet<usize>,
    /// What Polar held when it was last looked at.
    truth: Truth,
    /// What everybody certainly had at the last evening with a sweep, and paid for ever since.
    held: BTreeMap<String, Opens>,
    /// How often what happened.
    counts: BTreeMap<String, usize>,
}

#[tokio::test(flavor = "multi_thread")]
async fn after_each_days_sweep_nobody_who_pays_is_refused() {
    let seed = Seed::draw();
    let (began, days, customers) = (Instant::now(), effort(36, 365), effort(20, 200));
    let mut year = Year::begin(seed.0, days, customers).await;
    for day in 1..=days {
        year.live_a_day().await;
        if day % 30 == 0 {
            println!("day {day} with seed {}, after {} s", seed.0, began.elapsed().as_secs());
        }
    }
    let counts = year.end().await;
    println!(
        "{days} days of {customers} customers with seed {} in {} s: {counts:#?}",
        seed.0,
        began.elapsed().as_secs()
    );
    let always = ["bought", "fickle day", "storm", "cuts", "down by day", "outage"].map(str::to_owned);
    // A few weeks may be without.
    let over_the_year = effort(&[][..], &["Delete 204", "Refund 201", "another card 303", "bought as another"]);
    let statuses = effort(&[][..], &["trialing", "past_due", "paused", "canceled"]);
    let rarer = over_the_year.iter().map(ToString::to_string).chain(statuses.iter().map(|status| most(status)));
    for happened in always.into_iter().chain(rarer) {
        assert!(counts.get(&happened).is_some_and(|count| *count > 0), "a year without: {happened}");
    }
}

/// The name of a count: how many subscriptions were in this state at the same time.
fn most(status: &str) -> String {
    format!("{status} at once, at most")
}

impl Year {
    async fn begin(seed: u64, days: usize, customers: usize) -> Self {
        let shop = Shop::open_for_long().await;
        let mut random = Random(seed);
        let mut joining = vec![0; days];
        for number in 0..customers {
            // Some are there from the start, and the last ones have time left to renew.
            let day = if number % 4 == 0 { random.below(5) } else { random.below(days * 3 / 4) };
            joining[day] += 1;
        }
        shop.polar.faults(weather::climate(seed)).await;
        let truth = Truth::of(&shop, BTreeMap::new()).await;
        let (customers, wanting, held, counts) = Default::default();
        let sky = Random(!seed);
        Self { shop, random, sky, day: 0, joining, customers, wanting, truth, held, counts }
    }

    fn count(&mut self, what: impl Into<String>) {
        *self.counts.entry(what.into()).or_default() += 1;
    }

    fn note(&mut self, customer: usize, what: &str) {
        let line = format!("day {}: {what}", self.day);
        self.customers[customer].diary.push(line);
    }

    async fn live_a_day(&mut self) {
        self.day += 1;
        let weather = Weather::draw(&mut self.sky);
        self.count(weather.name());
        self.hurry().await;
        self.change_things().await;
        self.join().await;
        self.shop.polar.faults(weather.by_day(&mut self.random)).await;
        self.buy(&weather).await;
        self.pass_a_day().await;
        if weather.lasts() {
            return self.look_in_an_outage().await;
        }
        if let Some(evening) = weather.in_the_evening() {
            self.shop.polar.faults(evening).await;
        }
        let report = self.sweep().await;
        assert!(report.unexplained.is_empty(), "day {}: {:#?}", self.day, report.unexplained);
        self.shop.polar.faults(weather::calm()).await;
        self.look().await;
    }

    /// What waits for a later time is due: a day has passed.
    async fn hurry(&self) {
        for due in
            ["UPDATE jobs SET run_at = 0 WHERE state = 'queued'", "UPDATE inbox SET run_at = 0 WHERE state = 'new'"]
        {
            self.shop.state.db.write(due).execute().await.expect("rows");
        }
        self.shop.state.wake.jobs.notify_one();
        self.shop.state.wake.inbox.notify_one();
    }

    /// New people open an account and want to buy.
    async fn join(&mut self) {
        for _ in 0..self.joining[self.day - 1] {
            let who = self.shop.person(&format!("y{}", self.customers.len())).await;
            self.wanting.insert(self.customers.len());
            let verified = self.random.once_in(2);
            self.customers.push(Customer { who, verified, diary: Vec::new() });
        }
    }

    /// Moves the clock by about a day, never by a round time; what is due at Polar has happened then.
    async fn pass_a_day(&mut self) {
        let odd = self.random.below(usize::try_from(4 * HOUR).expect("small"));
        let ms = DAY - 2 * HOUR + Millis::try_from(odd).expect("small");
        let polar = &self.shop.polar;
        polar.advance(ms).await;
        while polar.get("/sandbox/idle").await["jobs"] != 0 {
            polar.advance(1).await;
        }
        // Also while no answer of Polar's can tell, our clock goes on.
        let offset = polar.get("/sandbox/clock").await["offset_ms"].as_i64().expect("an offset");
        self.shop.state.clock.set_offset(offset);
        applying::refold_due(&self.shop.state).await.expect("the database answers");
    }

    /// The sweep at the end of a day, begun again until it ends.
    async fn sweep(&mut self) -> Report {
        if self.random.once_in(4) {
            for early in [Sweep::Changed, Sweep::Ending, Sweep::Sample] {
                drop(self.sweep_once(early).await);
            }
        }
        for _ in 0..SWEEPS {
            if let Some(report) = self.sweep_once(Sweep::All).await {
                return report;
            }
        }
        panic!("day {}: no sweep of {SWEEPS} ended", self.day);
    }

    async fn sweep_once(&mut self, sweep: Sweep) -> Option<Report> {
        match syncing::in_turn(&self.shop.state, &What::Sweep(sweep), false).await {
            Ok(Some(run)) => {
                self.count("sweep ended");
                Some(run.report)
            }
            Ok(None) => None,
            Err(Error::Polar(error)) if error.is_passing() => {
                self.count("sweep spoiled");
                None
            }
            Err(error) => panic!("day {}: {error}", self.day),
        }
    }

    /// Looks at Polar with all faults of its API off, and holds everybody's access against it.
    async fn look(&mut self) {
        self.see().await;
        for number in 0..self.customers.len() {
            let id = self.customers[number].who.id.clone();
            let Holds { certain, possible } = self.truth.of_user(&self.shop.state.plans, &id);
            for feature in truth::TELLING {
                let access = self.shop.access(&self.customers[number].who, feature).await;
                let (least, most) = (certain.get(feature), possible.get(feature));
                let right = at_least(&access, least) && at_most(&access, most);
                assert!(right, "{feature}: {access:?} and not {least:?}\n{}", self.about(number));
            }
            self.held.insert(id, certain);
        }
    }

    /// While there is no Polar nobody loses what they had and go on paying for.
    async fn look_in_an_outage(&mut self) {
        let mut told = Vec::new();
        for customer in &self.customers {
            for feature in truth::TELLING {
                told.push((customer.who.id.clone(), feature, self.shop.access(&customer.who, feature).await));
            }
        }
        self.shop.polar.faults(weather::calm()).await;
        self.see().await;
        for (id, held) in &mut self.held {
            let now = self.truth.of_user(&self.shop.state.plans, id).certain;
            held.retain(|feature, worth| now.get(feature).is_some_and(|now| now >= worth));
        }
        for (id, feature, access) in told {
            let least = self.held.get(&id).and_then(|held| held.get(feature));
            let number = self.customers.iter().position(|one| one.who.id == id).expect("they are there");
            assert!(at_least(&access, least), "in an outage, {feature}: {access:?}\n{}", self.about(number));
        }
    }

    async fn see(&mut self) {
        self.truth = Truth::of(&self.shop, std::mem::take(&mut self.truth.external)).await;
        for status in ["trialing", "past_due", "paused", "canceled"] {
            let many = self.truth.subscriptions.iter().filter(|one| one["status"] == status).count();
            let so_far = self.counts.entry(most(status)).or_default();
            *so_far = many.max(*so_far);
        }
    }

    /// Everything that is known about somebody, for the message of a failure.
    fn about(&self, customer: usize) -> String {
        let Customer { who, diary, .. } = &self.customers[customer];
        format!("day {}: {} {} {diary:#?}\n{}", self.day, who.id, who.email, self.truth.tell(&who.id))
    }

    /// All faults end: a closing sync, another one, and a replay; how often what happened.
    async fn end(mut self) -> BTreeMap<String, usize> {
        let (status, answer) = self.shop.polar.send("DELETE", "/sandbox/faults", None).await;
        assert_eq!(status, 200, "{answer}");
        self.hurry().await;
        let closing = self.sweep_once(Sweep::All).await.expect("Polar answers");
        assert!(closing.unexplained.is_empty(), "the closing sync: {:#?}", closing.unexplained);
        self.look().await;
        self.shop.polar.idle().await;
        wait_until("access to be what Polar holds", async || {
            self.hurry().await;
            let others = self.others().await;
            if others.is_empty() { Ok(()) } else { Err(others) }
        })
        .await;
        self.shop.worked_off().await;
        self.shop.is_in_order().await;
        let replayed = replaying::check(&self.shop.state).await.expect("a report");
        assert_eq!(replayed.differences, Vec::<String>::new());
        let rows = replayed.rows;
        self.counts.insert("rows of the inbox".to_owned(), rows);
        self.shop.close().await;
        self.counts
    }

    /// Who does not have exactly what Polar holds.
    async fn others(&self) -> Vec<String> {
        let mut others = Vec::new();
        for (number, customer) in self.customers.iter().enumerate() {
            let certain = self.truth.of_user(&self.shop.state.plans, &customer.who.id).certain;
            for feature in truth::FEATURES {
                let (access, least) = (self.shop.access(&customer.who, feature).await, certain.get(feature));
                let exact = at_least(&access, least) && at_most(&access, least);
                if !exact || matches!(access, Access::Unknown { .. }) {
                    others.push(format!("{feature}: {access:?} and not {least:?}\n{}", self.about(number)));
                }
            }
        }
        others
    }
}

/// Whether an answer is a yes to all that is certain.
fn at_least(access: &Access, certain: Option<&Worth>) -> bool {
    match access {
        Access::Granted { value, .. } => Some(value) >= certain,
        Access::Denied { .. } | Access::Unknown { .. } => certain.is_none(),
    }
}

/// Whether an answer is a yes to nothing but what is possible.
fn at_most(access: &Access, possible: Option<&Worth>) -> bool {
    !matches!(access, Access::Granted { value, .. } if Some(value) > possible)
}

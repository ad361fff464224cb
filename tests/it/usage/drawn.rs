//! Drawn mixtures of spending, recording, setting aside, settling, running out, renewals, refunds, spending limits and lost
//! answers. Whatever is drawn: no more is spent than was bought and allowed, what is shown is what is left, and Polar counts
//! exactly what we count.
//!
//! A seed that fails is printed. `USAGE_SEED=seed cargo test --features ssr,sandbox --test it usage::drawn` plays it alone.

use super::{
    super::{
        effort::effort,
        patience::{wait_for, wait_until},
        random::Random,
        shop::{Person, Shop},
    },
    balance, codes, counted, everything_sent, meter, ours, wait_for_balance,
};
use boreal::{
    model::{
        instant::{DAY, HOUR, parse_ms},
        money::Money,
        usage::Per,
    },
    server::{
        db::Reader,
        services::{
            accounts::Asking,
            new_id,
            usage::{self, Held, Spent},
        },
    },
};
use serde_json::{Value, json};
use std::{
    env,
    net::{IpAddr, Ipv4Addr},
    ops::Range,
    thread,
};
use tokio::{join, runtime::Runtime};

const STEPS: usize = 60;
/// So many play at once.
const AT_ONCE: usize = 6;
/// What Pro gives a month, and what everybody has a day.
const BOUGHT: i64 = 300;
const FREE: i64 = 3;
/// What one more costs, in cents.
const EACH: i64 = 4;

struct Stage {
    shop: Shop,
    /// Ann bought Pro, Bob did not.
    people: [Person; 2],
    meter: String,
    holds: Vec<String>,
    /// What Ann allows beyond what she bought, and the most that she ever did.
    allowed: (i64, i64),
}

fn seeds() -> Range<u64> {
    match env::var("USAGE_SEED") {
        Ok(seed) => {
            let seed = seed.parse().expect("USAGE_SEED is a seed");
            seed..seed + 1
        }
        Err(_) => 0..effort(6, 400),
    }
}

impl Stage {
    async fn new(random: &mut Random) -> Self {
        let shop = Shop::open_for_long().await;
        let people = [shop.person("ann").await, shop.person("bob").await];
        let meter = meter(&shop.polar).await;
        shop.buy(&people[0], "pro", "month").await;
        wait_for_balance(&shop, &people[0], BOUGHT).await;
        let duplicate = u64::from(random.happens(50));
        shop.polar.faults(json!({"shuffle": true, "duplicate": duplicate, "seed": random.next() >> 1})).await;
        Self { shop, people, meter, holds: Vec::new(), allowed: (0, 0) }
    }

    async fn spend(&self, who: &Person, amount: i64, key: &str) -> Spent {
        usage::spend(&self.shop.state, &who.id, &codes(amount, key)).await.expect("the database answers")
    }

    async fn step(&mut self, random: &mut Random) {
        let who = &self.people[usize::from(random.happens(20))].clone();
        let (amount, key) = (1 + i64::try_from(random.below(60)).expect("small"), new_id());
        match random.below(15) {
            0..=3 => drop(self.spend(who, amount, &format!("spend {key}")).await),
            4 => {
                let key = format!("spend {key}");
                let both = join!(self.spend(who, amount, &key), self.spend(who, amount, &key));
                assert_eq!(both.0 == Spent::Done, both.1 == Spent::Done, "one use, one answer: {both:?}");
            }
            5 => self.spend_the_last(who, &key).await,
            6 => {
                let used = codes(amount % 7 + 1, &key);
                usage::record(&self.shop.state, &self.people[0].id, &used).await.expect("durable");
            }
            7 | 8 => {
                let lasts = if random.happens(70) { HOUR } else { 0 };
                let held = usage::hold(&self.shop.state, &who.id, &codes(amount, &key), lasts).await;
                if let Held::Yes(id) = held.expect("the database answers") {
                    self.holds.push(id);
                }
            }
            9 | 10 => self.end_a_hold(amount, random).await,
            11 => {
                let ms = i64::try_from(random.below(12 * 24)).expect("small") * HOUR + 1;
                self.shop.advance(ms).await;
            }
            12 => self.refund(random).await,
            13 => self.allow(i64::try_from(random.below(50)).expect("small")).await,
            _ => {
                let answer = *random.pick(&["cut", "500 after"]);
                let fault = json!({"answer": answer, "answer_to": "/v1/events/ingest", "answer_count": 1});
                self.shop.polar.faults(fault).await;
            }
        }
    }

    /// Two want everything that is left, at once.
    async fn spend_the_last(&self, who: &Person, key: &str) {
        let left = balance(&self.shop, who).await.left().max(1);
        let [first, second] = ["a", "b"].map(|one| format!("spend {key}{one}"));
        let both = join!(self.spend(who, left, &first), self.spend(who, left, &second));
        assert!(both.0 != Spent::Done || both.1 != Spent::Done || left <= FREE, "{left} were spent twice: {both:?}");
    }

    async fn allow(&mut self, units: i64) {
        let asking = Asking { user: &self.people[0].id, from: IpAddr::V4(Ipv4Addr::LOCALHOST) };
        let limit = Money::new(units * EACH, "usd");
        usage::choose_limit(&self.shop.state, asking, "codes", &limit).await.expect("durable");
        self.allowed = (units, self.allowed.1.max(units));
    }

    async fn end_a_hold(&mut self, amount: i64, random: &mut Random) {
        if self.holds.is_empty() {
            return;
        }
        let place = random.below(self.holds.len());
        let (state, hold) = (&self.shop.state, &self.holds[place]);
        match random.below(4) {
            0 => drop(usage::release(state, hold).await.expect("durable")),
            1 => drop(usage::settle(state, hold, 0).await.expect("durable")),
            _ => {
                let both = join!(usage::settle(state, hold, amount), usage::settle(state, hold, amount + 1));
                assert!(both.0.is_ok() && both.1.is_ok(), "{both:?}");
            }
        }
    }

    async fn refund(&self, random: &mut Random) {
        let bills = self.shop.polar.list(&format!("/v1/orders/?external_customer_id={}", self.people[0].id)).await;
        let paid: Vec<&Value> = bills.iter().filter(|bill| bill["status"] == "paid").collect();
        if let Some(bill) = paid.first() {
            let whole = bill["refundable_amount"].as_i64().unwrap_or(0).max(1);
            let amount = if random.happens(50) { whole } else { 1 };
            let body = json!({"order_id": bill["id"], "reason": "customer_request", "amount": amount});
            self.shop.polar.send("POST", "/v1/refunds/", Some(body)).await;
        }
    }

    async fn come_to_rest(&self) {
        // Whatever fails, fails once: what was given back waits no longer here.
        self.shop.state.db.write("UPDATE usage_events SET run_at = 0").execute().await.expect("rows");
        self.shop.state.wake.usage.notify_one();
        self.shop.polar.idle().await;
        self.shop.worked_off().await;
        everything_sent(&self.shop.state.db).await;
    }

    /// What is shown is what follows from the period that Polar shows and from the rows of our tables.
    async fn shows_what_is_left(&self) {
        let ann = &self.people[0];
        let period = async || {
            let page = self.shop.polar.list(&format!("/v1/subscriptions/?external_customer_id={}", ann.id)).await;
            let instant = |key: &str| page[0][key].as_str().and_then(parse_ms).expect("an instant");
            let span = (instant("current_period_start"), instant("current_period_end"));
            let now = self.shop.state.clock.billing();
            (page[0]["status"] == "active" && span.0 <= now && now < span.1).then_some(span)
        };
        let (from, until) = wait_for("a period", period).await;
        // What was used in the last three hours of the period before counts as well: Polar may bill it in this one.
        let used = "SELECT CAST(COALESCE(SUM(e.amount), 0) AS BIGINT) FROM usage_events e
                    WHERE e.user_id = $1 AND e.state <> 'kept' AND e.counted_at <= $3 AND e.counted_at >= $2 - 10800000
                      AND (e.counted_at >= $2 OR EXISTS (SELECT 1 FROM usage_windows w
                                                         WHERE w.user_id = $1 AND w.ends_at = $2 AND w.starts_at < $2
                                                           AND e.counted_at >= w.starts_at))";
        let held = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM usage_holds
                    WHERE user_id = $1 AND state = 'open' AND kept = 0 AND expires_at > $2";
        let look = async || {
            let db = &self.shop.state.db;
            let used: i64 = db.read(used).bind(&ann.id).bind(from).bind(until - 1).scalar().await.expect("a sum");
            let wall = self.shop.state.clock.wall();
            let held: i64 = db.read(held).bind(&ann.id).bind(wall).scalar().await.expect("a sum");
            let (left, shown) = (BOUGHT - used - held, balance(&self.shop, ann).await);
            // Without anything left of what was bought, what everybody has a day is shown, and then what is allowed beyond.
            let is_it = match shown.per {
                Per::Period => shown.left() == (left + self.allowed.0).max(0) && shown.included() == left.max(0),
                Per::Day => left <= 0 && shown.left() <= FREE,
                Per::Month => false,
            };
            if is_it { Ok(()) } else { Err((left, shown)) }
        };
        wait_until("the balance to be what is left", look).await;
    }

    /// By the raw rows: spent within any window that there was.
    async fn spent_no_more_than_bought(&self) {
        let by_period = "SELECT w.starts_at, CAST(SUM(e.amount) AS BIGINT) FROM usage_windows w JOIN usage_events e
                           ON e.user_id = w.user_id AND e.counted_at >= w.starts_at AND e.counted_at < w.ends_at
                         WHERE e.state <> 'kept' AND e.key LIKE 'spend%' GROUP BY w.starts_at";
        let by_day = "SELECT counted_at / 86400000 AS day, CAST(SUM(amount) AS BIGINT) FROM usage_events
                      WHERE state = 'kept' AND key LIKE 'spend%' GROUP BY user_id, counted_at / 86400000";
        for (select, most) in [(by_period, BOUGHT + self.allowed.1), (by_day, FREE)] {
            let sums: Vec<(i64, i64)> = self.shop.state.db.read(select).all().await.expect("sums");
            assert!(sums.iter().all(|(_, spent)| *spent <= most), "more than {most}: {sums:?}");
        }
        let nowhere = "SELECT COUNT(*) FROM usage_events e WHERE e.state <> 'kept' AND e.key LIKE 'spend%'
                       AND NOT EXISTS (SELECT 1 FROM usage_windows w WHERE w.user_id = e.user_id
                                       AND e.counted_at >= w.starts_at AND e.counted_at < w.ends_at AND w.bill = 'paid')";
        let nowhere: i64 = self.shop.state.db.read(nowhere).scalar().await.expect("a count");
        assert_eq!(nowhere, 0, "spent out of nothing that was bought");
    }

    async fn same_on_both_sides(&self) {
        #[expect(clippy::cast_precision_loss, reason = "some thousand")]
        let ours = ours(&self.shop.state.db).await as f64;
        let theirs = counted(&self.shop.polar, &self.meter).await;
        assert!((theirs - ours).abs() < 1e-9, "Polar counts {theirs}, we count {ours}");
        let report = usage::reconcile(&self.shop.state).await.expect("Polar answers").expect("nobody else does");
        assert!(report.repairs.is_empty() && report.unexplained.is_empty(), "{report:?}");
    }
}

async fn play(seed: u64) {
    let mut random = Random(seed);
    let mut stage = Stage::new(&mut random).await;
    for number in 0..STEPS {
        stage.step(&mut random).await;
        if number % 12 == 11 {
            stage.come_to_rest().await;
            stage.shows_what_is_left().await;
            stage.spent_no_more_than_bought().await;
        }
    }
    stage.come_to_rest().await;
    stage.spent_no_more_than_bought().await;
    stage.same_on_both_sides().await;
    stage.shop.advance(31 * DAY).await;
    stage.come_to_rest().await;
    stage.shows_what_is_left().await;
    stage.shop.close().await;
}

#[test]
fn whatever_is_drawn_nothing_is_spent_that_was_not_bought_and_nothing_counts_twice() {
    let seeds: Vec<u64> = seeds().collect();
    // Most of a play is waiting for clocks: several go on at once.
    let share = seeds.len().div_ceil(AT_ONCE);
    thread::scope(|scope| {
        for seeds in seeds.chunks(share) {
            scope.spawn(move || {
                let runtime = Runtime::new().expect("a runtime");
                for seed in seeds {
                    println!("USAGE_SEED={seed} begins");
                    runtime.block_on(play(*seed));
                    println!("USAGE_SEED={seed} ends");
                }
            });
        }
    });
}

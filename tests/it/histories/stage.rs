//! Where histories play: a sandbox, and a shop's database in which nothing happens by itself.

use super::{acts::Act, doing::Done, outcome::Outcome};
use crate::{
    engine::Database,
    polar::{Polar, Sent},
    random::Random,
    replica::Said,
    shop::{Person, build, config},
};
use boreal::{
    model::instant::DAY,
    server::{
        db::{self, Reader, inbox::Delivery, users},
        jobs,
        polar::Seen,
        services::{
            applying, pushing,
            syncing::{self, Report, Sweep, Unchanged, What, observe},
        },
        startup::Server,
        state::State,
    },
};
use serde_json::{Value, json};
use std::collections::HashSet;
use tempfile::TempDir;
use tokio::task::JoinSet;

const PEOPLE: [&str; 4] = ["ann", "bob", "cid", "dee"];
/// Forgets what follows from what Polar says.
const HEARD: [&str; 10] = [
    "DELETE FROM inbox",
    "DELETE FROM jobs",
    "DELETE FROM polar_objects",
    "DELETE FROM polar_customers",
    "DELETE FROM product_plans",
    "DELETE FROM entitlements",
    "DELETE FROM usage_windows",
    "DELETE FROM ledger",
    "DELETE FROM cases",
    "UPDATE users SET access_rev = 0, refold_at = 0, synced_at = NULL",
];
/// Forgets the rest: what we and staff did, and whom we knew.
const DONE_HERE: [&str; 10] = [
    "DELETE FROM attributions",
    "DELETE FROM orders",
    "DELETE FROM staff_grants",
    "DELETE FROM dismissals",
    "DELETE FROM audit_log",
    "DELETE FROM sync_runs",
    "DELETE FROM polar_budget",
    "DELETE FROM sessions",
    "DELETE FROM outgoing_mail",
    "DELETE FROM users",
];
/// So many workers apply at once.
const WORKERS: usize = 3;

/// One sandbox and one database, used again for every history.
pub struct Stage {
    pub state: State,
    pub polar: Polar,
    /// Who plays; the last one is staff.
    pub people: Vec<Person>,
    heard: HashSet<String>,
    server: Server,
    database: Database,
    _folder: TempDir,
}

impl Stage {
    /// An empty one.
    pub async fn build() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = Database::new(folder.path()).await;
        let much = ["--polar-rate-limit", "1000000"];
        let server = build(config(&database.url, &folder.path().join("sandbox.json"), &much)).await;
        let server = server.expect("the server starts");
        let (state, polar) = (server.state(), Polar::of(server.upstream()));
        Self { state, polar, people: Vec::new(), heard: HashSet::new(), server, database, _folder: folder }
    }

    /// Removes it.
    pub async fn close(self) {
        self.server.upstream().stop().await;
        self.state.db.close().await;
        self.database.remove().await;
    }

    /// Forgets the last history; new people, and a Polar that has its products and sends nothing by itself.
    pub async fn begin(&mut self, random: &mut Random) {
        for statement in HEARD.into_iter().chain(DONE_HERE) {
            self.write(statement).await;
        }
        self.heard.clear();
        let (status, _) = self.polar.send("POST", "/sandbox/reset", None).await;
        assert_eq!(status, 204);
        self.polar.faults(json!({"sender": false})).await;
        syncing::follow_clock(&self.state).await.expect("the sandbox answers");
        pushing::push_products(&self.state).await.expect("products");
        self.people.clear();
        for name in PEOPLE {
            let person = person(name, random);
            let added = (self.state.db)
                .transaction::<_, db::Error>(async |tx| {
                    users::add(tx, &person.id, &person.email, "no password", 0).await
                })
                .await;
            assert!(added.expect("a row"));
            self.people.push(person);
        }
        self.listen().await;
    }

    /// Hears what Polar has told since, in order, and does what follows from it.
    pub async fn listen(&mut self) {
        let news: Vec<Sent> =
            self.polar.events().await.into_iter().filter(|sent| self.heard.insert(sent.id.clone())).collect();
        for sent in news {
            hear(&self.state, &Said::Webhook(sent.id, sent.body)).await;
            applying::drain(&self.state).await.expect("the database answers");
        }
        self.follow_up().await;
    }

    /// So many webhooks were heard.
    pub fn facts(&self) -> usize {
        self.heard.len()
    }

    /// Hears all this, some at a time, while several workers apply it.
    pub async fn hear_at_once(&self, all: &[Said], random: &mut Random) {
        let mut left = all;
        while !left.is_empty() {
            let (some, later) = left.split_at((1 + random.below(12)).min(left.len()));
            left = later;
            let mut work = JoinSet::new();
            for said in some {
                let (state, said) = (self.state.clone(), said.clone());
                work.spawn(async move { hear(&state, &said).await });
            }
            for _ in 0..WORKERS {
                let state = self.state.clone();
                work.spawn(async move { applying::drain(&state).await.map(drop).expect("the database answers") });
            }
            work.join_all().await;
        }
        self.write("UPDATE inbox SET lease_until = 0, run_at = 0 WHERE state = 'new'").await;
        applying::drain(&self.state).await.expect("the database answers");
        self.refold().await;
    }

    async fn refold(&self) {
        while applying::refold_due(&self.state).await.expect("the database answers") > 0 {}
    }

    /// Folds who is due and does every job, also those that wait for a better time.
    async fn follow_up(&self) {
        for _ in 0..20 {
            self.refold().await;
            self.write("UPDATE orders SET looked_at = NULL").await;
            self.write("UPDATE jobs SET run_at = 0 WHERE attempts < 3").await;
            if jobs::run_due(&self.state).await.expect("the database answers") == 0 {
                return;
            }
            applying::drain(&self.state).await.expect("the database answers");
        }
        panic!("jobs without an end");
    }

    /// Some minutes later, when nothing is left to come.
    pub async fn come_to_rest(&mut self) {
        self.advance(5 * 60_000).await;
        self.listen().await;
        self.listen().await;
    }

    /// Moves the clock, of Polar and of the shop.
    pub async fn advance(&mut self, ms: i64) {
        self.polar.advance(ms).await;
        syncing::follow_clock(&self.state).await.expect("the sandbox answers");
    }

    /// Everything that Polar said, webhooks and answers, as the inbox kept it.
    pub async fn everything_said(&self) -> Vec<Said> {
        let select = "SELECT source, webhook_id, kind, observed_us, body FROM inbox ORDER BY seq";
        type Row = (String, Option<String>, String, Option<i64>, Vec<u8>);
        let rows: Vec<Row> = self.state.db.read(select).all().await.expect("rows");
        let said = |(source, webhook, kind, observed_us, body): Row| match source.as_str() {
            "webhook" => Said::Webhook(webhook.expect("its id"), String::from_utf8(body).expect("text")),
            _ => {
                let value: Value = serde_json::from_slice(&body).expect("JSON");
                Said::Read(kind, Seen { value, observed_us: observed_us.expect("its time") })
            }
        };
        rows.into_iter().map(said).collect()
    }

    /// As if nothing of it had been heard: our orders are as they were before they were paid.
    pub async fn forget(&self) {
        for statement in HEARD {
            self.write(statement).await;
        }
        self.write(
            "UPDATE orders SET state = 'superseded', checkout_status = 'open', paid_at = NULL, received_at = NULL,
                    done_at = NULL WHERE state IN ('done', 'paid')",
        )
        .await;
    }

    /// The customers that were deleted there.
    pub async fn forgotten_by_polar(&self) -> Vec<String> {
        let known = self.polar.list("/v1/customers/").await;
        let is_known = |id: &String| known.iter().any(|customer| customer["id"] == **id);
        let told = self.polar.events().await.into_iter().filter(|sent| sent.kind.starts_with("customer."));
        let id = |sent: Sent| {
            let body: Value = serde_json::from_str(&sent.body).expect("JSON");
            body["data"]["id"].as_str().expect("an id").to_owned()
        };
        told.map(id).filter(|id| !is_known(id)).collect()
    }

    async fn write(&self, statement: &'static str) {
        self.state.db.write(statement).execute().await.expect("rows");
    }

    /// Asks Polar about everything, and does what follows.
    pub async fn sync(&self) {
        self.follow_up().await;
        self.sweep().await;
        self.follow_up().await;
    }

    async fn sweep(&self) -> Report {
        let run = syncing::in_turn(&self.state, &What::Sweep(Sweep::All), false).await.expect("Polar answers");
        run.expect("its turn").report
    }

    /// Nothing is left that Polar would tell otherwise.
    pub async fn is_in_order(&self) {
        let report = self.sweep().await;
        let counts = report.counts();
        assert_eq!((counts.repaired, counts.unexplained), (0, 0), "{report:#?}");
    }

    /// What it all ends in.
    pub async fn outcome(&self) -> Outcome {
        let left =
            "SELECT state || ' ' || COALESCE(kind, '?') || ' ' || COALESCE(error, '') FROM inbox WHERE state <> 'done'";
        let left: Vec<(String,)> = self.state.db.read(left).all().await.expect("rows");
        assert!(left.is_empty(), "everything was understood: {left:?}");
        Outcome::of(&self.state, &self.people, "the ledger").await
    }

    /// Does one act of a history.
    pub async fn act(&mut self, act: &Act, random: &mut Random) -> Done {
        let done = act.perform(self, random).await;
        self.advance(60_000 + i64::try_from(random.below(100_000)).expect("small")).await;
        self.listen().await;
        done
    }
}

async fn hear(state: &State, said: &Said) {
    match said {
        Said::Webhook(id, body) => {
            let received_at = state.clock.wall();
            let delivery = Delivery { webhook_id: id.clone(), body: body.clone().into_bytes(), received_at };
            state.intake.put(delivery).await.expect("it is stored");
        }
        Said::Read(kind, seen) => {
            observe(state, kind, seen, Unchanged::Keep).await.expect("the database answers");
        }
    }
}

fn person(name: &str, random: &mut Random) -> Person {
    let bits = (u128::from(random.next()) << 64) | u128::from(random.next());
    let id = uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string();
    Person { email: format!("{name}-{}@boreal-shop.dev", &id[..8]), id }
}

/// Days and some odd hours: no instant of a history falls on the edge of another.
pub fn days(count: i64) -> i64 {
    count * DAY + 3 * 3_600_000 + 17 * 60_000
}

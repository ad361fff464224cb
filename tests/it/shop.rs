//! The real server with its own sandbox, on free ports of the loopback, and the people who buy there.

use super::{
    engine::Database,
    patience::{wait_for, wait_until},
    polar::{PAYS, Polar, browser},
    witness::Witness,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use boreal::server::{
    config::Config,
    db::{self, Reader, Tx, orders, users},
    measures,
    services::{
        access::{self, Access},
        buying::{self, Buyer, Committed, Proposal, Wish},
        new_id,
    },
    startup::{self, Server},
    state::State,
    telemetry,
};
use clap::Parser;
use hmac::{Hmac, KeyInit, Mac};
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::ExposeSecret;
use sha2::Sha256;
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::Duration,
};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle, time::timeout};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    config: Config,
}

/// One running server.
pub struct Shop {
    /// What it depends on.
    pub state: State,
    /// Its Polar.
    pub polar: Polar,
    /// Where people reach it.
    pub origin: String,
    /// A client that follows no redirects.
    pub http: reqwest::Client,
    stop: oneshot::Sender<()>,
    served: JoinHandle<io::Result<()>>,
    /// Where it keeps what outlives it.
    pub place: Place,
    _witness: Witness,
}

/// What of a shop outlives its process.
pub struct Place {
    /// Its database.
    pub database: Database,
    /// Its files.
    pub folder: TempDir,
}

impl Place {
    /// An empty one.
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { database: Database::new(folder.path()).await, folder }
    }

    /// The file in which the sandbox keeps its state.
    pub fn sandbox(&self) -> PathBuf {
        self.folder.path().join("sandbox.json")
    }

    /// The configuration of a shop here with its own sandbox, and whatever else is said.
    pub fn config(&self, more: &[&str]) -> Config {
        config(&self.database.url, &self.sandbox(), more)
    }
}

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct Person {
    /// Our user id.
    pub id: String,
    /// Theirs alone.
    pub email: String,
}

/// An order on its way to being paid.
#[derive(Clone, Debug)]
pub struct Open {
    /// Our order.
    pub order: String,
    /// Where to pay.
    pub url: String,
}

/// The configuration of a server with its own sandbox, and whatever else is said.
pub fn config(database: &str, sandbox_state: &Path, more: &[&str]) -> Config {
    let sandbox = sandbox_state.display().to_string();
    let mail = sandbox_state.with_file_name("mail").display().to_string();
    let own = ["boreal", "--listen", "127.0.0.1:0", "--origin", "http://127.0.0.1:0", "--database-url", database];
    let beside = ["--sandbox-listen", "127.0.0.1:0", "--sandbox-state", &sandbox, "--mail-folder", &mail];
    Line::parse_from([&own[..], &beside[..], more].concat()).config
}

/// A server that does not run yet.
pub async fn build(config: Config) -> Result<Server, startup::Error> {
    metrics();
    if std::env::var_os("RUST_LOG").is_some() {
        telemetry::start(config.log_format);
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    Server::build(config).await
}

/// Everything that was counted in this process, as text.
pub fn metrics() -> String {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| measures::begin().expect("the only recorder")).render()
}

/// A counter, by its name and labels as Prometheus writes them.
pub fn counted(line: &str) -> u64 {
    let metrics = metrics();
    let found = metrics.lines().find_map(|other| other.strip_prefix(line)?.strip_prefix(' '));
    found.map_or(0, |number| number.parse().expect("a whole number"))
}

impl Shop {
    /// A new shop that sells what `plans.toml` says.
    pub async fn open() -> Self {
        Self::open_at(Place::new().await).await
    }

    /// Opens a shop where it was before, or would be.
    pub async fn open_at(place: Place) -> Self {
        Self::open_with(place, &[]).await
    }

    /// As [`Shop::open_at`], with whatever else is said.
    pub async fn open_with(place: Place, more: &[String]) -> Self {
        Self::open_watched(place, more, true).await
    }

    /// A new shop in which more happens than its sandbox remembers.
    pub async fn open_for_long() -> Self {
        Self::open_watched(Place::new().await, &[], false).await
    }

    async fn open_watched(place: Place, more: &[String], whole: bool) -> Self {
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        let server = build(place.config(&more)).await.expect("the server starts");
        let (state, polar) = (server.state(), Polar::of(server.upstream()));
        let sandbox = server.upstream().stand_in().expect("no real Polar is configured").clone();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(server.run(async { drop(stopped.await) }));
        let origin = state.config.origin().to_owned();
        let witness = Witness::new(move || sandbox.histories(), whole);
        Self { state, polar, origin, http: browser(), stop, served, place, _witness: witness }
    }

    /// Waits until nothing is left to do now.
    pub async fn worked_off(&self) {
        let state = &self.state;
        // Rows first: what they say may queue jobs.
        let look = async || {
            let left = "SELECT 'inbox ' || seq || ' ' || COALESCE(error, '') FROM inbox WHERE state = 'new' UNION ALL
                        SELECT kind || ' ' || key || ' ' || COALESCE(error, '') FROM jobs
                        WHERE state <> 'dead' AND run_at <= $1";
            let rows = state.db.read(left).bind(state.clock.wall()).all::<(String,)>().await.expect("rows");
            if rows.is_empty() { Ok(()) } else { Err(rows) }
        };
        wait_until("the inbox and the jobs to be worked off", look).await;
    }

    /// Stops it once everything is worked off; nothing may have failed.
    pub async fn close(self) {
        self.close_with_dead(0).await;
    }

    /// As [`Shop::close`], but so many inbox rows must be dead.
    pub async fn close_with_dead(self, dead: i64) {
        self.worked_off().await;
        let state = &self.state;
        let inbox = "SELECT COALESCE(kind, '?'), COALESCE(error, '?') FROM inbox WHERE state = 'dead'";
        let rows: Vec<(String, String)> = state.db.read(inbox).all().await.expect("rows");
        assert_eq!(i64::try_from(rows.len()), Ok(dead), "dead rows of the inbox: {rows:?}");
        let jobs = "SELECT kind, COALESCE(error, '?') FROM jobs WHERE state = 'dead'";
        let jobs: Vec<(String, String)> = state.db.read(jobs).all().await.expect("rows");
        assert!(jobs.is_empty(), "dead jobs: {jobs:?}");
        self.halt().await.database.remove().await;
    }

    /// Stops it gracefully, whatever is left to do; it can be opened again.
    pub async fn halt(self) -> Place {
        self.stop.send(()).expect("it still runs");
        let served = timeout(Duration::from_secs(20), self.served).await.expect("it stops in time");
        served.expect("no panic").expect("no failure of the socket");
        self.place
    }

    /// Somebody new; whoever has the same `name` has another address.
    pub async fn person(&self, name: &str) -> Person {
        let id = new_id();
        let email = format!("{name}-{}@boreal-shop.dev", &id.replace('-', "")[20..]);
        let now = self.state.clock.wall();
        let added = async |tx: &mut Tx| users::add(tx, &id, &email, "no password", now).await;
        let added: Result<bool, db::Error> = self.state.db.transaction(added).await;
        assert!(added.expect("a row"), "{email} is new");
        Person { id, email }
    }

    /// The person as a buyer whose address was not verified.
    pub fn buyer(person: &Person) -> Buyer {
        Buyer { user_id: person.id.clone(), verified_email: None, ip: None }
    }

    /// What the buying page shows.
    pub async fn propose(&self, who: &Person, plan: &str, interval: &str) -> Proposal {
        let proposal = buying::propose(&self.state, &who.id, plan, interval).await.expect("the database answers");
        proposal.unwrap_or_else(|| panic!("{plan} is not for sale every {interval}"))
    }

    /// What the form of that page sends.
    pub fn wish(proposal: &Proposal) -> Wish {
        Wish {
            order_id: proposal.order_id.clone(),
            plan: proposal.plan.slug.clone(),
            interval: proposal.quote.offer.interval.slug(),
            quote_hash: proposal.quote.hash(),
            attribution: BTreeMap::new(),
        }
    }

    /// Presses the button.
    pub async fn commit(&self, who: &Person, proposal: &Proposal) -> Committed {
        let wish = Self::wish(proposal);
        buying::commit(&self.state, &Self::buyer(who), &wish).await.expect("the database answers")
    }

    /// Buys up to Polar's page.
    pub async fn checkout(&self, who: &Person, plan: &str, interval: &str) -> Open {
        let proposal = self.propose(who, plan, interval).await;
        match self.commit(who, &proposal).await {
            Committed::Checkout(url) => Open { order: proposal.order_id, url },
            other => panic!("no checkout but {other:?}"),
        }
    }

    /// Pays with a card that pays; comes back.
    pub async fn pay(&self, open: &Open, email: &str) -> String {
        let paid = self.polar.pay(&open.url, email, PAYS).await;
        assert_eq!(paid.status, 303, "{}", paid.page);
        paid.location
    }

    /// Buys, pays, and waits for access; the order.
    pub async fn buy(&self, who: &Person, plan: &str, interval: &str) -> String {
        let open = self.checkout(who, plan, interval).await;
        self.pay(&open, &who.email).await;
        self.wait_for_state(&open.order, "done").await;
        open.order
    }

    /// Waits until an order is in this state.
    pub async fn wait_for_state(&self, order: &str, state: &str) {
        let what = format!("order {order} to be {state}");
        wait_for(&what, async || (self.order(order).await.state == state).then_some(())).await;
    }

    /// One of our orders.
    pub async fn order(&self, id: &str) -> orders::OrderRow {
        orders::by_id(&self.state.db, id).await.expect("the database answers").expect("the order is there")
    }

    /// The states of a person's orders, the oldest first.
    pub async fn order_states(&self, who: &Person) -> Vec<String> {
        let select = "SELECT state FROM orders WHERE user_id = $1 ORDER BY created_at, id";
        let rows: Vec<(String,)> = self.state.db.read(select).bind(&who.id).all().await.expect("rows");
        rows.into_iter().map(|row| row.0).collect()
    }

    /// Whether somebody may use a feature.
    pub async fn access(&self, who: &Person, feature: &str) -> Access {
        access::feature(&self.state, &who.id, feature).await
    }

    /// Whether they certainly may.
    pub async fn may(&self, who: &Person, feature: &str) -> bool {
        matches!(self.access(who, feature).await, Access::Granted { .. })
    }

    /// Waits until they may.
    pub async fn wait_for_access(&self, who: &Person, feature: &str) {
        let what = format!("access of {} to {feature}", who.email);
        wait_for(&what, async || self.may(who, feature).await.then_some(())).await;
    }

    /// Moves Polar's clock and waits until the shop goes with it.
    pub async fn advance(&self, ms: i64) {
        let was = self.state.clock.billing();
        self.polar.advance(ms).await;
        wait_for("the shop to follow the clock", async || (self.state.clock.billing() >= was + ms).then_some(())).await;
    }

    /// Posts a signed webhook as Polar would, now; the answer's status.
    pub async fn webhook(&self, id: &str, body: &str) -> u16 {
        let headers = self.signed(id, self.state.clock.wall() / 1000, body.as_bytes());
        self.post_webhook(&headers, body.as_bytes().to_vec()).await
    }

    /// The headers of a webhook that is signed with the shop's secret.
    pub fn signed(&self, id: &str, at: i64, body: &[u8]) -> Vec<(&'static str, String)> {
        let secret = self.state.webhook_secrets.first().expect("a secret").expose_secret();
        signed(secret, id, at, body)
    }

    /// Posts to the address of webhooks.
    pub async fn post_webhook(&self, headers: &[(&'static str, String)], body: Vec<u8>) -> u16 {
        let mut request = self.http.post(format!("{}/webhooks/polar", self.origin)).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        request.send().await.expect("an answer").status().as_u16()
    }
}

/// The headers of a delivery (C§3.2); of most secrets the key is the whole text.
pub fn signed(key: impl AsRef<[u8]>, id: &str, at: i64, body: &[u8]) -> Vec<(&'static str, String)> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_ref()).expect("any length");
    for part in [id.as_bytes(), b".", at.to_string().as_bytes(), b".", body] {
        mac.update(part);
    }
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    vec![
        ("content-type", "application/json".to_owned()),
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", at.to_string()),
        ("webhook-signature", signature),
    ]
}

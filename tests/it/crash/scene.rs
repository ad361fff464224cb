//! Where it happens: a Polar that never dies, a database, and the addresses of servers that often do.

use crate::{
    door::Door,
    engine::Database,
    polar::{Polar, browser},
    program::{Process, boreal},
    shop::config,
    witness::Witness,
};
use boreal::{
    sandbox::{self, Sandbox},
    server::{services::pushing, startup, state::State},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    net::SocketAddr,
    process::Output,
    sync::atomic::{AtomicBool, AtomicUsize},
};
use tempfile::TempDir;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};

/// Waits between attempts to deliver are this part of Polar's. Ten attempts take two and a half minutes: on a slow machine that
/// kills several starts in a row nobody listens for a while, and what Polar gives up is not what is held here.
const PATIENCE: f64 = 0.15;

/// Everything but the servers.
pub struct Scene {
    /// Lives in this process.
    pub polar: Polar,
    /// Signs webhooks.
    pub secret: String,
    database: Option<Database>,
    /// Nothing more is told again, and nobody is killed who need not be.
    pub over: AtomicBool,
    /// People who joined so far.
    pub people: AtomicUsize,
    sandbox: Sandbox,
    folder: TempDir,
    /// Where people reach the shop.
    front: SocketAddr,
    /// Where its servers listen. Bound here as well, but not listening: nobody else gets a port while its server is down.
    doors: Vec<Door>,
    _witness: Witness,
}

impl Scene {
    /// A Polar that sells what `plans.toml` says, an empty database, and room for so many servers.
    pub async fn set(servers: usize) -> Self {
        let _ = browser();
        let doors: Vec<_> = (0..servers).map(|_| Door::keep()).collect();
        let front = match &doors[..] {
            [only] => only.addr,
            several => balance(several.iter().map(|door| door.addr).collect()).await,
        };
        let sandbox = Sandbox::start(sandbox::Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            origin: None,
            state_file: None,
            webhook_url: format!("http://{front}/webhooks/polar"),
        });
        let sandbox = sandbox.await.expect("a sandbox");
        let polar = Polar::at(sandbox.origin(), sandbox.token());
        polar.faults(json!({"retry_scale": PATIENCE})).await;
        let folder = tempfile::tempdir().expect("a folder");
        let looked_on = sandbox.clone();
        let scene = Self {
            polar,
            secret: sandbox.webhook_secret().to_owned(),
            database: Some(Database::new(folder.path()).await),
            over: AtomicBool::new(false),
            people: AtomicUsize::new(0),
            sandbox,
            folder,
            front,
            doors,
            _witness: Witness::new(move || looked_on.histories(), true),
        };
        let desk = scene.desk().await;
        pushing::push_products(&desk).await.expect("products");
        desk.db.close().await;
        scene
    }

    /// Where people reach the shop.
    pub fn origin(&self) -> String {
        format!("http://{}", self.front)
    }

    /// How many servers the shop has.
    pub fn servers(&self) -> usize {
        self.doors.len()
    }

    /// Starts one of them; it does not answer yet.
    pub fn serve(&self, which: usize) -> Process {
        let origin = self.origin();
        let ours = ["--origin", &origin, "--database-url", self.database(), "--polar-rate-limit", "60000"];
        Process::spawn(self.doors[which].addr, self.folder.path(), "info", &[&ours[..], &self.upstream()].concat())
    }

    /// The shop's database and Polar, without a shop.
    pub async fn desk(&self) -> State {
        let unused = self.folder.path().join("unused.json");
        let config = config(self.database(), &unused, &self.upstream());
        startup::open(config).await.expect("a database")
    }

    /// Runs a command beside the shop.
    pub async fn boreal(&self, arguments: &[&str]) -> Output {
        boreal(&self.origin(), self.database(), &self.polar, &self.secret, arguments).await
    }

    fn upstream(&self) -> [&str; 6] {
        let (token, base) = (self.polar.token.as_str(), self.polar.origin.as_str());
        ["--polar-token", token, "--polar-webhook-secrets", &self.secret, "--polar-api-base", base]
    }

    /// The ids of the events that Polar had to tell, and of those that it was answered 202 to.
    pub fn told_and_taken(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let (mut told, mut taken) = (BTreeSet::new(), BTreeSet::new());
        for line in self.sandbox.histories()[0].lines().skip(1) {
            let entry: Value = serde_json::from_str(line).expect("a line is JSON");
            let of = match (entry["what"].as_str(), entry["http_code"].as_u64()) {
                (Some("event"), _) => &mut told,
                (Some("attempt"), Some(202)) => &mut taken,
                _ => continue,
            };
            of.insert(entry["webhook_id"].as_str().expect("an id").to_owned());
        }
        (told, taken)
    }

    /// Ends it.
    pub async fn clear(mut self) {
        self.sandbox.stop().await;
        if let Some(database) = self.database.take() {
            database.remove().await;
        }
    }

    /// The address of the shop's database.
    pub fn database(&self) -> &str {
        &self.database.as_ref().expect("it is not cleared yet").url
    }
}

/// Leads whoever connects to the next of these that listens; where.
async fn balance(servers: Vec<SocketAddr>) -> SocketAddr {
    let front = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let addr = front.local_addr().expect("an address");
    tokio::spawn(async move {
        for turn in 0.. {
            let (mut outside, _) = front.accept().await.expect("a connection");
            let mut order = servers.clone();
            order.rotate_left(turn % servers.len());
            tokio::spawn(async move {
                for server in order {
                    if let Ok(mut inside) = TcpStream::connect(server).await {
                        let _ = copy_bidirectional(&mut outside, &mut inside).await;
                        return;
                    }
                }
            });
        }
    });
    addr
}

impl Drop for Scene {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let test = std::thread::current().name().unwrap_or("unnamed").replace("::", "-");
            let kept = format!("{}/target/histories/{test}.log", env!("CARGO_MANIFEST_DIR"));
            match std::fs::copy(self.folder.path().join("log"), &kept) {
                Ok(_) => eprintln!("what the shop said: {}", kept),
                Err(error) => eprintln!("what the shop said could not be kept: {error}"),
            }
        }
    }
}

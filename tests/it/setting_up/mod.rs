//! `boreal polar plan` and `boreal polar push`: an organization is brought in line with `plans.toml`, once.

mod benefits;
mod charging;
mod differing;
mod failing;
mod metering;

use super::{engine::Database, polar::Polar, program::free_port, witness::Witness};
use boreal::sandbox::{self, Sandbox};
use serde_json::Value;
use std::{
    fs,
    net::SocketAddr,
    path::PathBuf,
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

/// What is to be done in a new organization: a meter, 3 benefits, 4 products, 3 of which give a benefit, and an endpoint.
const TO_DO: usize = 12;

/// What is said of an endpoint that is to be made.
const ENDPOINT: &str = "+ webhook endpoint: made for";

/// A Polar without any product or endpoint, a database that knows none, and a `plans.toml`.
struct Bench {
    polar: Polar,
    sandbox: Sandbox,
    database: Database,
    folder: TempDir,
    plans: PathBuf,
    origin: String,
    _witness: Witness,
}

/// What a command ended with.
struct Said {
    status: i32,
    text: String,
    error: String,
}

impl Bench {
    async fn new() -> Self {
        let sandbox = Sandbox::start(sandbox::Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            origin: None,
            state_file: None,
            webhook_url: "http://127.0.0.1:9/nobody".to_owned(),
        });
        let sandbox = sandbox.await.expect("a sandbox");
        let polar = Polar::at(sandbox.origin(), sandbox.token());
        for endpoint in polar.list("/v1/webhooks/endpoints").await {
            let path = format!("/v1/webhooks/endpoints/{}", endpoint["id"].as_str().expect("an id"));
            assert_eq!(polar.send("DELETE", &path, None).await.0, 204);
        }
        let folder = tempfile::tempdir().expect("a folder");
        let (looked_on, plans) = (sandbox.clone(), folder.path().join("plans.toml"));
        fs::write(&plans, include_str!("../../../plans.toml")).expect("a file");
        Self {
            database: Database::new(folder.path()).await,
            origin: format!("http://127.0.0.1:{}", free_port()),
            _witness: Witness::new(move || looked_on.histories(), true),
            polar,
            sandbox,
            folder,
            plans,
        }
    }

    /// Writes something else into `plans.toml`.
    fn change(&self, from: &str, to: &str) {
        let text = fs::read_to_string(&self.plans).expect("a file");
        assert!(text.contains(from), "plans.toml does not say {from}");
        fs::write(&self.plans, text.replacen(from, to, 1)).expect("a file");
    }

    /// The program with everything that it needs, but for a secret of webhooks: there is none yet.
    fn program(&self, arguments: &[&str]) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_boreal"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BOREAL_") || name.starts_with("POLAR_"))
        {
            program.env_remove(name);
        }
        program.current_dir(self.folder.path()).arg("polar").args(arguments);
        program.env("BOREAL_ORIGIN", &self.origin).env("BOREAL_DATABASE_URL", &self.database.url);
        program.env("BOREAL_PLANS", &self.plans).env("POLAR_RATE_LIMIT", "60000");
        program.env("POLAR_ACCESS_TOKEN", &self.polar.token).env("POLAR_API_BASE", &self.polar.origin);
        program.stdin(Stdio::null());
        program
    }

    async fn run(&self, arguments: &[&str]) -> Said {
        said(self.program(arguments)).await
    }

    /// What a push prints that leaves nothing to do.
    async fn push(&self) -> String {
        let said = self.run(&["push", "--yes"]).await;
        assert_eq!(said.status, 0, "{}\n{}", said.text, said.error);
        said.text
    }

    /// Every line of a plan about something to do; its exit status says the same.
    async fn plan(&self) -> Vec<String> {
        let said = self.run(&["plan"]).await;
        let lines = said.text.lines().map(str::trim);
        let lines: Vec<String> = lines.filter(|line| line.starts_with(['+', '~', '-'])).map(str::to_owned).collect();
        assert_eq!(said.status, if lines.is_empty() { 0 } else { 2 }, "{}\n{}", said.text, said.error);
        lines
    }

    /// Everything for sale, by name.
    async fn products(&self) -> Vec<Value> {
        let mut products = self.polar.list("/v1/products/?is_archived=false").await;
        products.sort_by_key(|product| product["name"].to_string());
        products
    }

    /// How often Polar was asked to change anything.
    async fn writes(&self) -> usize {
        let journal = self.polar.get("/sandbox/journal").await;
        let entries = journal["items"].as_array().expect("a list").iter();
        let write = |entry: &&Value| {
            let path = entry["path"].as_str().unwrap_or_default();
            entry["what"] == "request" && entry["method"] != "GET" && path.starts_with("/v1/")
        };
        entries.filter(write).count()
    }

    async fn close(self) {
        self.sandbox.stop().await;
        self.database.remove().await;
    }
}

/// Runs a program to its end.
async fn said(mut program: Command) -> Said {
    let ran = tokio::task::spawn_blocking(move || program.output());
    let Output { status, stdout, stderr } = ran.await.expect("no panic").expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Said { status: status.code().expect("it ends by itself"), text: text(stdout), error: text(stderr) }
}

/// A field of each, as text.
fn texts<'v>(values: &'v [Value], key: &str) -> Vec<&'v str> {
    values.iter().map(|value| value[key].as_str().expect("text")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_organization_is_set_up_once() {
    let bench = Bench::new().await;
    let before = bench.writes().await;
    let lines = bench.plan().await;
    assert_eq!(
        lines[4..6],
        ["month", "year"].map(|interval| {
            let paid = if interval == "month" { "$12" } else { "$120" };
            let each = "and $0.04 for each QR code beyond those included";
            format!("+ Pro (every {interval}): made, for {paid} every {interval}, {each}")
        })
    );
    assert!(lines.len() == TO_DO && lines[11].starts_with(ENDPOINT), "{lines:#?}");
    let unasked = bench.run(&["push"]).await;
    assert_eq!(unasked.status, 2, "{}", unasked.error);
    assert!(unasked.text.contains("Nothing was changed") && unasked.text.contains("--yes"), "{}", unasked.text);
    assert_eq!((bench.writes().await, bench.products().await.len()), (before, 0));

    let pushed = bench.push().await;
    assert!(pushed.contains("POLAR_WEBHOOK_SECRETS") && pushed.contains("Done"), "{pushed}");
    let endpoints = bench.polar.list("/v1/webhooks/endpoints").await;
    let (secret, url) =
        (endpoints[0]["secret"].as_str().expect("a secret"), format!("{}/webhooks/polar", bench.origin));
    assert!(endpoints.len() == 1 && endpoints[0]["url"] == url && endpoints[0]["format"] == "raw", "{endpoints:#?}");
    assert!(!pushed.contains(secret), "its secret is Polar's to show");
    let products = bench.products().await;
    assert_eq!(texts(&products, "name"), ["Lifetime", "Pro (every month)", "Pro (every year)", "Team (every month)"]);
    assert_eq!(
        (&products[0]["recurring_interval"], &products[0]["metadata"]["plan"]),
        (&Value::Null, &"lifetime".into())
    );
    assert_eq!((&products[3]["trial_interval"], &products[3]["trial_interval_count"]), (&"day".into(), &14.into()));
    assert_eq!(products[1]["description"], "For people who make things every week.");

    let written = bench.writes().await;
    assert_eq!(bench.plan().await, Vec::<String>::new());
    assert!(bench.push().await.contains("Nothing to do"));
    assert_eq!(bench.writes().await, written, "a second push asks for nothing");
    bench.close().await;
}

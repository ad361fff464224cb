//! Pushes that fail or are killed on the way go on with the next one; what is wrong is said in sentences.

use super::{
    super::{patience::wait_for, polar::Polar},
    Bench, TO_DO, said, texts,
};
use serde_json::{Value, json};
use std::process::{Command, Stdio};

impl Bench {
    /// The program with one of its settings changed.
    fn with(&self, arguments: &[&str], name: &str, value: &str) -> Command {
        let mut program = self.program(arguments);
        program.env(name, value);
        program
    }

    /// It ends with 1, says this, and has changed nothing at this Polar.
    async fn refuses(&self, program: Command, words: &str) {
        let before = self.writes().await;
        let said = said(program).await;
        assert_eq!(said.status, 1, "{}\n{}", said.text, said.error);
        assert!(said.error.contains(words), "{} does not say {words}", said.error);
        assert!(!said.error.contains("polar_oat_") && !said.text.contains("polar_oat_"), "{}", said.error);
        assert_eq!(self.writes().await, before);
    }

    /// Everything is there, each once.
    async fn is_whole(&self) {
        assert_eq!(self.plan().await, Vec::<String>::new());
        let products = self.products().await;
        assert_eq!(
            texts(&products, "name"),
            ["Lifetime", "Pro (every month)", "Pro (every year)", "Team (every month)"]
        );
        assert_eq!(self.polar.list("/v1/products/").await.len(), 4, "nothing was archived on the way");
        assert_eq!(self.polar.list("/v1/webhooks/endpoints").await.len(), 1);
        let credits = self.polar.list("/v1/benefits/?type=meter_credit").await;
        assert_eq!((self.polar.list("/v1/meters/").await.len(), credits.len()), (1, 3));
    }
}

async fn fault(polar: &Polar, answer: Value, to: &str, count: u32) {
    polar.faults(json!({"answer": answer, "answer_to": to, "answer_count": count, "retry_after": 0})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_it_goes_on() {
    let bench = Bench::new().await;
    bench.polar.faults(json!({"delay_ms": 400})).await;
    let mut program = bench.program(&["push", "--yes"]);
    let mut running = program.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    let begun = async || (!bench.products().await.is_empty()).then_some(());
    wait_for("the first product", begun).await;
    running.kill().expect("it runs");
    running.wait().expect("it is gone");
    bench.polar.faults(json!({"delay_ms": 0})).await;
    let left = bench.plan().await.len();
    assert!((1..TO_DO).contains(&left), "{left} things are left of {TO_DO}");
    bench.push().await;
    bench.is_whole().await;
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_lost_make_nothing_twice() {
    let bench = Bench::new().await;
    // After 500 nothing was done; after the others it was. Each push fails once more on its way.
    let lost = [
        (json!("cut"), "POST /v1/meters/"),
        (json!("500 after"), "POST /v1/benefits/"),
        (json!("cut"), "POST /v1/products/"),
        (json!(500), "POST /v1/products/"),
        (json!("500 after"), "POST /v1/products/"),
        (json!("cut"), "POST /v1/webhooks/endpoints"),
    ];
    for (answer, to) in lost {
        fault(&bench.polar, answer, to, 1).await;
        let stopped = bench.run(&["push", "--yes"]).await;
        assert_eq!(stopped.status, 1, "{to}: {}\n{}", stopped.text, stopped.error);
        assert!(
            stopped.error.contains("Stopped at: ") && stopped.error.contains("goes on with it"),
            "{}",
            stopped.error
        );
    }
    bench.push().await;
    bench.is_whole().await;
    bench.change("amount = 1200\n", "amount = 1500\n");
    fault(&bench.polar, json!("500 after"), "PATCH /v1/products/", 1).await;
    assert_eq!(bench.run(&["push", "--yes"]).await.status, 1);
    bench.is_whole().await;
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_fewer_requests_are_wanted_it_waits() {
    let bench = Bench::new().await;
    fault(&bench.polar, json!(429), "POST /v1/products/", 3).await;
    bench.push().await;
    bench.is_whole().await;
    fault(&bench.polar, json!(429), "GET /v1/products/", 10).await;
    bench.is_whole().await;
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_and_nothing_is_done() {
    let bench = Bench::new().await;
    let wrong = "polar_oat_of_somebody";
    bench.refuses(bench.with(&["plan"], "POLAR_ACCESS_TOKEN", wrong), "does not accept POLAR_ACCESS_TOKEN").await;
    let nowhere = bench.with(&["push", "--yes"], "POLAR_API_BASE", "http://127.0.0.1:9");
    bench.refuses(nowhere, "Polar did not answer: check POLAR_API_BASE").await;
    bench.refuses(bench.with(&["plan"], "BOREAL_ORIGIN", "http://shop.example.org"), "must use https").await;
    bench.refuses(bench.with(&["plan"], "BOREAL_PLANS", "nowhere.toml"), "cannot read nowhere.toml").await;
    bench.polar.faults(json!({"down": true})).await;
    let down = said(bench.program(&["push", "--yes"])).await;
    assert!(down.status == 1 && down.error.contains("Polar did not answer"), "{}", down.error);
    bench.polar.faults(json!({"down": false})).await;

    bench.change("name = \"Lifetime\"", "name = \"Lt\"");
    bench.refuses(bench.program(&["push", "--yes"]), "names of products of 3 to 64 characters, not \"Lt\"").await;
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_is_missing_is_named() {
    let bench = Bench::new().await;
    bench.change("name = \"Exports without a mark\"\n", "name = \"Exports without a mark\"\nbenefit = true\n");
    let reads = ["organizations:read", "products:read", "meters:read", "benefits:read", "webhooks:read"];
    let mut scopes: Vec<&str> = Vec::new();
    for scope in reads {
        let token = issue(&bench.polar, &scopes).await;
        let missing = format!("POLAR_ACCESS_TOKEN lacks the scope {scope}");
        bench.refuses(bench.with(&["plan"], "POLAR_ACCESS_TOKEN", &token), &missing).await;
        scopes.push(scope);
    }
    let token = issue(&bench.polar, &scopes).await;
    assert_eq!(said(bench.with(&["plan"], "POLAR_ACCESS_TOKEN", &token)).await.status, 2, "to look, reading is enough");
    for scope in ["meters:write", "benefits:write", "products:write", "webhooks:write"] {
        let token = issue(&bench.polar, &scopes).await;
        let stopped = said(bench.with(&["push", "--yes"], "POLAR_ACCESS_TOKEN", &token)).await;
        let missing = format!("POLAR_ACCESS_TOKEN lacks the scope {scope}");
        assert!(stopped.status == 1 && stopped.error.contains(&missing), "{}\n{}", stopped.text, stopped.error);
        scopes.push(scope);
    }
    let token = issue(&bench.polar, &scopes).await;
    assert_eq!(said(bench.with(&["push", "--yes"], "POLAR_ACCESS_TOKEN", &token)).await.status, 0);
    bench.is_whole().await;
    bench.close().await;
}

async fn issue(polar: &Polar, scopes: &[&str]) -> String {
    // A token of nothing at all is none.
    let scopes = if scopes.is_empty() { &["payments:read"] } else { scopes };
    let (_, made) = polar.send("POST", "/sandbox/tokens", Some(json!({ "scopes": scopes }))).await;
    made["token"].as_str().unwrap_or_else(|| panic!("no token: {made}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_another_organization_is_not_used() {
    let (bench, other) = (Bench::new().await, Bench::new().await);
    bench.push().await;
    for arguments in [&["plan"][..], &["push", "--yes"]] {
        let program = other.with(arguments, "BOREAL_DATABASE_URL", &bench.database.url);
        other.refuses(program, "This database belongs to the organization").await;
    }
    assert_eq!(other.products().await.len(), 0);
    bench.close().await;
    other.close().await;
}

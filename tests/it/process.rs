//! The program itself as a process: killed, asked to stop, and read for what it says of its buyers.

use super::{
    engine::Database,
    patience::wait_for,
    polar::{FORM, PAYS, Polar, browser, encoded},
    program::{Process, free_port},
    shop::signed,
    sink::Sink,
    visitor::{Visitor, value},
};
use boreal::server::db::{Db, Reader};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    time::Duration,
};
use tempfile::TempDir;
use tokio::task::JoinSet;

/// A running server and its Polar.
pub struct Running {
    /// The process.
    pub process: Process,
    metrics: SocketAddr,
    secret: String,
    /// The sandbox that it talks to.
    pub polar: Polar,
}

impl Running {
    /// Starts one with a sandbox beside it on this database; everything that it says goes to `log` in the folder.
    pub async fn start(database: &Database, folder: &Path) -> Self {
        Self::start_with(database, folder, &[]).await
    }

    /// As [`Running::start`], with whatever else is said.
    pub async fn start_with(database: &Database, folder: &Path, more: &[String]) -> Self {
        let (sandbox, state) = (free_port(), folder.join("sandbox.json").display().to_string());
        let beside = ["--sandbox-listen", &format!("127.0.0.1:{sandbox}"), "--sandbox-state", &state];
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        let (process, metrics) = serve(database, folder, &[&beside[..], &more].concat()).await;
        let known: Value = serde_json::from_slice(&std::fs::read(&state).expect("a state")).expect("JSON");
        let text = |key: &str| known["identity"][key].as_str().expect("text").to_owned();
        let polar = Polar::at(&format!("http://localhost:{sandbox}"), &text("token"));
        Self { process, metrics, secret: text("webhook_secret"), polar }
    }

    /// Starts one with a Polar that does not end with it.
    pub async fn start_at(database: &Database, folder: &Path, polar: &Polar, secret: &str) -> Self {
        let at = ["--polar-token", &polar.token, "--polar-webhook-secrets", secret, "--polar-api-base", &polar.origin];
        let (process, metrics) = serve(database, folder, &at).await;
        Self { process, metrics, secret: secret.to_owned(), polar: polar.clone() }
    }

    /// Where people reach it.
    pub fn origin(&self) -> String {
        format!("http://{}", self.process.addr)
    }

    /// What Prometheus gets to read.
    pub async fn metrics(&self) -> String {
        let answer = browser().get(format!("http://{}/metrics", self.metrics)).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        answer.text().await.expect("text")
    }

    /// Posts a webhook as Polar would; the status of the answer.
    pub async fn webhook(&self, id: &str, body: &str) -> u16 {
        let mut request = browser().post(format!("{}/webhooks/polar", self.origin())).body(body.to_owned());
        let at = boreal::server::clock::Clock::default().wall() / 1000;
        for (name, value) in signed(&self.secret, id, at, body.as_bytes()) {
            request = request.header(name, value);
        }
        request.send().await.expect("an answer").status().as_u16()
    }

    /// As from outside, without any chance to tidy up.
    pub fn kill(&mut self) {
        self.process.kill();
    }
}

/// Starts the program on this database, with the Polar that `polar` says, and waits until it answers; also where it tells
/// its metrics.
async fn serve(database: &Database, folder: &Path, polar: &[&str]) -> (Process, SocketAddr) {
    let [addr, metrics] = [(); 2].map(|()| SocketAddr::from(([127, 0, 0, 1], free_port())));
    let (origin, measured) = (format!("http://{addr}"), metrics.to_string());
    let ours = ["--origin", &origin, "--database-url", &database.url, "--metrics-listen", &measured];
    let mut process =
        Process::spawn(addr, folder, "debug,hyper=info,h2=info,rustls=info", &[&ours[..], polar].concat());
    process.answers().await;
    (process, metrics)
}

fn log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("log")).expect("a log")
}

/// Sends webhooks, several at a time, until the receiver is gone; the ids of those that were answered 202.
async fn send_until_gone(shop: &Running, round: usize) -> JoinSet<Vec<String>> {
    let (address, secret) = (format!("{}/webhooks/polar", shop.origin()), shop.secret.clone());
    let mut senders = JoinSet::new();
    for sender in 0..8 {
        let (address, secret, http) = (address.clone(), secret.clone(), browser());
        senders.spawn(async move {
            let mut acknowledged = Vec::new();
            for number in 0.. {
                let id = format!("r{round}-s{sender}-n{number}");
                let body = json!({"type": "moon.risen", "data": {"id": id}}).to_string();
                let at = boreal::server::clock::Clock::default().wall() / 1000;
                let mut request = http.post(&address).body(body.clone());
                for (name, value) in signed(&secret, &id, at, body.as_bytes()) {
                    request = request.header(name, value);
                }
                match request.send().await {
                    Ok(answer) if answer.status().as_u16() == 202 => {
                        acknowledged.push(id);
                        tokio::time::sleep(Duration::from_millis(3)).await;
                    }
                    Ok(answer) => panic!("{id} was answered {}", answer.status()),
                    Err(_) => break,
                }
            }
            acknowledged
        });
    }
    senders
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_it_loses_no_webhook() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::new(folder.path()).await;
    let mut acknowledged = BTreeSet::new();
    for round in 0..4 {
        let mut shop = Running::start(&database, folder.path()).await;
        let senders = send_until_gone(&shop, round).await;
        tokio::time::sleep(Duration::from_millis(200 + 150 * u64::try_from(round).expect("small"))).await;
        shop.kill();
        acknowledged.extend(senders.join_all().await.into_iter().flatten());
    }
    assert!(acknowledged.len() > 40, "enough was under way: {}", acknowledged.len());

    let db = Db::open(&database.url).await.expect("a database");
    // What the killed ones were applying is theirs for half a minute yet; nobody wants to wait for that here.
    db.write("UPDATE inbox SET lease_until = 0 WHERE state = 'new'").execute().await.expect("rows");
    let mut shop = Running::start(&database, folder.path()).await;
    let stored = "SELECT webhook_id, state FROM inbox WHERE webhook_id LIKE 'r%-s%'";
    let applied = async || {
        let rows: Vec<(String, String)> = db.read(stored).all().await.expect("rows");
        let done: BTreeSet<String> = rows.iter().filter(|row| row.1 == "done").map(|row| row.0.clone()).collect();
        let there: BTreeSet<String> = rows.into_iter().map(|row| row.0).collect();
        let lost: Vec<&String> = acknowledged.difference(&there).collect();
        assert!(lost.is_empty(), "answered 202 and gone: {lost:?}");
        acknowledged.is_subset(&done).then_some(())
    };
    wait_for("everything that was acknowledged to be applied", applied).await;
    db.close().await;
    shop.kill();
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_stop_it_finishes_what_is_under_way() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::new(folder.path()).await;
    let mut shop = Running::start(&database, folder.path()).await;
    let body = json!({"type": "moon.risen", "data": {"id": "half"}}).to_string();
    let at = boreal::server::clock::Clock::default().wall() / 1000;
    let mut head = format!(
        "POST /webhooks/polar HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\nexpect: 100-continue\r\n",
        shop.process.addr,
        body.len()
    );
    for (name, value) in signed(&shop.secret, "half", at, body.as_bytes()) {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let (first, rest) = body.split_at(body.len() / 2);
    let mut stream = TcpStream::connect(shop.process.addr).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
    stream.write_all(format!("{head}\r\n{first}").as_bytes()).expect("the first half");
    // It asks for the body: so the request is under way, and the connection is not idle.
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).expect("an interim answer");
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    shop.process.terminate();
    let refused = async || TcpStream::connect(shop.process.addr).is_err().then_some(());
    wait_for("the door to be closed", refused).await;
    assert!(shop.process.child.try_wait().expect("a child").is_none(), "it waits for the other half");
    stream.write_all(rest.as_bytes()).expect("the second half");
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    assert!(shop.process.ended().await.success());
    let db = Db::open(&database.url).await.expect("a database");
    let kept: i64 = db.read("SELECT COUNT(*) FROM inbox WHERE webhook_id = 'half'").scalar().await.expect("a count");
    assert_eq!(kept, 1);
    db.close().await;
    database.remove().await;
}

/// A wrong password and a forged webhook.
async fn are_refused(shop: &Running, email: &str) {
    let http = browser();
    let login = http.post(format!("{}/login", shop.origin())).header("origin", shop.origin());
    let login = login.header("content-type", FORM);
    let login = login.body(encoded(&[("email", email), ("password", "wrong horse battery")])).send().await;
    assert_eq!(login.expect("an answer").status().as_u16(), 422);
    let forged = http.post(format!("{}/webhooks/polar", shop.origin())).body("SECRET-BODY").send().await;
    assert_eq!(forged.expect("an answer").status().as_u16(), 403);
}

/// Follows the link in the mail that greets a visitor; its key.
async fn welcomed(sink: &Sink, visitor: &Visitor) -> String {
    let letter = sink.letter(&visitor.email, "Confirm").await;
    visitor.get(&letter.link(), 200).await;
    letter.key()
}

#[tokio::test(flavor = "multi_thread")]
async fn its_log_names_nobody_and_gives_no_key_away() {
    let folder: TempDir = tempfile::tempdir().expect("a folder");
    let database = Database::new(folder.path()).await;
    let sink = Sink::open().await;
    let mut shop = Running::start_with(&database, folder.path(), &sink.settings()).await;
    let ann = Visitor::register(&shop.origin(), "ann").await;
    let welcome = welcomed(&sink, &ann).await;
    let form = ann.form("pro", "month").await;
    let pressed = ann.press(&form, 303).await;
    let checkout_url = pressed.location().to_owned();
    let paid = shop.polar.pay(&checkout_url, &ann.email, PAYS).await;
    let back = ann.get(&paid.location, 303).await;
    ann.get(back.location(), 200).await;
    let order = value(&form, "order").to_owned();
    let granted = async || (ann.get(&format!("/orders/{order}/stage"), 200).await.stage() == "granted").then_some(());
    wait_for("access", granted).await;
    let portal = ann.post("/billing", &[], 303).await.location().to_owned();
    are_refused(&shop, &ann.email).await;
    shop.polar.idle().await;
    let events = shop.polar.events().await;
    shop.process.terminate();
    assert!(shop.process.ended().await.success());

    let log = log(folder.path());
    assert!(log.contains(&order) && log.contains("checkout made") && log.contains("access granted"), "{log}");
    let key = |address: &str| {
        let address = url::Url::parse(address).expect("an address");
        let token = address.query_pairs().find(|(name, _)| name == "customer_session_token");
        token.expect("a token").1.into_owned()
    };
    let client_secret = checkout_url.rsplit('/').next().expect("a secret").to_owned();
    let (way_back, way_in) = (key(&paid.location), key(&portal));
    let secrets = [
        ("the token", shop.polar.token.as_str()),
        ("the webhook secret", &shop.secret),
        ("an address", &ann.email),
        ("part of an address", "boreal-shop.dev"),
        ("a password", "horse battery"),
        ("the key of a link", &welcome),
        ("the mail server", &sink.addr.to_string()),
        ("a client secret", &client_secret),
        ("a session token", &way_back),
        ("the portal's key", &way_in),
        ("the name of the token", "customer_session_token"),
        ("the name of the secret", "client_secret"),
        ("a kind of token", "polar_oat_"),
        ("a kind of secret", "polar_whs_"),
        ("a refused body", "SECRET-BODY"),
        ("a buyer's name", "Ada Buyer"),
    ];
    for (what, secret) in secrets {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{what} is in the log: {line:?}");
    }
    assert!(events.iter().any(|event| event.kind == "subscription.active"));
    for event in &events {
        assert!(!log.contains(&event.body[..80]), "the body of {} is in the log", event.kind);
    }
    database.remove().await;
}

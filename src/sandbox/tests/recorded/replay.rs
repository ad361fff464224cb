//! Sends every recorded request to one fresh sandbox and holds each answer to the recorded one.

use std::collections::HashMap;
use std::fmt::Write as _;

use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::super::harness::World;
use super::exchange::Exchange;
use super::names::Names;
use super::script::{Timetable, rest};
use super::shape;
use super::told::{self, Told};
use crate::sandbox::clock::Stamp;

/// Of exchange 151.
const MOVED_CHECKOUT: &str = "8cdf36bd-a5d3-4ebe-8fb5-d5be8da623d5";

const RECORDED_ORIGIN: &str = "http://127.0.0.1:58080";
/// What a client reads of the headers.
const HEADERS: [&str; 7] =
    ["allow", "cache-control", "content-type", "location", "polar-version", "pragma", "www-authenticate"];

/// How our answer, or what we told, differs from the recorded.
pub struct Outcome {
    /// A line of the table.
    pub title: String,
    /// Each begins with its place, `http/047` or `webhooks/0178`.
    pub differences: Vec<String>,
}

/// A sandbox without what the recording did not have, and another organization.
pub struct Stage {
    pub world: World,
    other: World,
    names: Names,
    app: String,
    answers: HashMap<String, Value>,
    rests: Vec<Rest>,
}

/// Everything was quiet before this exchange, in the recording and here.
struct Rest {
    number: String,
    at: Stamp,
    /// Deliveries until then.
    deliveries: usize,
}

impl Stage {
    pub async fn set(first: &Value) -> Self {
        let (world, other) = (World::new().await, World::new().await);
        let endpoints = world.get("/v1/webhooks/endpoints").await.1;
        let own = &endpoints["items"][0];
        let path = format!("/v1/webhooks/endpoints/{}", own["id"].as_str().expect("an id"));
        assert_eq!(world.send("DELETE", &path, None).await.0, 204);
        // Only a rest lets happen what Polar does in jobs, however slow this machine is.
        world.faults(json!({"hold_jobs_ms": 600_000})).await;
        // The recording's receiver said 200.
        world.answers.lock().expect("not poisoned").extend([200; 2_000]);
        let mut names = Names::default();
        names.set(first["id"].as_str().expect("an id"), &world.sandbox.organization_id());
        names.set("polar_oat_ALL_SCOPES", world.sandbox.token());
        names.set("polar_oat_OTHER_ORGANIZATION", other.sandbox.token());
        let rights = json!({"scopes": ["products:read"]});
        let narrow = world.send("POST", "/sandbox/tokens", Some(rights)).await.1;
        names.set("polar_oat_PRODUCTS_READ_ONLY", narrow["token"].as_str().expect("a token"));
        let url = own["url"].as_str().expect("an address");
        let app = url.trim_end_matches("/webhooks/polar").to_owned();
        Self { world, other, names, app, answers: HashMap::new(), rests: Vec::new() }
    }

    /// Replays all of them; what was told is left with the world.
    pub async fn play(&mut self, exchanges: &[Exchange]) -> Vec<Outcome> {
        let mut table = Timetable::begin(&self.world, exchanges[0].at).await;
        let mut outcomes = Vec::new();
        for one in exchanges {
            self.buy_by_hand(&one.number).await;
            if table.before(&self.world, &self.names, one).await {
                let deliveries = self.world.deliveries().len();
                self.rests.push(Rest { number: one.number.clone(), at: one.at, deliveries });
            }
            outcomes.push(self.hold(one, &table).await);
        }
        rest(&self.world).await;
        outcomes
    }

    /// Holds what was told between the rests to the recorded webhooks; one outcome for each stretch.
    pub fn listen(&mut self, recorded: Vec<Told>) -> Vec<Outcome> {
        let deliveries = self.world.deliveries();
        let mut rests = std::mem::take(&mut self.rests);
        rests.push(Rest { number: "end".to_owned(), at: Stamp(i64::MAX), deliveries: deliveries.len() });
        let mut theirs: Vec<Vec<Told>> = rests.iter().map(|_| Vec::new()).collect();
        for one in recorded {
            let stretch = rests.iter().position(|rest| one.at < rest.at).expect("the last rest is after all of them");
            theirs[stretch].push(one);
        }
        let mut ours = told::received(&deliveries, &rests.iter().map(|rest| rest.deliveries).collect::<Vec<_>>());
        // The clock was moved for one checkout, and the others expire with it.
        let moved = self.names.translate(MOVED_CHECKOUT);
        let expired = |one: &Told| one.body["type"] == "checkout.expired" && one.body["data"]["id"] != *moved;
        ours.iter_mut().for_each(|stretch| stretch.retain(|one| !expired(one)));
        let counts: Vec<usize> = theirs.iter().map(Vec::len).collect();
        let theirs = told::stretches(theirs);
        let ours = told::stretches(ours);
        let all = told::differences(&theirs, &ours, &mut self.names);
        let outcomes = rests.into_iter().zip(counts).zip(all);
        let outcome = |((rest, count), differences): ((Rest, usize), Vec<String>)| {
            let place = |line: String| {
                if line.starts_with("webhooks/") { line } else { format!("before http/{}: {line}", rest.number) }
            };
            let title = format!("{} {count} webhooks until then", rest.number);
            Outcome { title, differences: differences.into_iter().map(place).collect() }
        };
        outcomes.map(outcome).collect()
    }

    /// Two checkouts were paid on the hosted page.
    async fn buy_by_hand(&self, next: &str) {
        let address = json!({"country": "US", "state": "US-CA", "line1": "1 Main St", "city": "San Francisco",
            "postal_code": "94105"});
        let card = json!({"confirmation_token_id": "ctoken_ok", "customer_name": "Card Holder",
            "customer_billing_address": address});
        let (checkout, body) = match next {
            "202" => ("201", json!({"customer_name": "Frontend"})),
            "203" => ("202", card),
            _ => return,
        };
        let secret = self.answers[checkout]["client_secret"].as_str().expect("a secret");
        let path = format!("/v1/checkouts/client/{secret}/confirm");
        let (status, body) = self.world.send("POST", &path, Some(body)).await;
        assert_eq!(status, 200, "{body}");
    }

    async fn hold(&mut self, one: &Exchange, table: &Timetable) -> Outcome {
        let (status, headers, mut ours) = self.ask(one, table).await;
        self.names.align(&one.answer, &mut ours);
        let mut differences = Vec::new();
        if status == one.status {
            differences.extend(self.other_headers(one, &headers));
            self.names.learn(&one.answer, &ours);
            let theirs = self.names.translated(&one.answer);
            differences.extend(shape::differences(&theirs, &ours));
            let letter: Value = serde_json::from_str(&self.adapt(one, &one.answer.to_string(), table)).expect("JSON");
            if status >= 400 && letter != ours {
                differences.push(format!("refused with {ours}, not {letter}"));
            }
        } else {
            differences.push(format!("status: {status}, not {}: {}", one.status, shorten(&ours.to_string())));
        }
        self.answers.insert(one.number.clone(), ours);
        let title = format!("{} {:<45} {} {status}", one.number, one.name, one.status);
        let place = |difference| format!("http/{} {difference}", one.number);
        Outcome { title, differences: differences.into_iter().map(place).collect() }
    }

    fn other_headers(&self, one: &Exchange, ours: &HeaderMap) -> Vec<String> {
        let told = one.headers.iter().filter(|(name, _)| HEADERS.contains(&name.as_str()));
        let told = told.map(|(name, value)| (name, value.replace(RECORDED_ORIGIN, self.world.sandbox.origin())));
        let other = told.filter(|(name, value)| ours.get(*name).is_none_or(|ours| ours != value.as_str()));
        other.map(|(name, value)| format!("header {name}: {:?}, not {value:?}", ours.get(name))).collect()
    }

    async fn ask(&self, one: &Exchange, table: &Timetable) -> (u16, HeaderMap, Value) {
        let other = one.token.as_deref() == Some("polar_oat_OTHER_ORGANIZATION");
        let world = if other { &self.other } else { &self.world };
        let url = format!("{}{}", world.sandbox.origin(), self.adapt(one, &one.path, table));
        let mut request = world.http.request(one.method.parse().expect("a method"), url);
        if let Some(token) = &one.token {
            request = request.bearer_auth(self.names.translate(token));
        }
        if let Some(version) = &one.version {
            request = request.header("polar-version", version);
        }
        if let Some(body) = &one.body {
            request = request.header("content-type", "application/json").body(self.adapt(one, body, table));
        } else if one.method != "GET" {
            request = request.header("content-length", "0");
        }
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.expect("a text");
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::from(text)) };
        (status, headers, body)
    }

    /// The recorded text with our names, our receiver and our time. Addresses were looked up until exchange 036 only.
    fn adapt(&self, one: &Exchange, text: &str, table: &Timetable) -> String {
        let mut text = self.names.translate(text);
        if one.number.as_str() > "036" {
            text = text.replace("@example.com", "@boreal.dev");
        }
        for port in ["58282", "58283"] {
            text = text.replace(&format!("http://127.0.0.1:{port}"), &self.app);
        }
        table.shift(&text)
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(160).collect()
}

/// A line for each outcome, with the number of its differences, and these below it.
pub fn table(outcomes: &[Outcome]) -> String {
    let mut table = String::new();
    for one in outcomes {
        let _ = writeln!(table, "{} {}", one.title, one.differences.len());
        for difference in &one.differences {
            let _ = writeln!(table, "      {difference}");
        }
    }
    let alike = outcomes.iter().filter(|one| one.differences.is_empty()).count();
    let _ = writeln!(table, "{alike} of {} are alike", outcomes.len());
    table
}

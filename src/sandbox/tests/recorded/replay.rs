//! Sends every recorded request to one fresh sandbox and holds each answer to the recorded one.

use std::collections::HashMap;
use std::fmt::Write as _;

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
        let (status, mut ours) = self.ask(one, table).await;
        self.names.align(&one.answer, &mut ours);
        let mut differences = Vec::new();
        if status == one.status {
            self.names.learn(&one.answer, &ours);
            let theirs = self.names.translated(&one.answer);
            differences = shape::differences(&theirs, &ours);
            if status >= 400 {
                differences.extend(refusal(&theirs, &ours));
            }
        } else {
            differences.push(format!("status: {status}, not {}: {}", one.status, shorten(&ours.to_string())));
        }
        self.answers.insert(one.number.clone(), ours);
        let title = format!("{} {:<45} {} {status}", one.number, one.name, one.status);
        let place = |difference| format!("http/{} {difference}", one.number);
        Outcome { title, differences: differences.into_iter().map(place).collect() }
    }

    async fn ask(&self, one: &Exchange, table: &Timetable) -> (u16, Value) {
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
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("a text");
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::from(text)) };
        (status, body)
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

/// A refusal says what is wrong in Polar's words and at Polar's place.
fn refusal(theirs: &Value, ours: &Value) -> Vec<String> {
    let mut pairs = vec![("$.error".to_owned(), &theirs["error"], &ours["error"])];
    for (place, theirs) in theirs["detail"].as_array().into_iter().flatten().enumerate() {
        for key in ["type", "loc", "msg"] {
            pairs.push((format!("$.detail[{place}].{key}"), &theirs[key], &ours["detail"][place][key]));
        }
    }
    let wrong = pairs.into_iter().filter(|(_, theirs, ours)| theirs != ours);
    wrong.map(|(at, theirs, ours)| format!("{at}: {ours}, not {theirs}")).collect()
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

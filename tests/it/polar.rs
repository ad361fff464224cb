//! The sandbox as seen from outside: its API, its hosted checkout, and its switches.

use super::patience::wait_for;
use boreal::server::upstream::Upstream;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

/// The card that pays.
pub const PAYS: &str = "4242 4242 4242 4242";
/// The card that is declined.
pub const DECLINED: &str = "4000 0000 0000 0002";

/// A handle to one sandbox.
#[derive(Clone)]
pub struct Polar {
    /// Of its API and pages.
    pub origin: String,
    /// Its organization access token.
    pub token: String,
    http: reqwest::Client,
}

/// What the hosted checkout answered.
#[derive(Debug)]
pub struct Paid {
    /// 303 on the way back, 200 for the page with its problem.
    pub status: u16,
    /// Where it leads.
    pub location: String,
    /// The page.
    pub page: String,
}

/// One event, as the sandbox sent or will send it.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Its `webhook-id`.
    pub id: String,
    /// Its type.
    pub kind: String,
    /// The bytes.
    pub body: String,
}

impl Polar {
    /// The sandbox at `origin`.
    pub fn at(origin: &str, token: &str) -> Self {
        Self { origin: origin.trim_end_matches('/').to_owned(), token: token.to_owned(), http: browser() }
    }

    /// The sandbox that a server started.
    pub fn of(upstream: &Upstream) -> Self {
        Self::at(upstream.api_base.as_str(), upstream.token.expose_secret())
    }

    /// Any request of the API or the switches: status and JSON.
    pub async fn send(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let method = method.parse().expect("a method");
        let mut request = self.http.request(method, format!("{}{path}", self.origin)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("the sandbox answers");
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.bytes().await.expect("bytes")).unwrap_or_default())
    }

    /// An object or list.
    pub async fn get(&self, path: &str) -> Value {
        let (status, value) = self.send("GET", path, None).await;
        assert_eq!(status, 200, "{path}: {value}");
        value
    }

    /// Everything of a list.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        let glue = if path.contains('?') { '&' } else { '?' };
        let page = self.get(&format!("{path}{glue}limit=100")).await;
        assert!(page["pagination"]["max_page"].as_u64() <= Some(1), "more than a page of {path}");
        page["items"].as_array().expect("a list").clone()
    }

    /// Every checkout that was ever made.
    pub async fn checkouts(&self) -> Vec<Value> {
        self.list("/v1/checkouts/").await
    }

    /// Switches faults on or off; those that are not named stay.
    pub async fn faults(&self, faults: Value) {
        let (status, answer) = self.send("PUT", "/sandbox/faults", Some(faults)).await;
        assert_eq!(status, 200, "{answer}");
    }

    /// From now on the API answers `answer` to requests whose line (`GET /v1/orders/…`) holds `to`.
    pub async fn fail(&self, answer: impl Into<Value>, to: &str) {
        self.faults(json!({"answer": answer.into(), "answer_to": to, "answer_count": null})).await;
    }

    /// The API answers as it should.
    pub async fn recover(&self) {
        self.faults(json!({"answer": null, "answer_to": null, "answer_count": null})).await;
    }

    /// Moves the sandbox's clock on.
    pub async fn advance(&self, ms: i64) {
        let (status, answer) = self.send("POST", "/sandbox/clock", Some(json!({"advance_ms": ms}))).await;
        assert_eq!(status, 200, "{answer}");
    }

    /// Every event, the oldest first.
    pub async fn events(&self) -> Vec<Sent> {
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let items = self.get("/sandbox/deliveries").await["items"].as_array().expect("a list").clone();
        let sent =
            |item: &Value| Sent { id: text(&item["webhook_id"]), kind: text(&item["type"]), body: text(&item["body"]) };
        items.iter().map(sent).collect()
    }

    /// Sends an event about any object.
    pub async fn emit(&self, kind: &str, data: &Value) {
        let (status, answer) = self.send("POST", "/sandbox/events", Some(json!({"type": kind, "data": data}))).await;
        assert_eq!(status, 202, "{answer}");
    }

    /// Waits until nothing is queued there any more.
    pub async fn idle(&self) {
        let look = async || (self.get("/sandbox/idle").await["idle"] == true).then_some(());
        wait_for("the sandbox to come to rest", look).await;
    }

    /// Fills in the hosted page of a checkout.
    pub async fn pay(&self, url: &str, email: &str, card: &str) -> Paid {
        let form = [
            ("email", email),
            ("name", "Ada Buyer"),
            ("number", card),
            ("expiry", "12/34"),
            ("cvc", "123"),
            ("country", "DE"),
        ];
        let answer = self.http.post(url).header("content-type", FORM).body(encoded(&form)).send().await;
        let answer = answer.expect("the hosted page answers");
        let location = answer.headers().get("location").map(|value| value.to_str().expect("text").to_owned());
        Paid {
            status: answer.status().as_u16(),
            location: location.unwrap_or_default(),
            page: answer.text().await.expect("a page"),
        }
    }

    /// Presses a button of the portal: `cancel` or `keep`.
    pub async fn portal(&self, portal: &str, subscription: &str, act: &str) {
        let (status, page) = self.in_portal(portal, &format!("subscriptions/{subscription}/{act}"), &[]).await;
        assert_eq!(status, 303, "{act}: {page}");
    }

    /// Sends a form of the portal at this address; 303 if it was done, or 200 and the page that says why not.
    pub async fn in_portal(&self, portal: &str, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let portal = url::Url::parse(portal).expect("the portal's address");
        let token = portal.query_pairs().find(|(name, _)| name == "customer_session_token").expect("a token").1;
        let body = encoded(&[&[("customer_session_token", &*token)], fields].concat());
        let action = format!("{}{}/{path}", self.origin, portal.path());
        let answer = self.http.post(action).header("content-type", FORM).body(body).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a page"))
    }
}

/// What forms are posted as.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// A form's body.
pub fn encoded(form: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

/// A client that follows no redirects.
pub fn browser() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

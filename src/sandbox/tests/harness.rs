//! A sandbox on a free port and an app that only receives webhooks.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::post;
use serde_json::{Value, json};

use super::witness::Witness;
use crate::sandbox::{Config, Sandbox};

/// One delivery as received.
#[derive(Clone)]
pub struct Received {
    pub path: String,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

impl Received {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).expect("webhooks are JSON")
    }

    pub fn kind(&self) -> String {
        self.json()["type"].as_str().expect("a type").to_owned()
    }

    pub fn header(&self, name: &str) -> String {
        self.headers[name].to_str().expect("plain text").to_owned()
    }
}

/// A sandbox and the app it talks to.
pub struct World {
    pub sandbox: Sandbox,
    pub http: reqwest::Client,
    pub received: Arc<Mutex<Vec<Received>>>,
    /// The status codes that the app answers next; 202 when there are none.
    pub answers: Arc<Mutex<Vec<u16>>>,
    _witness: Witness,
}

impl World {
    pub async fn new() -> Self {
        Self::with_file(None).await
    }

    pub async fn with_file(state_file: Option<PathBuf>) -> Self {
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let answers: Arc<Mutex<Vec<u16>>> = Arc::default();
        let app = receiver(Arc::clone(&received), Arc::clone(&answers)).await;
        let config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            origin: None,
            state_file,
            webhook_url: format!("{app}/webhooks/polar"),
        };
        let sandbox = Sandbox::start(config).await.expect("the sandbox starts");
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let seen = sandbox.clone();
        Self { sandbox, http, received, answers, _witness: Witness::new(move || seen.histories(), true) }
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.send("GET", path, None).await
    }

    pub async fn send(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        self.send_as(self.sandbox.token(), method, path, body).await
    }

    /// Sends a request with this token, which may be another organization's.
    pub async fn send_as(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let method = method.parse().expect("a method");
        let mut request = self.http.request(method, format!("{}{path}", self.sandbox.origin()));
        request = request.bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), serde_json::from_slice(&answer.bytes().await.expect("bytes")).unwrap_or_default())
    }

    pub async fn product(&self, name: &str, interval: Option<&str>, amount: i64) -> Value {
        let body = json!({"name": name, "recurring_interval": interval, "metadata": {"plan": name.to_lowercase()},
            "prices": [{"amount_type": "fixed", "price_amount": amount, "price_currency": "usd"}]});
        let (status, product) = self.send("POST", "/v1/products/", Some(body)).await;
        assert_eq!(status, 201, "{product}");
        product
    }

    pub async fn checkout(&self, product: &Value, more: Value) -> Value {
        let mut body = json!({"products": [product["id"]], "success_url": "http://127.0.0.1:3000/confirmation?checkout_id={CHECKOUT_ID}"});
        crate::sandbox::api::products::join(&mut body, more);
        let (status, checkout) = self.send("POST", "/v1/checkouts/", Some(body)).await;
        assert_eq!(status, 201, "{checkout}");
        checkout
    }

    /// Fills in the hosted page; the answer is a redirect, or the page again.
    pub async fn pay(&self, checkout: &Value, email: &str, number: &str) -> (u16, String, String) {
        self.pay_with(checkout, email, number, &[]).await
    }

    /// The same with more fields.
    pub async fn pay_with(
        &self,
        checkout: &Value,
        email: &str,
        number: &str,
        more: &[(&str, &str)],
    ) -> (u16, String, String) {
        let form = [
            ("email", email),
            ("name", "Ada Buyer"),
            ("number", number),
            ("expiry", "12/34"),
            ("cvc", "123"),
            ("country", "DE"),
        ];
        let answer = self.post_form(checkout, &[&form, more].concat()).await;
        let location =
            answer.headers().get("location").map(|l| l.to_str().expect("text").to_owned()).unwrap_or_default();
        (answer.status().as_u16(), location, answer.text().await.expect("a page"))
    }

    /// Sends a form of the hosted page.
    pub async fn post_page(&self, checkout: &Value, fields: &[(&str, &str)]) -> (u16, String) {
        let answer = self.post_form(checkout, fields).await;
        (answer.status().as_u16(), answer.text().await.expect("a page"))
    }

    async fn post_form(&self, checkout: &Value, fields: &[(&str, &str)]) -> reqwest::Response {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let url = checkout["url"].as_str().expect("a URL");
        let request = self.http.post(url).header("content-type", "application/x-www-form-urlencoded").body(body);
        request.send().await.expect("an answer")
    }

    /// Buys and comes back; the address to which the buyer was sent.
    pub async fn buy(&self, product: &Value, user: &str, email: &str) -> (Value, String) {
        let checkout =
            self.checkout(product, json!({"external_customer_id": user, "metadata": {"user_id": user}})).await;
        let (status, location, page) = self.pay(&checkout, email, "4242 4242 4242 4242").await;
        assert_eq!(status, 303, "{page}");
        (checkout, location)
    }

    /// Buys with this card; the id of the newest subscription.
    pub async fn subscribe(&self, product: &Value, user: &str, card: &str) -> String {
        let checkout =
            self.checkout(product, json!({"external_customer_id": user, "metadata": {"user_id": user}})).await;
        let (status, _, page) = self.pay(&checkout, &format!("{user}@boreal.dev"), card).await;
        assert_eq!(status, 303, "{page}");
        self.idle().await;
        self.get("/v1/subscriptions/").await.1["items"][0]["id"].as_str().expect("an id").to_owned()
    }

    /// Changes a subscription.
    pub async fn patch(&self, id: &str, body: Value) -> (u16, Value) {
        self.send("PATCH", &format!("/v1/subscriptions/{id}"), Some(body)).await
    }

    /// Opens the portal for a customer; the token of the session.
    pub async fn portal(&self, user: &str) -> String {
        let body = json!({"external_customer_id": user});
        let (status, session) = self.send("POST", "/v1/customer-sessions/", Some(body)).await;
        assert_eq!(status, 201, "{session}");
        session["token"].as_str().expect("a token").to_owned()
    }

    /// Sends a form of the portal.
    pub async fn press(&self, token: &str, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let url = format!("{}/boreal-sandbox/portal/{path}", self.sandbox.origin());
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        let body = form.append_pair("customer_session_token", token).extend_pairs(fields).finish();
        let request = self.http.post(url).header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a page"))
    }

    /// Moves the clock on and waits until all is told.
    pub async fn advance(&self, days: u64) {
        let body = json!({"advance_ms": days * 86_400_000});
        assert_eq!(self.send("POST", "/sandbox/clock", Some(body)).await.0, 200);
        self.idle().await;
    }

    /// What was told since the last call, without the changed states, the fees and the invoices, which come when they like.
    pub async fn told(&self) -> Vec<String> {
        self.idle().await;
        let all: Vec<Received> = std::mem::take(&mut *self.received.lock().expect("not poisoned"));
        let invoice = |one: &Received| {
            let body = one.json();
            one.kind() == "order.updated"
                && (body["data"]["is_invoice_generated"] == true || body["data"]["platform_fee_amount"] != 0)
                && body["data"]["refunded_amount"] == 0
        };
        let told = all.iter().filter(|one| one.kind() != "customer.state_changed" && !invoice(one));
        told.map(Received::kind).collect()
    }

    pub async fn faults(&self, faults: Value) {
        let (status, body) = self.send("PUT", "/sandbox/faults", Some(faults)).await;
        assert_eq!(status, 200, "{body}");
    }

    /// Waits until nothing is queued any more.
    pub async fn idle(&self) {
        for _ in 0..400 {
            if self.get("/sandbox/idle").await.1["idle"] == true {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the sandbox does not come to rest");
    }

    pub fn kinds(&self) -> Vec<String> {
        self.received.lock().expect("not poisoned").iter().map(Received::kind).collect()
    }

    pub fn deliveries(&self) -> Vec<Received> {
        self.received.lock().expect("not poisoned").clone()
    }
}

async fn receiver(received: Arc<Mutex<Vec<Received>>>, answers: Arc<Mutex<Vec<u16>>>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let handler = move |uri: Uri, headers: HeaderMap, bytes: Bytes| async move {
        received.lock().expect("not poisoned").push(Received { path: uri.path().to_owned(), headers, bytes });
        let mut answers = answers.lock().expect("not poisoned");
        let code = if answers.is_empty() { 202 } else { answers.remove(0) };
        StatusCode::from_u16(code).expect("a status")
    };
    let router = Router::new().fallback(post(handler));
    tokio::spawn(async move { axum::serve(listener, router).await });
    origin
}

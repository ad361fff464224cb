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
        Self { sandbox, http, received, answers }
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.send("GET", path, None).await
    }

    pub async fn send(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let method = method.parse().expect("a method");
        let mut request = self.http.request(method, format!("{}{path}", self.sandbox.origin()));
        request = request.bearer_auth(self.sandbox.token());
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
        let form = [
            ("email", email),
            ("name", "Ada Buyer"),
            ("number", number),
            ("expiry", "12/34"),
            ("cvc", "123"),
            ("country", "DE"),
        ];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let url = checkout["url"].as_str().expect("a URL");
        let request = self.http.post(url).header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = request.send().await.expect("an answer");
        let location =
            answer.headers().get("location").map(|l| l.to_str().expect("text").to_owned()).unwrap_or_default();
        (answer.status().as_u16(), location, answer.text().await.expect("a page"))
    }

    /// Buys and comes back; the address to which the buyer was sent.
    pub async fn buy(&self, product: &Value, user: &str, email: &str) -> (Value, String) {
        let checkout =
            self.checkout(product, json!({"external_customer_id": user, "metadata": {"user_id": user}})).await;
        let (status, location, page) = self.pay(&checkout, email, "4242 4242 4242 4242").await;
        assert_eq!(status, 303, "{page}");
        (checkout, location)
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

//! Takes the place of the app in a replay: answers every webhook as the app did.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::History;

/// What a webhook is answered that came more often than in the file, or that was not in it.
const TAKEN: u16 = 202;
/// Instead of no answer at all: as much of a failure.
const FAILED: u16 = 500;

/// For each kind, the answers to each of its events: to the first attempt, the second, …
struct Plan {
    waiting: HashMap<String, VecDeque<VecDeque<u16>>>,
    known: HashMap<String, VecDeque<u16>>,
}

impl Plan {
    fn of(history: &History) -> Self {
        let mut answers: HashMap<Uuid, VecDeque<u16>> = HashMap::new();
        for tried in history.attempts() {
            answers.entry(tried.webhook_id).or_default().push_back(tried.http_code.unwrap_or(FAILED));
        }
        let mut waiting: HashMap<String, VecDeque<VecDeque<u16>>> = HashMap::new();
        let own = history.events().filter(|event| event.endpoint_id == history.head.endpoint_id);
        for event in own {
            if let Some(list) = answers.remove(&event.webhook_id) {
                waiting.entry(event.kind.clone()).or_default().push_back(list);
            }
        }
        Self { waiting, known: HashMap::new() }
    }

    fn answer(&mut self, id: &str, kind: &str) -> u16 {
        let waiting = &mut self.waiting;
        let known = self.known.entry(id.to_owned());
        let left = known.or_insert_with(|| waiting.get_mut(kind).and_then(VecDeque::pop_front).unwrap_or_default());
        left.pop_front().unwrap_or(TAKEN)
    }
}

/// Listens until `stop`; its address.
///
/// # Errors
/// When no port is free.
pub async fn start(history: &History, stop: CancellationToken) -> io::Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let origin = format!("http://{}", listener.local_addr()?);
    let plan = Arc::new(Mutex::new(Plan::of(history)));
    let handler = move |headers: HeaderMap, body: String| async move {
        let id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
        let body: Value = serde_json::from_str(&body).unwrap_or_default();
        let kind = body["type"].as_str().unwrap_or_default();
        let code = plan.lock().unwrap_or_else(PoisonError::into_inner).answer(&id, kind);
        StatusCode::from_u16(code).unwrap_or(StatusCode::ACCEPTED)
    };
    let server = axum::serve(listener, Router::new().fallback(handler));
    tokio::spawn(async move { server.with_graceful_shutdown(stop.cancelled_owned()).await });
    Ok(origin)
}

//! The front page: what this is, how to pay, what can be switched, what was sent.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::markup::{escape, page};
use crate::sandbox::api::Shared;
use crate::sandbox::hooks::events::Event;
use crate::sandbox::life::cards;
use crate::sandbox::state::{NAME, State as Known};

const SHOWN: usize = 25;
const SWITCHES: [(&str, &str); 8] = [
    (
        "PUT /sandbox/faults",
        "sender, duplicate, shuffle, hold_ms, drop_percent, corrupt_percent, seed, answer (null, 429, 500, \"500 after\", \
         \"cut\", \"timeout\"), answer_to, answer_count, answer_percent, delay_ms, retry_scale, rate_limit, standard_secrets",
    ),
    ("POST /sandbox/clock", "{\"advance_ms\": 86400000}: move the time on"),
    ("GET /sandbox/deliveries", "what was sent, and what the app answered"),
    ("GET /sandbox/idle", "whether anything is still to be done or delivered"),
    ("POST /sandbox/deliver", "{\"webhook_id\": \"…\"}: send it again"),
    ("POST /sandbox/events", "{\"type\": \"…\", \"data\": {}}: sign and send any event"),
    ("POST /sandbox/tokens", "{\"scopes\": [\"products:read\"]}: a token that may do only this"),
    ("POST /sandbox/reset", "forget everything but the token and the secret"),
];

/// `GET /`
pub async fn show(State(app): Shared) -> Response {
    page(StatusCode::OK, NAME, &app.read(body))
}

fn body(state: &Known) -> String {
    let switches: String = SWITCHES
        .iter()
        .map(|(route, text)| format!("<tr><td><code>{route}</code></td><td>{}</td></tr>", escape(text)))
        .collect();
    let events: String = state.events.iter().rev().take(SHOWN).map(line).collect();
    format!(
        "<h1>{NAME}</h1><p>A stand-in for Polar on this machine: the same API, checkout, portal and webhooks, and no \
         money. Its time is {now}, {offset} ms ahead.</p>\
         <section class=\"card\"><h2>Test cards</h2><p>{cards}. Any future date and any security code will do.</p></section>\
         <section class=\"card\"><h2>Switches</h2><div class=\"scroll\"><table>{switches}</table></div>\
         <p class=\"soft\">Now: <code>{faults}</code></p></section>\
         <section class=\"card\"><h2>Latest webhooks</h2><div class=\"scroll\"><table><tr><th>Event</th><th>Status</th>\
         <th>Attempts</th><th>Last answer</th></tr>{events}</table></div></section>",
        cards = cards::described(),
        now = state.clock.peek(),
        offset = state.clock.offset_ms,
        faults = escape(&json!(state.faults).to_string()),
    )
}

fn line(event: &Event) -> String {
    let answer = event.attempts.last().map_or("waiting".to_owned(), |attempt| {
        attempt.http_code.map_or("no answer".to_owned(), |code| code.to_string())
    });
    format!(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{answer}</td></tr>",
        escape(&event.kind),
        escape(event.status.as_deref().unwrap_or_default()),
        event.attempts.len(),
    )
}

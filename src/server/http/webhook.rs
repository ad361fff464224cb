//! Polar's webhooks. An axum route and no server function: the signature is over the raw bytes. The answer is 2xx only
//! after they are durable; everything else happens later.

use crate::server::{
    db::inbox::{Delivery, Stored},
    polar::signature::{self, Distrust, Headers},
    state::State,
};
use axum::{
    body::Bytes,
    extract,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

/// Polar bounds nothing; tens of KB are normal (C§3.3).
pub const LARGEST_BODY: usize = 1 << 20;

/// Believes a delivery, stores it, and answers 202; 403 to what is not believed, 503 when it cannot be stored.
pub async fn receive(extract::State(state): extract::State<State>, headers: HeaderMap, body: Bytes) -> Response {
    let told = told(&headers);
    let now = state.clock.wall();
    if let Err(why) = signature::verify(&state.webhook_secrets, told, &body, now / 1000) {
        return refuse(why);
    }
    let delivery = Delivery { webhook_id: told.id.to_owned(), body: body.to_vec(), received_at: now };
    match state.intake.put(delivery).await {
        Ok(stored) => {
            note(told.id, stored);
            state.wake.inbox.notify_one();
            StatusCode::ACCEPTED.into_response()
        }
        Err(error) => {
            metrics::counter!("webhooks_total", "outcome" => "not_stored").increment(1);
            tracing::error!(error = %error, "a webhook could not be stored; its sender will try again");
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")]).into_response()
        }
    }
}

fn told(headers: &HeaderMap) -> Headers<'_> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Headers { id: text("webhook-id"), timestamp: text("webhook-timestamp"), signature: text("webhook-signature") }
}

fn refuse(why: Distrust) -> Response {
    metrics::counter!("webhooks_total", "outcome" => why.to_string()).increment(1);
    tracing::warn!(reason = %why, "a webhook was refused");
    StatusCode::FORBIDDEN.into_response()
}

fn note(webhook_id: &str, stored: Stored) {
    let outcome = match stored {
        Stored::New => "new",
        Stored::Again => "again",
        Stored::Contradicts => {
            tracing::error!(webhook_id, "two bodies came under one webhook id; the first is kept");
            "contradicts"
        }
    };
    metrics::counter!("webhooks_total", "outcome" => outcome).increment(1);
}

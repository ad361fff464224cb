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
use std::time::Instant;

/// Polar bounds nothing; tens of KB are normal (C§3.3).
pub const LARGEST_BODY: usize = 1 << 20;

/// Believes a delivery, stores it, and answers 202; 403 to what is not believed, 503 when it cannot be stored.
pub async fn receive(extract::State(state): extract::State<State>, headers: HeaderMap, body: Bytes) -> Response {
    let begun = Instant::now();
    let outcome = take(&state, told(&headers), &body).await;
    let word = outcome.word();
    metrics::counter!("webhooks_total", "outcome" => word).increment(1);
    metrics::histogram!("polar_webhook_duration_seconds", "outcome" => word).record(begun.elapsed());
    match outcome {
        Outcome::Refused(_) => StatusCode::FORBIDDEN.into_response(),
        Outcome::Stored(_) => StatusCode::ACCEPTED.into_response(),
        Outcome::NotStored => (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")]).into_response(),
    }
}

/// What becomes of a delivery at the door.
enum Outcome {
    Refused(Distrust),
    Stored(Stored),
    NotStored,
}

impl Outcome {
    /// The label of its counter.
    fn word(&self) -> &'static str {
        match self {
            Self::Refused(Distrust::Headers) => "headers",
            Self::Refused(Distrust::Timestamp) => "timestamp",
            Self::Refused(Distrust::Signature) => "signature",
            Self::Stored(Stored::New) => "new",
            Self::Stored(Stored::Again) => "again",
            Self::Stored(Stored::Contradicts) => "contradicts",
            Self::NotStored => "not_stored",
        }
    }
}

async fn take(state: &State, told: Headers<'_>, body: &Bytes) -> Outcome {
    let now = state.clock.wall();
    if let Err(why) = signature::verify(&state.webhook_secrets, told, body, now / 1000) {
        tracing::warn!(reason = %why, "a webhook was refused");
        return Outcome::Refused(why);
    }
    let delivery = Delivery { webhook_id: told.id.to_owned(), body: body.to_vec(), received_at: now };
    match state.intake.put(delivery).await {
        Ok(stored) => {
            if stored == Stored::Contradicts {
                tracing::error!(webhook_id = told.id, "two bodies came under one webhook id; the first is kept");
            }
            state.wake.inbox.notify_one();
            Outcome::Stored(stored)
        }
        Err(error) => {
            tracing::error!(error = %error, "a webhook could not be stored; its sender will try again");
            Outcome::NotStored
        }
    }
}

fn told(headers: &HeaderMap) -> Headers<'_> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Headers { id: text("webhook-id"), timestamp: text("webhook-timestamp"), signature: text("webhook-signature") }
}

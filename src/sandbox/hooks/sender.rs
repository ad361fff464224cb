//! The webhook sender: signs, posts, and writes down what came back (C§3.1, C§3.3).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::events::Attempt;
use super::queue::Parcel;
use super::signature;
use crate::sandbox::app::App;
use crate::sandbox::clock::Clock;
use crate::sandbox::journal::entry::{Tried, What};
use crate::sandbox::journal::mask;
use crate::sandbox::secrets;
use crate::sandbox::state::State;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Polar keeps so many characters of an answer.
const RESPONSE_KEPT: usize = 2_048;
/// Signed instead of the body when a signature shall be wrong.
const CORRUPT: &[u8] = b"other bytes than those that are sent";

/// The task that delivers events.
#[derive(Clone)]
pub struct Sender {
    app: Arc<App>,
    client: reqwest::Client,
}

impl Sender {
    /// A sender for this sandbox.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn new(app: Arc<App>) -> io::Result<Self> {
        // Only plain HTTP to loopback is spoken, but the client insists on a TLS provider; an installed one stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent("polar.sh webhooks")
            .no_proxy()
            .build()
            .map_err(io::Error::other)?;
        Ok(Self { app, client })
    }

    /// Delivers until the sandbox stops; deliveries in flight are left to finish.
    pub async fn run(self) {
        let mut changes = self.app.changes();
        loop {
            changes.mark_unchanged();
            let (parcels, next) = self.app.note(State::take_due);
            for parcel in parcels {
                let sender = self.clone();
                self.app.tasks.spawn(async move { sender.deliver(parcel).await });
            }
            let wait = Duration::from_micros(next.unwrap_or(60_000_000));
            tokio::select! {
                () = self.app.stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
                changed = changes.changed() => if changed.is_err() { return },
            }
        }
    }

    async fn deliver(&self, parcel: Parcel) {
        let (at, sha256) = (Clock::wall(), mask::fingerprint(parcel.body.as_bytes()));
        let (id, timestamp) = (parcel.id.to_string(), at.seconds().to_string());
        let signed = if parcel.corrupt { CORRUPT } else { parcel.body.as_bytes() };
        let signature = signature::sign(&parcel.key, &id, &timestamp, signed);
        let request = self
            .client
            .post(parcel.url)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(parcel.body);
        let (http_code, response) = match request.send().await {
            Ok(answer) => (Some(answer.status().as_u16()), answer.text().await.unwrap_or_default()),
            Err(error) => (None, error.to_string()),
        };
        let response = response.chars().take(RESPONSE_KEPT).collect();
        let tried = Tried { webhook_id: parcel.id, kind: parcel.kind, corrupt: parcel.corrupt, http_code, sha256 };
        self.app.write(|state| {
            state.journalize(What::Attempt(tried));
            state.record(parcel.id, Attempt { id: secrets::id(), at, http_code, response });
        });
    }
}

//! The one HTTP client: authenticates, pins the version, sends within the budget, waits where Polar asks for it, and
//! follows the sandbox's clock.
//!
//! Reads are tried again when the failure may pass; writes never, because Polar has no idempotency keys (C§1.6).

use super::{
    Error, VERSION,
    pace::{Pace, patience, tries},
};
use crate::{
    model::{
        budget::Urgency,
        instant::{Micros, Millis},
    },
    server::clock::Clock,
};
use reqwest::{
    Method, RequestBuilder, Response,
    header::{DATE, HeaderMap, RETRY_AFTER},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{
    Serialize,
    de::{DeserializeOwned, IgnoredAny},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use url::Url;

/// The longest pause before a read that failed is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// However long Polar asks everybody to be quiet: after so long one more request may hear that again.
const LONGEST_HOLD: Duration = Duration::from_secs(120);

/// The pause before a sweep's read is tried again that was one too many often.
const STORM_PAUSE: Duration = Duration::from_millis(250);

/// Time-out of reads.
const READ_TIMEOUT: Duration = Duration::from_secs(6);

/// Time-out of writes: making a checkout calls the card processor (C§1.6).
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);

/// Our billing time may be so far from Polar's, in milliseconds.
pub(crate) const MOST_SKEW: Millis = 60_000;

/// An answer together with when it was true by Polar's own clock.
#[derive(Clone, Debug)]
pub struct Seen<T> {
    /// The answer.
    pub value: T,
    /// Polar's `Date`, to the second.
    pub observed_us: Micros,
}

/// Polar's API for one organization. Clones share connections; each has its urgency.
#[derive(Clone)]
pub struct Client(Arc<Parts>, Urgency);

struct Parts {
    http: reqwest::Client,
    base: Url,
    token: SecretString,
    clock: Clock,
    pace: Box<dyn Pace>,
    follows_offset: bool,
    is_apart: AtomicBool,
}

/// Where the API is, and how we are known there.
pub struct Access {
    /// Its address.
    pub base: Url,
    /// The organization's access token.
    pub token: SecretString,
    /// Whether it is the built-in sandbox, whose answers may move the billing clock.
    pub sandbox: bool,
}

impl Client {
    /// A client that asks for what people wait for; see [`Client::at`].
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(to: Access, clock: Clock, pace: Box<dyn Pace>) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("boreal/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(3))
            .build()?;
        let (follows_offset, is_apart) = (to.sandbox, AtomicBool::new(false));
        let parts = Parts { http, base: to.base, token: to.token, clock, pace, follows_offset, is_apart };
        Ok(Self(Arc::new(parts), Urgency::Confirming))
    }

    /// The same client for what can wait longer, or less.
    #[must_use]
    pub fn at(&self, urgency: Urgency) -> Self {
        Self(Arc::clone(&self.0), urgency)
    }

    /// The address of the API, without a trailing slash.
    #[must_use]
    pub fn base(&self) -> &str {
        self.0.base.as_str().trim_end_matches('/')
    }

    /// Reads one address.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<Seen<T>, Error> {
        let Seen { value, observed_us } = self.find(path, query).await?;
        Ok(Seen { value: value.ok_or(Error::NotFound)?, observed_us })
    }

    /// Reads one address where there may be nothing; when that was so is told as well.
    pub(super) async fn find<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Seen<Option<T>>, Error> {
        let (mut tried, most, begun) = (0, tries(self.1), Instant::now());
        loop {
            tried += 1;
            self.leave().await?;
            let request = self.request(Method::GET, path).query(query).timeout(READ_TIMEOUT);
            match self.answer(request).await {
                // The pause that Polar asked for is waited for by whoever sends next, if that is not too long.
                Err(Error::Limited { .. }) if tried < most => {}
                // However many requests are one too many: a sweep that begins anew would only add to them.
                Err(Error::Limited { .. }) if self.1 == Urgency::Sweeping && begun.elapsed() < patience(self.1) => {
                    tokio::time::sleep(STORM_PAUSE).await;
                }
                Err(Error::NoAnswer | Error::Failed(_)) if tried < most => {
                    tokio::time::sleep(Duration::from_millis(150 << tried).min(LONGEST_PAUSE)).await;
                }
                settled => return settled,
            }
        }
    }

    /// Sends one body, once.
    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Seen<T>, Error> {
        self.leave().await?;
        let request = self.request(method, path).json(body).timeout(WRITE_TIMEOUT);
        let Seen { value, observed_us } = self.answer(request).await?;
        Ok(Seen { value: value.ok_or(Error::NotFound)?, observed_us })
    }

    /// Deletes what is at an address, once.
    pub(super) async fn delete(&self, path: &str) -> Result<(), Error> {
        self.leave().await?;
        let request = self.request(Method::DELETE, path).timeout(WRITE_TIMEOUT);
        let Seen { value, .. } = self.answer::<IgnoredAny>(request).await?;
        value.map(drop).ok_or(Error::NotFound)
    }

    /// Waits for leave to send, as long as that may take here.
    async fn leave(&self) -> Result<(), Error> {
        let mut left = patience(self.1);
        while let Err(wait) = self.0.pace.leave(self.1).await {
            left = left.checked_sub(wait).ok_or(Error::Limited { retry_after: wait })?;
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let address = format!("{}{path}", self.base());
        let request = self.0.http.request(method, address).header("polar-version", VERSION);
        request.bearer_auth(self.0.token.expose_secret())
    }

    /// Sends, and understands what comes back; no value where Polar knows no such object.
    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<Seen<Option<T>>, Error> {
        let response = request.send().await?;
        self.follow_clock(response.headers());
        self.watch_skew(response.headers());
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await?;
        metrics::counter!("polar_answers_total", "status" => status.as_u16().to_string()).increment(1);
        let observed_us = self.observed(&headers);
        if status.is_success() {
            let body: &[u8] = if body.is_empty() { b"null" } else { &body };
            let value = serde_json::from_slice(body).map_err(|error| Error::Unreadable(error.to_string()))?;
            return Ok(Seen { value: Some(value), observed_us });
        }
        match Error::of(status, retry_after(&headers), &body) {
            Error::NotFound => Ok(Seen { value: None, observed_us }),
            Error::Limited { retry_after } => {
                self.0.pace.hold(retry_after.min(LONGEST_HOLD)).await;
                Err(Error::Limited { retry_after })
            }
            error => Err(error),
        }
    }

    fn follow_clock(&self, headers: &HeaderMap) {
        let offset = headers.get("x-sandbox-offset-ms").and_then(|value| value.to_str().ok()?.parse().ok());
        if let Some(offset) = offset.filter(|_| self.0.follows_offset) {
            self.0.clock.set_offset(offset);
        }
    }

    /// Says once that our clock and Polar's have come apart, and once that they have met again.
    fn watch_skew(&self, headers: &HeaderMap) {
        let Some(theirs) = date(headers).filter(|_| !self.0.follows_offset) else { return };
        let skew_ms = self.0.clock.billing() - theirs;
        metrics::gauge!("polar_clock_skew_seconds").set(seconds(skew_ms));
        let apart = skew_ms.abs() > MOST_SKEW;
        if self.0.is_apart.swap(apart, Ordering::Relaxed) != apart {
            if apart {
                tracing::error!(skew_ms, "this machine's clock is more than a minute off Polar's");
            } else {
                tracing::info!(skew_ms, "this machine's clock is right again");
            }
        }
    }

    fn observed(&self, headers: &HeaderMap) -> Micros {
        date(headers).unwrap_or_else(|| self.0.clock.billing()) * 1000
    }

    /// How far our billing time is ahead of Polar's `Date`, in milliseconds.
    ///
    /// # Errors
    /// When Polar does not answer at all; any answer, a refusal too, carries the time.
    pub async fn clock_skew(&self) -> Result<Millis, Error> {
        let request = self.request(Method::GET, "/v1/organizations/").timeout(READ_TIMEOUT);
        let response: Response = request.send().await?;
        self.follow_clock(response.headers());
        let theirs = date(response.headers()).ok_or_else(|| Error::Unreadable("no Date".to_owned()))?;
        Ok(self.0.clock.billing() - theirs)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a difference of clocks, to be shown")]
fn seconds(ms: Millis) -> f64 {
    ms as f64 / 1000.0
}

fn date(headers: &HeaderMap) -> Option<Millis> {
    // HTTP's GMT is RFC 2822's +0000.
    let text = headers.get(DATE)?.to_str().ok()?.replace("GMT", "+0000");
    OffsetDateTime::parse(&text, &Rfc2822).ok().map(|at| at.unix_timestamp() * 1000)
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}

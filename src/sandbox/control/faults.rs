//! What goes wrong on purpose: with the webhooks, with the API, with all of Polar. Seeded, so that it can be repeated.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sandbox::api::Shared;
use crate::sandbox::api::products::join;
use crate::sandbox::{secrets, state};

/// What goes wrong on purpose. A `PUT` may name only some of the switches; the others stay.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// False: events wait and nothing is sent.
    pub sender: bool,
    /// All of Polar is down: API and hosted pages cut every connection before anything is done, and nothing is sent.
    pub down: bool,
    /// So many extra deliveries of each event.
    pub duplicate: u32,
    /// Deliveries come in a random order.
    pub shuffle: bool,
    /// Of that order: the same seed gives the same one.
    pub seed: u64,
    /// What the API answers instead.
    pub answer: Option<Fault>,
    /// Only requests whose line (`GET /v1/orders/?checkout_id=…`) holds this get that answer; all if not given.
    pub answer_to: Option<String>,
    /// How many requests get that answer; all if not given.
    pub answer_count: Option<u64>,
    /// So many seconds such a 429 asks to wait.
    pub retry_after: u32,
    /// The API waits so long before it answers.
    pub delay_ms: u64,
    /// Of the requests that would get it, so many in a hundred do, by the seed.
    pub answer_percent: u8,
    /// Waits between attempts are multiplied by this.
    pub retry_scale: f64,
    /// First attempts wait so much longer.
    pub hold_ms: u64,
    /// What is done in jobs (fulfilment, states, invoices) waits so much longer, or until the clock is moved.
    pub hold_jobs_ms: u64,
    /// Refunds are `pending` until the payment provider reports, as late as other jobs.
    pub refunds_pend: bool,
    /// What it reports of those is that they failed.
    pub refunds_fail: bool,
    /// Of a hundred events so many are never sent, by the seed.
    pub drop_percent: u8,
    /// Of a hundred attempts so many carry a wrong signature, by the seed.
    pub corrupt_percent: u8,
    /// Generated webhook secrets are of the era since September 2026: their key is what they encode (C§3.2).
    pub standard_secrets: bool,
    /// Requests that the API answers in a minute before it says 429 (C§1.5); any number if not given.
    pub rate_limit: Option<u32>,
    /// Checkouts are confirmed at most 6 times a minute and 20 an hour; one too many blocks for half an hour (C§1.5).
    pub limit_confirms: bool,
    /// A token that was not used for five minutes gets at most 60 requests a minute until one of them is answered (C§1.5).
    pub limit_new_tokens: bool,
    /// Requests that `answer_percent` was asked about: the index into the series.
    pub asked: u64,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            sender: true,
            down: false,
            duplicate: 0,
            shuffle: false,
            seed: 0,
            answer: None,
            answer_to: None,
            answer_count: None,
            retry_after: 1,
            delay_ms: 0,
            answer_percent: 100,
            retry_scale: 1.0,
            hold_ms: 0,
            hold_jobs_ms: 0,
            refunds_pend: false,
            refunds_fail: false,
            drop_percent: 0,
            corrupt_percent: 0,
            standard_secrets: false,
            rate_limit: None,
            limit_confirms: false,
            limit_new_tokens: false,
            asked: 0,
        }
    }
}

/// Answers that the API gives instead of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub enum Fault {
    /// 429, empty, with `retry-after`.
    TooMany,
    /// 500 in plain text.
    Broken,
    /// 500 in plain text, although the request was carried out.
    BrokenAfter,
    /// The connection is cut, although the request was carried out.
    Cut,
    /// None for a minute.
    Silent,
    /// Any of those that come at once, by the seed.
    Any,
}

/// What [`Fault::Any`] stands for.
const EACH: [Fault; 4] = [Fault::TooMany, Fault::Broken, Fault::BrokenAfter, Fault::Cut];

impl TryFrom<Value> for Fault {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        match (value.as_u64(), value.as_str()) {
            (Some(429), _) => Ok(Self::TooMany),
            (Some(500), _) => Ok(Self::Broken),
            (_, Some("500 after")) => Ok(Self::BrokenAfter),
            (_, Some("cut")) => Ok(Self::Cut),
            (_, Some("timeout")) => Ok(Self::Silent),
            (_, Some("any")) => Ok(Self::Any),
            _ => Err("answer is null, 429, 500, \"500 after\", \"cut\", \"timeout\" or \"any\""),
        }
    }
}

impl From<Fault> for Value {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::TooMany => json!(429),
            Fault::Broken => json!(500),
            Fault::BrokenAfter => json!("500 after"),
            Fault::Cut => json!("cut"),
            Fault::Silent => json!("timeout"),
            Fault::Any => json!("any"),
        }
    }
}

impl Faults {
    /// The answer for the request with this line, never [`Fault::Any`]; counts it, and switches off after the last.
    pub fn take(&mut self, line: &str) -> Option<Fault> {
        let fault = self.answer.filter(|_| self.answer_to.as_ref().is_none_or(|part| line.contains(part)))?;
        self.asked += 1;
        if !self.happens(self.answer_percent, self.asked) {
            return None;
        }
        if let Some(left) = self.answer_count {
            if left == 0 {
                (self.answer, self.answer_count) = (None, None);
                return None;
            }
            self.answer_count = Some(left - 1);
        }
        let drawn = secrets::series(self.seed, !self.asked);
        Some(EACH[usize::try_from(drawn % 4).unwrap_or(0)]).filter(|_| fault == Fault::Any).or(Some(fault))
    }

    /// Whether something that happens to `percent` in a hundred happens to this one of the seed's series.
    pub fn happens(&self, percent: u8, index: u64) -> bool {
        secrets::series(self.seed, index) % 100 < u64::from(percent)
    }
}

/// `GET /sandbox/faults`
pub async fn read(State(app): Shared) -> Json<Faults> {
    Json(app.read(|state| state.faults.clone()))
}

/// `PUT /sandbox/faults`
pub async fn set(State(app): Shared, Json(sent): Json<Value>) -> Response {
    match app.write(|state| change(state, sent)) {
        Ok(faults) => Json(faults).into_response(),
        Err(why) => (StatusCode::UNPROCESSABLE_ENTITY, why).into_response(),
    }
}

/// `DELETE /sandbox/faults`: everything as it should be.
pub async fn off(State(app): Shared) -> Json<Faults> {
    Json(app.write(|state| {
        state.faults = Faults::default();
        state.faults.clone()
    }))
}

/// Sets the switches that are named in `sent`.
///
/// # Errors
/// In words: which switch is unknown or wrong; nothing was changed then.
pub fn change(state: &mut state::State, sent: Value) -> Result<Faults, String> {
    let mut wished = json!(state.faults);
    join(&mut wished, sent);
    state.faults = serde_json::from_value(wished).map_err(|error| error.to_string())?;
    Ok(state.faults.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_answer_is_each_of_those_that_come_at_once_and_the_same_by_the_seed() {
        let drawn = |seed| {
            let mut faults = Faults { answer: Some(Fault::Any), seed, ..Faults::default() };
            (0..40).map(|_| faults.take("GET /v1/orders/").expect("a fault")).collect::<Vec<_>>()
        };
        assert!(EACH.iter().all(|each| drawn(7).contains(each)));
        assert!(drawn(7).iter().all(|one| EACH.contains(one)));
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
    }
}

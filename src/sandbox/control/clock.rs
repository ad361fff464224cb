//! The clock: read, and moved on by a time, to a time, or to what happens next.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::sandbox::api::Shared;
use crate::sandbox::clock::Stamp;
use crate::sandbox::life::travel::FURTHEST_MS;
use crate::sandbox::state;

/// `to` the end of the period that ends first.
pub const NEXT_RENEWAL: &str = "next renewal";
/// `to` when a subscription that is past due is paid or ended.
pub const PAST_DUNNING: &str = "past dunning";
const UNITS: [(char, u64); 5] = [('s', 1_000), ('m', 60_000), ('h', 3_600_000), ('d', 86_400_000), ('w', 604_800_000)];

/// Where to move: exactly one of the first three.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Journey {
    pub advance_ms: Option<u64>,
    /// A number and a unit: `90s`, `15m`, `12h`, `30d`, `2w`.
    pub advance: Option<String>,
    /// A time (RFC 3339, or its beginning), [`NEXT_RENEWAL`] or [`PAST_DUNNING`].
    pub to: Option<String>,
    /// Whose renewal or dunning; any subscription's if not given.
    pub subscription_id: Option<Uuid>,
}

/// `GET /sandbox/clock`
pub async fn read(State(app): Shared) -> Json<Value> {
    Json(app.read(reading))
}

/// `POST /sandbox/clock`
pub async fn travel(State(app): Shared, Json(sent): Json<Journey>) -> Response {
    app.write(|state| match make(state, &sent) {
        Ok(()) => Json(reading(state)).into_response(),
        Err(why) => (StatusCode::UNPROCESSABLE_ENTITY, why).into_response(),
    })
}

/// Makes a journey.
///
/// # Errors
/// In words: it is unclear, or leads nowhere.
pub fn make(state: &mut state::State, journey: &Journey) -> Result<(), String> {
    let id = journey.subscription_id;
    if let Some(id) = id.filter(|id| state.subscription(*id).is_err()) {
        return Err(format!("There is no subscription {id}."));
    }
    match (journey.advance_ms, journey.advance.as_deref(), journey.to.as_deref()) {
        (Some(ms), None, None) => by(state, ms),
        (None, Some(text), None) => by(state, span(text)?),
        (None, None, Some(NEXT_RENEWAL)) => state.travel_to_renewal(id),
        (None, None, Some(PAST_DUNNING)) => state.travel_past_dunning(id),
        (None, None, Some(text)) => state.travel_to(instant(text)?),
        _ => Err("Say either \"advance_ms\", \"advance\" or \"to\".".to_owned()),
    }
}

fn by(state: &mut state::State, ms: u64) -> Result<(), String> {
    let ms = i64::try_from(ms).ok().filter(|ms| state.clock.offset_ms.saturating_add(*ms) <= FURTHEST_MS);
    state.travel(ms.ok_or("The clock goes at most a hundred years ahead of the machine's.")?);
    Ok(())
}

/// Milliseconds of `30d`.
fn span(text: &str) -> Result<u64, String> {
    let known = UNITS.iter().find_map(|(unit, ms)| {
        let count: u64 = text.trim().strip_suffix(*unit)?.trim().parse().ok()?;
        count.checked_mul(*ms)
    });
    known.ok_or_else(|| format!("{text:?} is no length of time: write for example 90s, 15m, 12h, 30d or 2w."))
}

/// A time as people write it: seconds, or the whole time of the day, may be left out.
fn instant(text: &str) -> Result<Stamp, String> {
    let text = text.trim();
    let ways = [text.to_owned(), format!("{text}:00"), format!("{text}T00:00:00")];
    ways.iter().find_map(|way| Stamp::read(way)).ok_or_else(|| {
        format!("{text:?} is neither a time like 2027-01-31T12:00:00Z nor {NEXT_RENEWAL:?} nor {PAST_DUNNING:?}.")
    })
}

fn reading(state: &state::State) -> Value {
    json!({"now": state.clock.peek(), "offset_ms": state.clock.offset_ms})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        assert_eq!(span("30d"), Ok(2_592_000_000));
        assert_eq!(span("2w"), span("14 d"));
        assert!(span("soon").is_err() && span("-1d").is_err() && span("99999999999999999w").is_err());
        let day = instant("2027-01-31").expect("a day");
        assert_eq!((instant("2027-01-31T00:00"), instant("2027-01-31T01:00:00+01:00")), (Ok(day), Ok(day)));
        assert!(instant("tomorrow").is_err());
    }
}

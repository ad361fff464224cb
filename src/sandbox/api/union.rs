//! A body that may be one of several models, told apart by trying each. One that fits none is refused with the
//! complaints of all of them (C§11, "PATCH bodies").

use serde_json::{Map, Value, json};

use super::body::Fields;
use super::refusal::{Detail, Refusal};
use crate::sandbox::clock::Stamp;

/// A model of a union: its name, the keys it knows, and how it reads them.
pub struct Model<T> {
    pub name: &'static str,
    pub keys: &'static [&'static str],
    pub read: fn(&mut Fields<'_>, Stamp) -> Option<T>,
}

/// Reads a body as the first of `models` that takes it; dates must lie after `now`.
///
/// # Errors
/// 422 with what each model has against it, when none takes it.
pub fn choose<T>(models: &[Model<T>], sent: &Map<String, Value>, now: Stamp) -> Result<T, Refusal> {
    let mut wrong = Vec::new();
    for model in models {
        let mut fields = Fields::of(sent);
        let read = (model.read)(&mut fields, now);
        exactly(&mut fields, sent, model.keys);
        let against = std::mem::take(&mut fields.wrong);
        match read {
            Some(read) if against.is_empty() => return Ok(read),
            _ => wrong.extend(against.into_iter().map(|mut detail| {
                detail.loc.insert(1, json!(model.name));
                detail
            })),
        }
    }
    Err(Refusal::Invalid(wrong))
}

/// Notes every key that is none of these.
pub fn exactly(fields: &mut Fields<'_>, sent: &Map<String, Value>, keys: &[&str]) {
    let unknown = sent.iter().filter(|(key, _)| !keys.contains(&key.as_str()));
    let detail = |(key, value): (&String, &Value)| {
        Detail::body("extra_forbidden", key, "Extra inputs are not permitted", value.clone())
    };
    fields.wrong.extend(unknown.map(detail));
}

//! Reading a JSON body: what is wrong is collected, field by field, and refused together as Polar does.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::check;
use super::refusal::{Detail, Refusal};

/// A JSON object as sent.
pub struct Body(pub Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let bytes = Bytes::from_request(request, state).await.unwrap_or_default();
        let whole = |kind, loc, msg: &str, input| Detail { kind, loc, msg: msg.to_owned(), input, ctx: None };
        let refused = |detail| Refusal::Invalid(vec![detail]);
        if bytes.is_empty() {
            return Err(refused(whole("missing", vec![json!("body")], "Field required", Value::Null)));
        }
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(other) => Err(refused(whole(
                "model_attributes_type",
                vec![json!("body")],
                "Input should be a valid dictionary or object to extract fields from",
                other,
            ))),
            Err(error) => {
                let place = json!(error.column().saturating_sub(1));
                let detail = whole("json_invalid", vec![json!("body"), place], "JSON decode error", json!({}));
                Err(refused(detail.with(json!({"error": what_was_expected(&error)}))))
            }
        }
    }
}

/// The reason in the words of Polar's own reader (http/062).
fn what_was_expected(error: &serde_json::Error) -> &'static str {
    let text = error.to_string();
    if text.starts_with("key must be a string") {
        "Expecting property name enclosed in double quotes"
    } else if text.starts_with("expected `:`") {
        "Expecting ':' delimiter"
    } else if text.starts_with("expected `,`") {
        "Expecting ',' delimiter"
    } else {
        "Expecting value"
    }
}

/// The fields of one body while they are read.
pub struct Fields<'a> {
    fields: &'a Map<String, Value>,
    /// What was wrong so far.
    pub wrong: Vec<Detail>,
}

impl<'a> Fields<'a> {
    /// Starts reading.
    pub fn of(fields: &'a Map<String, Value>) -> Self {
        Self { fields, wrong: Vec::new() }
    }

    /// The raw value; `null` counts as absent.
    pub fn raw(&self, key: &str) -> Option<&'a Value> {
        self.fields.get(key).filter(|value| !value.is_null())
    }

    /// True if the key was sent, even as `null`.
    pub fn has(&self, key: &str) -> bool {
        self.fields.contains_key(key)
    }

    /// A string.
    pub fn text(&mut self, key: &str) -> Option<String> {
        self.typed(key, Value::as_str, "string_type", "Input should be a valid string").map(str::to_owned)
    }

    /// True or false.
    pub fn flag(&mut self, key: &str) -> Option<bool> {
        self.typed(key, Value::as_bool, "bool_type", "Input should be a valid boolean")
    }

    /// A whole number.
    pub fn integer(&mut self, key: &str) -> Option<i64> {
        self.typed(key, Value::as_i64, "int_type", "Input should be a valid integer")
    }

    /// A list.
    pub fn list(&mut self, key: &str) -> Option<&'a Vec<Value>> {
        self.typed(key, Value::as_array, "list_type", "Input should be a valid list")
    }

    /// An object.
    pub fn object(&mut self, key: &str) -> Option<&'a Map<String, Value>> {
        self.typed(key, Value::as_object, "dict_type", "Input should be a valid dictionary")
    }

    /// A postal address with all its parts; states of the USA and Canada carry their country (C§2.3).
    pub fn address(&mut self, key: &str) -> Option<Value> {
        let sent = self.object(key)?;
        let country = sent.get("country").and_then(Value::as_str).unwrap_or_default();
        let state = sent.get("state").and_then(Value::as_str).map(|state| {
            let bare = ["US", "CA"].contains(&country) && !state.starts_with(&format!("{country}-"));
            if bare { format!("{country}-{state}") } else { state.to_owned() }
        });
        let part = |name: &str| sent.get(name).cloned().unwrap_or_default();
        Some(json!({
            "line1": part("line1"), "line2": part("line2"), "postal_code": part("postal_code"), "city": part("city"),
            "state": state, "country": part("country"),
        }))
    }

    /// A UUID.
    pub fn uuid(&mut self, key: &str) -> Option<Uuid> {
        let text = self.text(key)?;
        self.checked(check::uuid(&text, &["body", key]))
    }

    /// An e-mail address that could receive mail (C§1.3).
    pub fn email(&mut self, key: &str) -> Option<String> {
        let text = self.text(key)?;
        self.checked(check::email(&text, key))
    }

    /// An absolute http(s) URL.
    pub fn url(&mut self, key: &str) -> Option<String> {
        let text = self.text(key)?;
        self.checked(check::url(&text, key))
    }

    /// A metadata map within Polar's limits.
    pub fn metadata(&mut self, key: &str) -> Option<Map<String, Value>> {
        let map = self.object(key)?;
        self.wrong.extend(check::metadata(map, key));
        Some(map.clone())
    }

    /// Notes that `key` must be there if it is not.
    pub fn require(&mut self, key: &str) {
        if !self.has(key) {
            let whole = Value::Object(self.fields.clone());
            self.wrong.push(Detail::body("missing", key, "Field required", whole));
        }
    }

    /// Refuses the body if anything was wrong.
    pub fn done(self) -> Result<(), Refusal> {
        if self.wrong.is_empty() { Ok(()) } else { Err(Refusal::Invalid(self.wrong)) }
    }

    /// `organization_id` must not be sent with an organization's own token (C§1.3).
    pub fn no_organization(&self) -> Result<(), Refusal> {
        let Some(sent) = self.raw("organization_id") else { return Ok(()) };
        let msg = "Setting organization_id is disallowed when using an organization token.";
        Err(Refusal::Business(vec![Detail::body("organization_token", "organization_id", msg, sent.clone())]))
    }

    fn typed<T>(
        &mut self,
        key: &str,
        read: impl Fn(&'a Value) -> Option<T>,
        kind: &'static str,
        msg: &str,
    ) -> Option<T> {
        let value = self.raw(key)?;
        let found = read(value);
        if found.is_none() {
            self.wrong.push(Detail::body(kind, key, msg, value.clone()));
        }
        found
    }

    fn checked<T>(&mut self, found: Result<T, Detail>) -> Option<T> {
        found.map_err(|detail| self.wrong.push(detail)).ok()
    }
}

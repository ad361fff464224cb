//! Lists: filters, sorting and pages (C§1.3), over the objects as they are shown.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{FromRequestParts, RawQuery};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::check;
use super::refusal::{Detail, Refusal};
use crate::sandbox::clock::Stamp;

/// The parameters of a query, in order, repeated keys included.
pub struct Query(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let RawQuery(raw) = RawQuery::from_request_parts(parts, state).await.unwrap_or(RawQuery(None));
        Ok(Self::parse(raw.as_deref().unwrap_or_default()))
    }
}

impl Query {
    fn parse(raw: &str) -> Self {
        Self(url::form_urlencoded::parse(raw.as_bytes()).into_owned().collect())
    }

    /// All values of a key.
    pub fn all(&self, key: &str) -> Vec<&str> {
        self.0.iter().filter(|(name, _)| name == key).map(|(_, value)| value.as_str()).collect()
    }

    /// The first value of a key.
    pub fn one(&self, key: &str) -> Option<&str> {
        self.all(key).first().copied()
    }

    /// Ids in these parameters must be UUIDs.
    pub fn ids(&self, keys: &[&str]) -> Result<(), Refusal> {
        let wrong: Vec<Detail> = keys
            .iter()
            .flat_map(|key| self.all(key).into_iter().filter_map(|text| check::uuid(text, &["query", key]).err()))
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(Refusal::Invalid(wrong)) }
    }

    /// An instant; a space stands for the `+` that a client forgot to escape.
    pub fn moment(&self, key: &str) -> Result<Option<Stamp>, Refusal> {
        let Some(text) = self.one(key) else { return Ok(None) };
        let found = Stamp::read(&text.replace(' ', "+"));
        let msg = "Input should be a valid datetime or date".to_owned();
        let loc = vec![json!("query"), json!(key)];
        let wrong = Detail { kind: "datetime_from_date_parsing", loc, msg, input: json!(text), ctx: None };
        found.map(Some).ok_or(Refusal::Invalid(vec![wrong]))
    }

    /// True or false, if the query says so.
    pub fn flag(&self, key: &str) -> Option<bool> {
        self.one(key).map(|text| text == "true")
    }

    /// True if `name` holds the words that are searched for.
    pub fn finds(&self, name: &str) -> bool {
        self.one("query").is_none_or(|words| name.to_lowercase().contains(&words.to_lowercase()))
    }

    /// True if `item` has one of the wanted values in each of these fields that the query names.
    pub fn matches(&self, item: &Value, fields: &[&str]) -> bool {
        fields.iter().all(|field| {
            let wanted = self.all(field);
            let found = if *field == "external_customer_id" { &item["customer"]["external_id"] } else { &item[*field] };
            wanted.is_empty() || wanted.contains(&plain(found).as_str())
        }) && self.metadata_matches(item)
    }

    /// `metadata[key]=value`: any of a key's values, all of the keys.
    fn metadata_matches(&self, item: &Value) -> bool {
        let mut wanted: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, value) in &self.0 {
            if let Some(key) = name.strip_prefix("metadata[").and_then(|rest| rest.strip_suffix(']')) {
                wanted.entry(key).or_default().push(value);
            }
        }
        wanted
            .iter()
            .all(|(key, values)| item["metadata"].get(key).is_some_and(|found| values.contains(&plain(found).as_str())))
    }

    /// One page of those `items` that have the wanted values in these fields.
    pub fn select(&self, items: Vec<Value>, fields: &[&str], default: &str) -> Result<Response, Refusal> {
        self.page(items.into_iter().filter(|item| self.matches(item, fields)).collect(), default)
    }

    /// One page of `items`, sorted as asked or by `default`, in Polar's envelope.
    pub fn page(&self, mut items: Vec<Value>, default: &str) -> Result<Response, Refusal> {
        let page = self.positive("page", 1)?;
        let limit = self.positive("limit", 10)?.min(100);
        let sorting = self.all("sorting");
        let sorting = if sorting.is_empty() { vec![default] } else { sorting };
        for property in sorting.into_iter().rev() {
            let (name, down) = property.strip_prefix('-').map_or((property, false), |name| (name, true));
            items.sort_by(|a, b| {
                // As PostgreSQL sorts: what is null comes after everything else (http/105).
                let order = (a[name].is_null(), plain(&a[name])).cmp(&(b[name].is_null(), plain(&b[name])));
                if down { order.reverse() } else { order }
            });
        }
        let total = items.len();
        let shown: Vec<Value> = items.into_iter().skip((page - 1).saturating_mul(limit)).take(limit).collect();
        let pagination = json!({"total_count": total, "max_page": total.div_ceil(limit)});
        Ok(Json(json!({"items": shown, "pagination": pagination})).into_response())
    }

    fn positive(&self, key: &str, default: usize) -> Result<usize, Refusal> {
        let Some(text) = self.one(key) else { return Ok(default) };
        let (kind, msg) = match text.parse::<usize>() {
            Ok(number) if number > 0 => return Ok(number),
            Err(_) if text.parse::<i64>().is_err() => {
                ("int_parsing", "Input should be a valid integer, unable to parse string as an integer")
            }
            _ => ("greater_than", "Input should be greater than 0"),
        };
        let loc = vec![json!("query"), json!(key)];
        let ctx = (kind == "greater_than").then(|| Box::new(json!({"gt": 0})));
        Err(Refusal::Invalid(vec![Detail { kind, loc, msg: msg.to_owned(), input: json!(text), ctx }]))
    }
}

/// A value as a query would write it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_any_within_a_key_and_all_across_keys() {
        let item = json!({"status": "active", "customer": {"external_id": "u1"}, "metadata": {"a": "1", "n": 7}});
        let matches = |raw: &str| Query::parse(raw).matches(&item, &["status", "external_customer_id"]);
        assert!(matches("status=canceled&status=active&external_customer_id=u1"));
        assert!(!matches("status=active&external_customer_id=u2"));
        assert!(matches("metadata[a]=0&metadata[a]=1&metadata[n]=7"));
        assert!(!matches("metadata[a]=1&metadata[n]=8"));
        assert!(!matches("metadata[b]=1"));
    }
}

//! Lists: filters, sorting and pages (C§1.3), over the objects as they are shown.

use std::cmp::Reverse;
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
        self.accepts(fields, |name| of_item(item, name))
    }

    /// The same for whatever has these values. `metadata[key]=value`: any of a key's values, all of the keys.
    fn accepts(&self, fields: &[&str], value: impl Fn(&str) -> Value) -> bool {
        let mut named = fields.iter().map(|field| (field, self.all(field))).filter(|(_, wanted)| !wanted.is_empty());
        if !named.all(|(field, wanted)| wanted.contains(&plain(&value(field)).as_str())) {
            return false;
        }
        let mut wanted: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, value) in &self.0 {
            if let Some(key) = name.strip_prefix("metadata[").and_then(|rest| rest.strip_suffix(']')) {
                wanted.entry(key).or_default().push(value);
            }
        }
        let metadata = if wanted.is_empty() { Value::Null } else { value("metadata") };
        wanted
            .iter()
            .all(|(key, values)| metadata.get(key).is_some_and(|found| values.contains(&plain(found).as_str())))
    }

    /// One page of those `items` that have the wanted values in these fields.
    pub fn select(&self, items: Vec<Value>, fields: &[&str], default: &str) -> Result<Response, Refusal> {
        self.page(items.into_iter().filter(|item| self.matches(item, fields)).collect(), default)
    }

    /// One page of `items`, sorted as asked or by `default`, in Polar's envelope.
    pub fn page(&self, items: Vec<Value>, default: &str) -> Result<Response, Refusal> {
        self.cut(items, default, of_item, |item| item)
    }

    /// As [`Query::select`], for objects that become many: only those on the page are shown, and the others asked for single
    /// values. What `value` does not know is looked for in what is shown.
    pub fn select_of<T>(
        &self,
        items: impl Iterator<Item = T>,
        (fields, default): (&[&str], &str),
        value: impl Fn(&T, &str) -> Option<Value>,
        show: impl Fn(&T) -> Value,
    ) -> Result<Response, Refusal> {
        let value = |item: &T, name: &str| value(item, name).unwrap_or_else(|| show(item)[name].take());
        let found = items.filter(|item| self.accepts(fields, |name| value(item, name))).collect();
        self.cut(found, default, value, |item| show(&item))
    }

    fn cut<T>(
        &self,
        mut items: Vec<T>,
        default: &str,
        value: impl Fn(&T, &str) -> Value,
        show: impl Fn(T) -> Value,
    ) -> Result<Response, Refusal> {
        let page = self.positive("page", 1)?;
        let limit = self.positive("limit", 10)?.min(100);
        let sorting = self.all("sorting");
        let sorting = if sorting.is_empty() { vec![default] } else { sorting };
        for property in sorting.into_iter().rev() {
            let (name, down) = property.strip_prefix('-').map_or((property, false), |name| (name, true));
            // As PostgreSQL sorts: what is null comes after everything else (http/105).
            let key = |item: &T| {
                let value = value(item, name);
                (value.is_null(), plain(&value))
            };
            if down { items.sort_by_cached_key(|item| Reverse(key(item))) } else { items.sort_by_cached_key(key) }
        }
        let total = items.len();
        let on_page = items.into_iter().skip((page - 1).saturating_mul(limit)).take(limit);
        let shown: Vec<Value> = on_page.map(show).collect();
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

/// A value of an object as it is shown, by the name that queries have for it.
fn of_item(item: &Value, name: &str) -> Value {
    if name == "external_customer_id" { item["customer"]["external_id"].clone() } else { item[name].clone() }
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
    use std::cell::Cell;

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

    #[test]
    fn of_many_objects_only_those_on_the_page_are_shown() {
        let shown = Cell::new(0);
        let list = |raw: &str| {
            shown.set(0);
            let value = |one: &i64, name: &str| match name {
                "number" => Some(json!(format!("{one:03}"))),
                "metadata" => Some(json!({"odd": one % 2 == 1})),
                _ => None,
            };
            let show = |one: &i64| {
                shown.set(shown.get() + 1);
                json!({"number": one, "digits": one.to_string().len()})
            };
            Query::parse(raw).select_of(0..250, (&["number", "digits"], "-number"), value, show).expect("a page");
            shown.get()
        };
        assert_eq!(list("limit=100"), 100);
        assert_eq!(list("limit=100&page=3&sorting=number"), 50);
        assert_eq!(list("metadata[odd]=true&limit=100&page=2"), 25);
        assert_eq!(list("number=007&limit=100"), 1);
        assert_eq!(list("digits=2&limit=100"), 250 + 90, "a value that nobody knows alone is looked for in the whole");
    }
}

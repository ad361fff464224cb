//! What an inbox row says: its envelope (C§3.1) or the kind that was read, and the object inside.

use crate::{
    model::{
        instant::{Micros, parse_us},
        projection::{self, Kind, Mirrored, MirroredCustomer},
    },
    server::db::inbox::InboxRow,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A row that was understood; what is kept of an old one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parsed {
    /// The event's type, or the kind that was read.
    pub kind: String,
    /// Polar's id of the object.
    pub object_id: Option<String>,
    /// When Polar's object was seen like this.
    pub observed_us: Micros,
    /// Whether it came from a read.
    pub read: bool,
    /// What it says.
    pub fact: Fact,
}

/// What a row says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// One of the mirror's objects.
    Object(Box<Mirrored>),
    /// A customer.
    Customer(MirroredCustomer),
    /// Something about a checkout, which is never merged: only a read of it counts (C§0).
    Checkout(String),
    /// A kind that nothing follows from.
    Other,
}

/// A row that cannot be understood.
#[derive(Debug)]
pub struct Unparsable {
    /// The event's type as far as known.
    pub kind: String,
    /// Polar's id as far as known.
    pub object_id: Option<String>,
    /// One sentence.
    pub reason: String,
}

#[derive(Deserialize)]
struct Envelope {
    r#type: String,
    #[serde(default)]
    timestamp: Option<String>,
    data: Value,
}

/// Understands a row.
///
/// # Errors
/// When it is no JSON, no envelope, or lacks what rules rest on.
pub fn parse(row: &InboxRow) -> Result<Parsed, Unparsable> {
    if let Some(kept) = &row.projection {
        return serde_json::from_str(kept).map_err(|error| nameless("kept", format!("what was kept: {error}")));
    }
    // A webhook that was applied before has a kind as well: only the source tells them apart.
    match (&row.kind, row.observed_us, row.source.as_str()) {
        (Some(kind), Some(observed_us), "read") => {
            let object = json(&row.body).map_err(|reason| nameless(kind, reason))?;
            of_read(kind, observed_us, &object)
        }
        _ => of_webhook(row),
    }
}

/// Understands what a read of `kind` answered.
///
/// # Errors
/// When it lacks what rules rest on.
pub fn of_read(kind: &str, observed_us: Micros, object: &Value) -> Result<Parsed, Unparsable> {
    understood(kind, kind, observed_us, true, object)
}

/// By which ids a webhook that merges nothing may name somebody: its own, its customer's, and what we called them (C§3.1).
/// A member's message and a checkout's hold names and addresses as a customer's does.
pub fn ids_named(row: &InboxRow) -> Vec<String> {
    let data = serde_json::from_slice::<Envelope>(&row.body).map_or(Value::Null, |envelope| envelope.data);
    let ids = ["id", "customer_id", "external_id", "external_customer_id", "customer_external_id"];
    ids.iter().filter_map(|key| data[key].as_str()).map(str::to_owned).collect()
}

fn of_webhook(row: &InboxRow) -> Result<Parsed, Unparsable> {
    let envelope: Envelope =
        serde_json::from_slice(&row.body).map_err(|error| nameless("unknown", format!("no envelope: {error}")))?;
    let Envelope { r#type: name, timestamp, data } = envelope;
    // Older senders wrote no timestamp; then the time of receipt is the best there is.
    let observed_us = timestamp.as_deref().and_then(parse_us).unwrap_or(row.received_at * 1000);
    let family = name.split_once('.').map_or(name.as_str(), |(family, _)| family).to_owned();
    // A state is a cache without past-due subscriptions, not a customer (C§2.6).
    let family = if name == "customer.state_changed" { "customer_state".to_owned() } else { family };
    understood(&name, &family, observed_us, false, &data)
}

fn understood(name: &str, family: &str, observed_us: Micros, read: bool, object: &Value) -> Result<Parsed, Unparsable> {
    let object_id = object["id"].as_str().map(str::to_owned);
    let dead = |error: projection::Unreadable| Unparsable {
        kind: name.to_owned(),
        object_id: object_id.clone(),
        reason: error.to_string(),
    };
    let fact = match (family, Kind::of_stored(family)) {
        (_, Some(kind)) => Fact::Object(Box::new(projection::mirrored(kind, object).map_err(dead)?)),
        ("customer", _) => Fact::Customer(projection::mirrored_customer(object).map_err(dead)?),
        ("checkout", _) => object_id.clone().map_or(Fact::Other, Fact::Checkout),
        _ => Fact::Other,
    };
    Ok(Parsed { kind: name.to_owned(), object_id, observed_us, read, fact })
}

fn json(body: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(body).map_err(|error| format!("no JSON: {error}"))
}

fn nameless(kind: &str, reason: String) -> Unparsable {
    Unparsable { kind: kind.to_owned(), object_id: None, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(body: &str) -> Result<Parsed, Unparsable> {
        parse(&InboxRow {
            seq: 1,
            source: "webhook".into(),
            kind: None,
            observed_us: None,
            body: body.into(),
            projection: None,
            received_at: 7,
            attempts: 1,
        })
    }

    fn settled(kept: String) -> InboxRow {
        InboxRow {
            seq: 1,
            source: "webhook".into(),
            kind: Some("customer.updated".into()),
            observed_us: None,
            body: Vec::new(),
            projection: Some(kept),
            received_at: 7,
            attempts: 0,
        }
    }

    #[test]
    fn unknown_kinds_are_understood_as_nothing() {
        let parsed = webhook(r#"{"type":"moon.risen","timestamp":"2026-11-21T17:07:03Z","data":{"id":"m"}}"#).unwrap();
        assert!(matches!(parsed.fact, Fact::Other));
        assert_eq!((parsed.object_id.as_deref(), parsed.observed_us), (Some("m"), 1_795_280_823_000_000));
    }

    #[test]
    fn a_state_is_no_customer_and_a_checkout_is_not_merged() {
        let state = webhook(r#"{"type":"customer.state_changed","data":{"id":"c"}}"#).unwrap();
        assert!(matches!(state.fact, Fact::Other) && state.observed_us == 7000);
        let checkout = webhook(r#"{"type":"checkout.updated","data":{"id":"k"}}"#).unwrap();
        assert!(matches!(checkout.fact, Fact::Checkout(id) if id == "k"));
    }

    #[test]
    fn what_is_kept_of_an_old_row_says_the_same() {
        let body = r#"{"type":"customer.updated","timestamp":"2026-11-21T17:07:03Z","data":{"id":"c",
            "created_at":"2026-11-21T17:07:01Z","external_id":"ann","email":"ann@example.org"}}"#;
        let parsed = webhook(body).unwrap();
        let kept = serde_json::to_string(&parsed).unwrap();
        assert!(!kept.contains("example.org"), "{kept}");
        let old = InboxRow { observed_us: Some(parsed.observed_us), ..settled(kept) };
        assert_eq!(parse(&old).unwrap(), parsed);
    }

    #[test]
    fn whom_a_message_may_name_is_read_from_each_of_its_ids() {
        let named = |body: &str| ids_named(&InboxRow { body: body.into(), ..settled(String::new()) });
        let member =
            r#"{"type":"member.deleted","data":{"id":"m","customer_id":"c","external_id":"ann","role":"owner"}}"#;
        assert_eq!(named(member), ["m", "c", "ann"]);
        let checkout =
            r#"{"type":"checkout.expired","data":{"id":"k","customer_id":null,"external_customer_id":"ann"}}"#;
        assert_eq!(named(checkout), ["k", "ann"]);
        assert!(named("").is_empty());
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        assert!(webhook("hello").unwrap_err().reason.contains("no envelope"));
        let dead = webhook(r#"{"type":"subscription.updated","data":{"id":"s"}}"#).unwrap_err();
        assert_eq!((dead.kind.as_str(), dead.object_id.as_deref()), ("subscription.updated", Some("s")));
    }
}

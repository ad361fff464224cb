//! What Polar no longer knows. A 404 about an object by its id is evidence (its absence from a list is none), so it is
//! stored like every other answer: the last known picture, marked as gone and dated by the answer. Nothing of it comes
//! from elsewhere, so the mirror stays a fold of the inbox, and an object that Polar shows again later wins again.

use crate::{
    model::{
        instant::{Micros, write_us},
        projection::Kind,
    },
    server::db::mirror::{CustomerRow, ObjectRow},
};
use serde_json::{Value, json};

/// Polar's `Date` is cut to the second: what changed before the answer did so before the end of that second.
const REST_OF_SECOND: Micros = 999_999;

/// The picture of a subscription or bill that Polar answered 404 about; `None` for kinds without an address of their own,
/// and for a stored row that cannot be read.
pub fn object(row: &ObjectRow, observed_us: Micros) -> Option<Value> {
    if !matches!(Kind::of_stored(&row.kind), Some(Kind::Subscription | Kind::Order)) {
        return None;
    }
    let mut picture: Value = serde_json::from_str(&row.projection).ok()?;
    date(&mut picture, &row.id, observed_us);
    picture["status"] = json!("gone");
    let tags = [("user_id", &row.metadata_user_id), ("order_id", &row.metadata_order_id)];
    let tags = tags.into_iter().filter_map(|(key, value)| Some((key.to_owned(), json!(value.as_ref()?))));
    picture["metadata"] = Value::Object(tags.collect());
    Some(picture)
}

/// The picture of a customer that Polar answered 404 about: deleted, at the latest when that was seen.
pub fn customer(row: &CustomerRow, observed_us: Micros) -> Value {
    let mut picture = json!({ "external_id": row.external_id, "deleted_at": write_us(observed_us) });
    date(&mut picture, &row.id, observed_us);
    picture
}

fn date(picture: &mut Value, id: &str, observed_us: Micros) {
    let seen = write_us(observed_us + REST_OF_SECOND);
    picture["id"] = json!(id);
    if picture["created_at"].is_null() {
        picture["created_at"] = json!(seen);
    }
    picture["modified_at"] = json!(seen);
    picture["gone"] = json!(true);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::projection::{mirrored, mirrored_customer};

    fn row(kind: Kind, polars: &Value) -> ObjectRow {
        let known = mirrored(kind, polars).expect("readable");
        ObjectRow {
            kind: kind.stored().to_owned(),
            id: known.id,
            customer_id: known.ties.customer_id,
            subscription_id: known.ties.subscription_id,
            order_id: known.ties.polar_order_id,
            checkout_id: known.ties.checkout_id,
            product_id: known.ties.product_id,
            metadata_user_id: known.ties.user_id,
            metadata_order_id: known.ties.order_id,
            status: known.status,
            version_us: known.version_us,
            observed_us: known.version_us,
            projection: known.projection,
            owner_id: None,
            owner_rule: None,
        }
    }

    #[test]
    fn what_is_gone_keeps_its_ties_and_is_newer_than_all_before() {
        let polars = json!({
            "id": "s", "created_at": "2026-01-01T00:00:00.000000Z", "modified_at": "2026-01-02T00:00:00.900000Z",
            "status": "active", "amount": 5, "currency": "usd", "customer_id": "c", "product_id": "p",
            "checkout_id": "k", "metadata": {"user_id": "u", "order_id": "o", "plan": "pro"},
        });
        let stored = row(Kind::Subscription, &polars);
        let same_second = stored.version_us - 900_000;
        let picture = object(&stored, same_second).expect("a picture");
        let gone = mirrored(Kind::Subscription, &picture).expect("readable");
        assert_eq!(gone.status.as_deref(), Some("gone"));
        assert_eq!(gone.ties, mirrored(Kind::Subscription, &polars).expect("readable").ties);
        assert!(gone.version_us > stored.version_us, "changed within the second of the answer, and before it");
        assert_eq!(gone.amount, Some(5));
    }

    #[test]
    fn a_deleted_customer_keeps_its_external_id() {
        let stored = CustomerRow {
            id: "c".to_owned(),
            external_id: Some("u".to_owned()),
            version_us: 5,
            observed_us: 5,
            projection: String::new(),
            deleted_at: None,
        };
        let gone = mirrored_customer(&customer(&stored, 7_000_000)).expect("readable");
        assert_eq!((gone.external_id.as_deref(), gone.deleted_us), (Some("u"), Some(7_000_000)));
        assert_eq!(gone.version_us, 7_999_999);
    }

    #[test]
    fn only_what_has_an_address_can_be_gone() {
        let refund = json!({
            "id": "r", "created_at": "2026-01-01T00:00:00.000000Z", "modified_at": null, "status": "succeeded",
            "amount": 5, "currency": "usd", "order_id": "o", "customer_id": "c",
        });
        assert_eq!(object(&row(Kind::Refund, &refund), 0), None);
    }
}

//! What we keep of Polar's objects: only the fields that pages and rules read. Everything else is tolerated and ignored,
//! so new fields and new words of Polar's break nothing (C§1.1).

use super::instant::{Micros, parse_us};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

mod facts;
mod prices;

pub use facts::{
    BenefitFacts, CustomerFacts, GrantFacts, OrderFacts, PendingUpdate, ProductFacts, RefundFacts, SubscriptionFacts,
};
pub use prices::{MeteredPrice, PriceFacts, PricedMeter};

/// The kinds of objects that the mirror holds, the customer apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something with prices.
    Product,
    /// A recurring contract.
    Subscription,
    /// A bill: Polar's own word for it is order.
    Order,
    /// Money of a bill that went back.
    Refund,
    /// A benefit that a customer has by a subscription or a bill.
    #[serde(rename = "benefit_grant")]
    Grant,
}

impl Kind {
    /// Each of them.
    pub const ALL: [Self; 5] = [Self::Product, Self::Subscription, Self::Order, Self::Refund, Self::Grant];

    /// As stored, and as the first part of an event's type.
    #[must_use]
    pub fn stored(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Subscription => "subscription",
            Self::Order => "order",
            Self::Refund => "refund",
            Self::Grant => "benefit_grant",
        }
    }

    /// Reads what [`Kind::stored`] wrote.
    #[must_use]
    pub fn of_stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.stored() == text)
    }
}

/// One object of Polar, ready for the mirror.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mirrored {
    /// Which kind.
    pub kind: Kind,
    /// Polar's id.
    pub id: String,
    /// max(`modified_at`, `created_at`).
    pub version_us: Micros,
    /// The ids it is tied by.
    pub ties: Ties,
    /// Polar's word for its state; a product is `archived` or `listed`.
    pub status: Option<String>,
    /// Minor units.
    pub amount: Option<i64>,
    /// Lower-case ISO code.
    pub currency: Option<String>,
    /// Why a bill was made; for logs.
    pub billing_reason: Option<String>,
    /// The facts as canonical JSON.
    pub projection: String,
}

/// The ids that tie an object to others, and to us.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ties {
    /// Polar's customer.
    pub customer_id: Option<String>,
    /// The subscription that a bill, a refund or a grant is about.
    pub subscription_id: Option<String>,
    /// Polar's order that a refund or a grant is about.
    pub polar_order_id: Option<String>,
    /// The checkout it came from.
    pub checkout_id: Option<String>,
    /// The product.
    pub product_id: Option<String>,
    /// Metadata `user_id`, which our checkouts carry.
    pub user_id: Option<String>,
    /// Metadata `order_id`, which our checkouts carry.
    pub order_id: Option<String>,
}

/// A customer, ready for the mirror.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MirroredCustomer {
    /// Polar's id.
    pub id: String,
    /// Our user id, if Polar has it.
    pub external_id: Option<String>,
    /// max(`modified_at`, `created_at`).
    pub version_us: Micros,
    /// When Polar deleted it, in microseconds.
    pub deleted_us: Option<Micros>,
    /// The facts as canonical JSON.
    pub projection: String,
}

/// Why an object cannot be read; becomes the reason of a dead inbox row.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// A field is missing or of another type.
    #[error("the {0} cannot be read: {1}")]
    Field(&'static str, serde_json::Error),
    /// There is no instant to order it by.
    #[error("the {0} has no readable created_at")]
    NoVersion(&'static str),
}

#[derive(Deserialize)]
struct Head {
    id: String,
    created_at: String,
    modified_at: Option<String>,
    #[serde(default, deserialize_with = "null_as_default")]
    metadata: BTreeMap<String, Value>,
}

impl Head {
    fn read(kind: &'static str, object: &Value) -> Result<Self, Unreadable> {
        Self::deserialize(object).map_err(|error| Unreadable::Field(kind, error))
    }

    fn version_us(&self, kind: &'static str) -> Result<Micros, Unreadable> {
        let created = parse_us(&self.created_at).ok_or(Unreadable::NoVersion(kind))?;
        let modified = self.modified_at.as_deref().and_then(parse_us);
        Ok(modified.map_or(created, |modified| modified.max(created)))
    }

    fn text(&self, key: &str) -> Option<String> {
        self.metadata.get(key)?.as_str().map(str::to_owned)
    }
}

fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// The facts of an object of `kind`, from Polar's JSON.
///
/// # Errors
/// When a field that rules rest on is missing or of another type.
pub fn mirrored(kind: Kind, object: &Value) -> Result<Mirrored, Unreadable> {
    let name = kind.stored();
    let head = Head::read(name, object)?;
    let mut ties = Ties { user_id: head.text("user_id"), order_id: head.text("order_id"), ..Ties::default() };
    let (status, amount, currency, projection) = match kind {
        Kind::Product => facts_of::<ProductFacts>(name, object)?.columns(),
        Kind::Subscription => facts_of::<SubscriptionFacts>(name, object)?.columns(&mut ties),
        Kind::Order => facts_of::<OrderFacts>(name, object)?.columns(&mut ties),
        Kind::Refund => facts_of::<RefundFacts>(name, object)?.columns(&mut ties),
        Kind::Grant => facts_of::<GrantFacts>(name, object)?.columns(&mut ties),
    };
    let billing_reason = object["billing_reason"].as_str().map(str::to_owned);
    let version_us = head.version_us(name)?;
    Ok(Mirrored { kind, version_us, id: head.id, ties, status, amount, currency, billing_reason, projection })
}

/// The facts of a customer, from Polar's JSON.
///
/// # Errors
/// When a field that rules rest on is missing or of another type.
pub fn mirrored_customer(object: &Value) -> Result<MirroredCustomer, Unreadable> {
    let head = Head::read("customer", object)?;
    let facts: CustomerFacts = facts_of("customer", object)?;
    let deleted_us = facts.deleted_at.as_deref().and_then(parse_us);
    let projection = canonical(&facts);
    Ok(MirroredCustomer {
        version_us: head.version_us("customer")?,
        id: head.id,
        external_id: facts.external_id.filter(|id| !id.is_empty()),
        deleted_us,
        projection,
    })
}

fn facts_of<'v, T: Deserialize<'v>>(kind: &'static str, object: &'v Value) -> Result<T, Unreadable> {
    T::deserialize(object).map_err(|error| Unreadable::Field(kind, error))
}

fn canonical(facts: &impl Serialize) -> String {
    serde_json::to_string(facts).expect("facts have string keys and plain values")
}

#[cfg(test)]
mod tests;

//! What can give access: subscriptions, one-time purchases, Polar's grants of a feature, and what staff gave.

use super::{instant::Millis, plan::Value};

/// One thing that may give access. Instants are billing time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A recurring contract.
    Subscription(Subscription),
    /// A paid one-time bill.
    Purchase(Purchase),
    /// A benefit of Polar's that names a feature.
    Grant(Grant),
    /// Something that staff gave.
    StaffGrant(StaffGrant),
}

/// A subscription, as far as access depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Polar's id.
    pub id: String,
    /// The plan of its product.
    pub plan: String,
    /// Polar's word.
    pub status: String,
    /// Since when a renewal is unpaid.
    pub past_due_at: Option<Millis>,
    /// When it will end.
    pub ends_at: Option<Millis>,
    /// When it was last seen like this.
    pub observed_at: Millis,
    /// Whether a benefit that Polar granted for it still stands: Polar's own grace goes on so long (C§4.1).
    pub grant_stands: bool,
}

/// A one-time purchase, as far as access depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// The id of Polar's order.
    pub id: String,
    /// The plan of its product.
    pub plan: String,
    /// Polar's word; `refunded` is a full refund.
    pub status: String,
    /// When it was bought.
    pub bought_at: Millis,
}

/// A benefit granted by Polar whose metadata names a feature of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Polar's id of the grant.
    pub id: String,
    /// The feature that the benefit names.
    pub feature: String,
    /// How much of it.
    pub value: Value,
    /// Granted and not revoked.
    pub stands: bool,
}

/// What a member of staff gave somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffGrant {
    /// Our id of it.
    pub id: String,
    /// What was given.
    pub what: Given,
    /// When it ends by itself; `None` for never.
    pub expires_at: Option<Millis>,
    /// Whether staff took it back.
    pub withdrawn: bool,
}

/// What a staff grant opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// All that a plan opens, by the plan's slug.
    Plan(String),
    /// One feature, so much of it.
    Feature(String, Value),
}

impl Source {
    /// The plan that it is of; `None` for a single feature.
    #[must_use]
    pub fn plan(&self) -> Option<&str> {
        match self {
            Self::Subscription(subscription) => Some(&subscription.plan),
            Self::Purchase(purchase) => Some(&purchase.plan),
            Self::StaffGrant(StaffGrant { what: Given::Plan(plan), .. }) => Some(plan),
            Self::Grant(_) | Self::StaffGrant(_) => None,
        }
    }

    /// Its kind, as entitlements and ledger name it, and its id.
    #[must_use]
    pub fn key(&self) -> (&'static str, &str) {
        match self {
            Self::Subscription(subscription) => ("subscription", &subscription.id),
            Self::Purchase(purchase) => ("purchase", &purchase.id),
            Self::Grant(grant) => ("grant", &grant.id),
            Self::StaffGrant(staff_grant) => ("staff_grant", &staff_grant.id),
        }
    }
}

//! The facts of each kind, named as Polar names them. Instants stay text: they are compared for equality here, and read
//! where a rule needs them.

use super::{
    super::plan,
    Ties, canonical, null_as_default,
    prices::{MeteredPrice, PriceFacts, metered},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// status, amount, currency, projection.
pub(super) type Columns = (Option<String>, Option<i64>, Option<String>, String);

/// A product: what can be bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductFacts {
    /// Polar's name.
    pub name: String,
    /// Cannot be bought any more.
    #[serde(default)]
    pub is_archived: bool,
    /// `public`, `private` or `draft`; absent means public.
    pub visibility: Option<String>,
    /// `day`, `week`, `month`, `year`; none for one-time products.
    pub recurring_interval: Option<String>,
    /// Every so many intervals.
    pub recurring_interval_count: Option<i64>,
    /// Unit of the trial.
    pub trial_interval: Option<String>,
    /// Length of the trial in that unit.
    pub trial_interval_count: Option<i64>,
    /// Every price, whatever its kind.
    #[serde(default, deserialize_with = "null_as_default")]
    pub prices: Vec<PriceFacts>,
    /// Our tag is the key `plan`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub metadata: BTreeMap<String, Value>,
}

impl ProductFacts {
    /// The plan that the product says it belongs to.
    #[must_use]
    pub fn plan(&self) -> Option<&str> {
        self.metadata.get("plan")?.as_str()
    }

    pub(super) fn columns(self) -> Columns {
        let status = if self.is_archived { "archived" } else { "listed" };
        (Some(status.to_owned()), None, None, canonical(&self))
    }
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionFacts {
    /// Polar's word: `active`, `trialing`, `past_due`, `paused`, `canceled`, …
    pub status: String,
    /// Minor units a period.
    pub amount: i64,
    /// Lower-case ISO code.
    pub currency: String,
    /// `day`, `week`, `month`, `year`.
    pub recurring_interval: Option<String>,
    /// Every so many intervals.
    pub recurring_interval_count: Option<i64>,
    /// Start of the present period.
    pub current_period_start: Option<String>,
    /// End of the present period: display only, never an end of access.
    pub current_period_end: Option<String>,
    /// End of the trial.
    pub trial_end: Option<String>,
    /// Set to end at the end of the period.
    #[serde(default)]
    pub cancel_at_period_end: bool,
    /// When the cancellation was asked for.
    pub canceled_at: Option<String>,
    /// When it will end.
    pub ends_at: Option<String>,
    /// When it ended.
    pub ended_at: Option<String>,
    /// Since when a renewal is unpaid.
    pub past_due_at: Option<String>,
    /// Polar's customer.
    pub customer_id: String,
    /// Polar's product.
    pub product_id: String,
    /// The checkout that made it.
    pub checkout_id: Option<String>,
    /// When it began.
    pub created_at: Option<String>,
    /// A change that waits for the next period.
    pub pending_update: Option<PendingUpdate>,
    /// Set to be paused at the end of the period. Left out while it is not: pictures that were kept before it was read are
    /// then the same as newer ones.
    #[serde(default, skip_serializing_if = "is_false")]
    pub pause_at_period_end: bool,
    /// What it pays for usage: of its prices the metered ones. Left out where there is none, for the same reason.
    #[serde(default, rename = "prices", deserialize_with = "metered", skip_serializing_if = "Vec::is_empty")]
    pub metered: Vec<MeteredPrice>,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// A change of a subscription that is scheduled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingUpdate {
    /// When it takes effect.
    pub applies_at: String,
    /// To this product.
    pub product_id: Option<String>,
}

impl SubscriptionFacts {
    pub(super) fn columns(self, ties: &mut Ties) -> Columns {
        ties.customer_id = Some(self.customer_id.clone());
        ties.product_id = Some(self.product_id.clone());
        ties.checkout_id.clone_from(&self.checkout_id);
        (Some(self.status.clone()), Some(self.amount), Some(self.currency.clone()), canonical(&self))
    }
}

/// A bill: what Polar calls an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFacts {
    /// `pending`, `paid`, `refunded`, `partially_refunded`, `void`, `draft`.
    pub status: String,
    /// `purchase`, `subscription_create`, `subscription_cycle`, `subscription_update`, …
    pub billing_reason: String,
    /// Minor units, tax and credits counted.
    pub total_amount: i64,
    /// Minor units that are really paid (C§11: cash, not `total_amount`).
    pub due_amount: Option<i64>,
    /// Minor units paid back.
    #[serde(default, deserialize_with = "null_as_default")]
    pub refunded_amount: i64,
    /// Lower-case ISO code.
    pub currency: String,
    /// The number on the invoice.
    pub invoice_number: Option<String>,
    /// One line for people.
    pub description: Option<String>,
    /// Polar's customer.
    pub customer_id: String,
    /// The product, none for bills of several.
    pub product_id: Option<String>,
    /// The subscription it bills.
    pub subscription_id: Option<String>,
    /// The checkout that made it.
    pub checkout_id: Option<String>,
    /// When it was made.
    pub created_at: String,
}

impl OrderFacts {
    /// Minor units that are really paid; of a credit nothing, never less.
    #[must_use]
    pub fn cash(&self) -> u64 {
        u64::try_from(self.due_amount.unwrap_or(self.total_amount)).unwrap_or(0)
    }

    pub(super) fn columns(self, ties: &mut Ties) -> Columns {
        ties.customer_id = Some(self.customer_id.clone());
        ties.product_id.clone_from(&self.product_id);
        ties.subscription_id.clone_from(&self.subscription_id);
        ties.checkout_id.clone_from(&self.checkout_id);
        (Some(self.status.clone()), Some(self.total_amount), Some(self.currency.clone()), canonical(&self))
    }
}

/// Money of a bill that went back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundFacts {
    /// `pending`, `succeeded`, `failed`, `canceled`.
    pub status: String,
    /// Polar's word for why.
    pub reason: Option<String>,
    /// Minor units, tax apart.
    pub amount: i64,
    /// Minor units of tax.
    #[serde(default, deserialize_with = "null_as_default")]
    pub tax_amount: i64,
    /// Lower-case ISO code.
    pub currency: String,
    /// Polar's order.
    pub order_id: String,
    /// The subscription that the order bills.
    pub subscription_id: Option<String>,
    /// Polar's customer.
    pub customer_id: String,
    /// When it was made.
    pub created_at: String,
}

impl RefundFacts {
    pub(super) fn columns(self, ties: &mut Ties) -> Columns {
        ties.customer_id = Some(self.customer_id.clone());
        ties.polar_order_id = Some(self.order_id.clone());
        ties.subscription_id.clone_from(&self.subscription_id);
        (Some(self.status.clone()), Some(self.amount), Some(self.currency.clone()), canonical(&self))
    }
}

/// A benefit that a customer has by a subscription or a bill. The same id is granted again after a revocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantFacts {
    /// Given.
    pub is_granted: bool,
    /// Taken back.
    pub is_revoked: bool,
    /// Which benefit.
    pub benefit: BenefitFacts,
    /// Polar's customer.
    pub customer_id: String,
    /// The subscription that it comes with.
    pub subscription_id: Option<String>,
    /// Polar's order that it comes with.
    pub order_id: Option<String>,
}

/// What a grant says of its benefit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BenefitFacts {
    /// `feature_flag`, `custom`, `meter_credit`, …
    pub r#type: String,
    /// Our tags are the keys `feature` and `limit`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub metadata: BTreeMap<String, Value>,
}

impl BenefitFacts {
    /// The feature of ours that it names, and how much of it.
    #[must_use]
    pub fn feature(&self) -> Option<(&str, plan::Value)> {
        let limit = self.metadata.get("limit").and_then(Value::as_i64);
        let feature = self.metadata.get("feature")?.as_str()?;
        Some((feature, limit.map_or(plan::Value::Switch(true), plan::Value::Limit)))
    }
}

impl GrantFacts {
    /// Whether it stands.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.is_granted && !self.is_revoked
    }

    /// Whether it shows that Polar's own grace goes on: a feature that stands. Units of a meter open nothing.
    #[must_use]
    pub fn keeps_open(&self) -> bool {
        self.stands() && self.benefit.r#type == "feature_flag"
    }

    /// The feature of ours that the benefit names, and how much of it.
    #[must_use]
    pub fn feature(&self) -> Option<(&str, plan::Value)> {
        self.benefit.feature()
    }

    pub(super) fn columns(self, ties: &mut Ties) -> Columns {
        ties.customer_id = Some(self.customer_id.clone());
        ties.subscription_id.clone_from(&self.subscription_id);
        ties.polar_order_id.clone_from(&self.order_id);
        let status = if self.stands() { "granted" } else { "revoked" };
        (Some(status.to_owned()), None, None, canonical(&self))
    }
}

/// A customer. Mail address and name are left at Polar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerFacts {
    /// Our user id, if Polar has it.
    pub external_id: Option<String>,
    /// When Polar deleted it.
    pub deleted_at: Option<String>,
}

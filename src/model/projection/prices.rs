//! The prices of products and subscriptions, named as Polar names them (C§2.2).

use super::{super::rate::Rate, null_as_default};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// One price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceFacts {
    /// Polar's id.
    pub id: String,
    /// `fixed`, `custom`, `seat_based`, `metered_unit`, or a word we do not know.
    pub amount_type: String,
    /// `catalog`, or `ad_hoc` for one checkout.
    pub source: Option<String>,
    /// Lower-case ISO code.
    pub price_currency: Option<String>,
    /// Minor units, of a fixed price.
    pub price_amount: Option<i64>,
    /// `inclusive`, `exclusive`, `location`; none: the organization's default.
    pub tax_behavior: Option<String>,
    /// No longer offered.
    #[serde(default)]
    pub is_archived: bool,
    /// What a unit costs, of a metered price. Kept as a number: Polar's first answer writes it as it was sent, later ones
    /// with twelve decimals (http/016, http/209).
    #[serde(default, deserialize_with = "readable", skip_serializing_if = "Option::is_none")]
    pub unit_amount: Option<Rate>,
    /// The most that one bill charges, of a metered price; minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_amount: Option<i64>,
    /// What is counted, of a metered price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meter: Option<PricedMeter>,
}

/// What a metered price says of its meter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricedMeter {
    /// Polar's id.
    pub id: String,
    /// What people read.
    pub name: String,
}

impl PriceFacts {
    /// Whether it is billed by what is used.
    #[must_use]
    pub fn is_metered(&self) -> bool {
        self.amount_type == "metered_unit"
    }

    /// Whether it is offered to everybody.
    #[must_use]
    pub fn is_on_sale(&self) -> bool {
        !self.is_archived && self.source.as_deref() != Some("ad_hoc")
    }
}

/// What a subscription pays for usage, as far as it cannot change under it: what is archived or renamed meanwhile is sold
/// to others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeteredPrice {
    /// What a unit costs.
    pub unit_amount: Rate,
    /// Lower-case ISO code.
    pub price_currency: String,
    /// The most that one bill charges; minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_amount: Option<i64>,
    /// What is counted.
    pub meter: PricedMeter,
}

/// What cannot be read as a price of a unit is none: such a price is not sold, and breaks nothing.
fn readable<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Rate>, D::Error> {
    let text = Value::deserialize(from)?;
    Ok(text.as_str().and_then(Rate::parse))
}

/// Of the prices of a subscription those that are billed by what is used: no others have all their fields.
pub(super) fn metered<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<MeteredPrice>, D::Error> {
    let prices: Vec<Value> = null_as_default(from)?;
    Ok(prices.into_iter().filter_map(|price| serde_json::from_value(price).ok()).collect())
}

//! What we send to Polar and read back. Mirror objects stay raw JSON: the mirror's projections read them.

use crate::model::{
    catalog::Trial, instant::parse_ms, money::Money, projection::MeteredPrice, quote::Charge, rate::Rate,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// One page of a list (C§1.3).
#[derive(Clone, Debug, Deserialize)]
pub struct Listed<T> {
    /// The objects.
    pub items: Vec<T>,
    /// Where this page is.
    pub pagination: Pagination,
}

/// Where a page is in its list.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Pagination {
    /// The number of the last page; 0 when the list is empty.
    pub max_page: u32,
}

/// The organization that the token belongs to (C§2.1).
#[derive(Clone, Debug, Deserialize)]
pub struct Organization {
    /// Polar's id.
    pub id: String,
    /// The name in addresses.
    pub slug: String,
    /// The name for people.
    pub name: String,
    /// The currency shown where a buyer's own is not offered.
    #[serde(default)]
    pub default_presentment_currency: Option<String>,
    /// What customers may do; absent from what others see of it.
    #[serde(default)]
    pub subscription_settings: Option<SubscriptionSettings>,
}

/// What an organization lets its customers do.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct SubscriptionSettings {
    /// Whether one customer may have several subscriptions at a time.
    #[serde(default)]
    pub allow_multiple_subscriptions: bool,
}

/// The body that makes a checkout (C§2.3): exactly one product.
#[derive(Clone, Debug, Serialize)]
pub struct CheckoutRequest {
    /// The one product.
    pub products: [String; 1],
    /// Lower-case ISO code of the quote.
    pub currency: String,
    /// OUR user id.
    pub external_customer_id: String,
    /// Only an address that we have verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_email: Option<String>,
    /// The browser's address; decides country and tax.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_ip_address: Option<String>,
    /// As quoted.
    pub allow_trial: bool,
    /// Where the buyer comes back; `{CHECKOUT_ID}` is filled in by Polar.
    pub success_url: String,
    /// The way back without paying.
    pub return_url: String,
    /// Copied to the order and subscription that come of it.
    pub metadata: BTreeMap<&'static str, String>,
}

/// A checkout, as far as we read it.
#[derive(Clone, Debug, Deserialize)]
pub struct Checkout {
    /// Polar's id.
    pub id: String,
    /// `open`, `confirmed` (not paid), `succeeded`, `expired`, `failed`.
    pub status: String,
    /// Where the buyer pays.
    pub url: String,
    expires_at: Option<String>,
    product_id: Option<String>,
    product_price_id: Option<String>,
    amount: i64,
    currency: String,
    active_trial_interval: Option<String>,
    active_trial_interval_count: Option<i64>,
    /// By product.
    prices: Option<BTreeMap<String, Vec<Value>>>,
}

impl Checkout {
    /// When it runs out, in milliseconds.
    #[must_use]
    pub fn expires_at(&self) -> Option<i64> {
        self.expires_at.as_deref().and_then(parse_ms)
    }

    /// What it will charge, to hold against the quote.
    #[must_use]
    pub fn charge(&self) -> Charge {
        let trial = match (&self.active_trial_interval, self.active_trial_interval_count) {
            (Some(unit), Some(count)) => Some(Trial { unit: unit.clone(), count }),
            _ => None,
        };
        Charge {
            product_id: self.product_id.clone(),
            price_id: self.product_price_id.clone(),
            amount: Money::new(self.amount, &self.currency),
            rates: self.rates(),
            trial,
        }
    }

    /// What usage costs by its product, in its currency.
    fn rates(&self) -> Vec<Rate> {
        let prices = self.prices.as_ref().zip(self.product_id.as_ref()).and_then(|(prices, id)| prices.get(id));
        let metered = prices.into_iter().flatten().filter_map(|price| MeteredPrice::deserialize(price).ok());
        let mut rates: Vec<Rate> =
            metered.filter(|price| price.price_currency == self.currency).map(|price| price.unit_amount).collect();
        rates.sort_unstable();
        rates
    }
}

/// A customer session: a key to Polar's portal (C§2.7). Never stored, never logged.
#[derive(Deserialize)]
pub struct Session {
    /// Where the portal is, with the key in it.
    pub customer_portal_url: String,
}

/// A bill that is paid back, wholly or in part.
#[derive(Clone, Copy, Debug)]
pub struct NewRefund<'r> {
    /// Polar's id of the bill.
    pub bill: &'r str,
    /// Net of tax, minor units.
    pub amount: i64,
    /// One of Polar's words.
    pub reason: &'r str,
    /// Our order.
    pub order: &'r str,
    /// Whether what a one-time purchase opened closes at Polar too; refused for a subscription's bill.
    pub closes: bool,
}

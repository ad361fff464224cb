//! Polar's API and its signatures: the only place that names reqwest.

mod client;
mod error;
mod meters;
mod pace;
mod papers;
mod products;
mod reads;
pub mod signature;
mod types;
mod usage;
mod webhooks;
mod writes;

pub(crate) use client::MOST_SKEW;
pub use client::{Access, Client, Seen};
pub use error::Error;
pub use meters::{Credit, CustomerMeter};
pub use pace::Pace;
pub use papers::Paper;
pub use products::{NewProduct, NewTrial, Price, ProductChange};
pub use reads::Page;
pub use types::{Checkout, CheckoutRequest, Listed, NewRefund, Organization, Session};
pub use usage::{Ingested, UsageEvent};
pub use webhooks::{Attempt, Endpoint, Event};

/// The version of Polar's API that this code is written against (C§1.1).
pub const VERSION: &str = "2026-04";

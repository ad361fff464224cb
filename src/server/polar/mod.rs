//! Polar's API and its signatures: the only place that names reqwest.

mod client;
mod error;
mod reads;
pub mod signature;
mod types;
mod writes;

pub(crate) use client::MOST_SKEW;
pub use client::{Client, Seen};
pub use error::Error;
pub use types::{Checkout, CheckoutRequest, Listed, NewProduct, Organization, ProductPrice, Session};

/// The version of Polar's API that this code is written against (C§1.1).
pub const VERSION: &str = "2026-04";

//! The eight scenarios of a shop's life, moved along by the sandbox's clock. Each is watched from three sides: what Polar
//! told and in which order (C§4.2), what the mirror and the ledger made of it, and what the customer reads.

mod benefits;
mod cancellation;
mod deletion;
mod deliveries;
mod failed_payment;
mod plan_changes;
mod purchase;
mod refunds;
pub mod scene;
mod subscription_created;

pub use scene::{MINUTE, PAYS_ONCE, Scene, text};

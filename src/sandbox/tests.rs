//! The sandbox over HTTP: what Boreal's own tests rely on, held against the recordings where they are present.

mod capture;
mod checkout;
mod delivery;
mod dunning;
mod harness;
mod pausing;
mod plans;
mod portal;
mod refunds;
mod subscriptions;
mod transport;

//! The sandbox over HTTP: what Boreal's own tests rely on, held against the recordings where they are present.

mod benefits;
mod checkout;
mod checkout_client;
mod command;
mod control;
mod deletion;
mod delivery;
mod disabling;
mod discounts;
mod dunning;
mod endpoints;
mod estimates;
mod figures;
mod guests;
mod harness;
mod histories;
mod metering;
mod organizations;
mod pausing;
mod plans;
mod portal;
mod previews;
mod pricing;
mod recorded;
mod refunds;
mod rights;
mod subscriptions;
mod transport;
mod travel;
mod usage;
#[path = "../../tests/witness/mod.rs"]
mod witness;

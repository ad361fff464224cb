//! The sandbox over HTTP: what Boreal's own tests rely on, held against the recordings where they are present.

mod benefits;
mod capture;
mod checkout;
mod command;
mod control;
mod deletion;
mod delivery;
mod discounts;
mod dunning;
mod endpoints;
mod harness;
mod metering;
mod organizations;
mod pausing;
mod plans;
mod portal;
mod previews;
mod pricing;
mod refunds;
mod rights;
mod subscriptions;
mod transport;
mod travel;
mod usage;

//! The sandbox over HTTP: what Boreal's own tests rely on, held against the recordings where they are present.

mod capture;
mod checkout;
mod delivery;
mod harness;
mod transport;

//! What happens to checkouts and subscriptions over time, and the events that it sends, in the order of C§4.2.

pub mod amounts;
pub mod announce;
pub mod balance;
pub mod begin;
pub mod billing;
pub mod cards;
pub mod change;
pub mod confirm;
pub mod currency;
pub mod discounting;
pub mod dunning;
pub mod ending;
pub mod fulfil;
pub mod grants;
pub mod jobs;
pub mod metering;
pub mod offer;
pub mod pausing;
pub mod plan;
pub mod preview;
pub mod renewal;
pub mod tax;
pub mod travel;
pub mod usage;

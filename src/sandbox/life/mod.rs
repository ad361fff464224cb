//! What happens to checkouts and subscriptions over time, and the events that it sends, in the order of C§4.2.

pub mod billing;
pub mod confirm;
pub mod ending;
pub mod fulfil;
pub mod grants;
pub mod jobs;
pub mod metering;
pub mod renewal;

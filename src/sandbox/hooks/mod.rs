//! Webhooks: the events, their signature, and the sender.

pub mod endpoint;
pub mod events;
pub mod queue;
pub mod sender;
pub mod signature;

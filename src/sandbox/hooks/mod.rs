//! Webhooks: the events, their signature, and the sender.

pub mod events;
pub mod sender;
pub mod signature;

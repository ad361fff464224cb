//! Registering, logging in and out.

/// Hashing of passwords and limits of log-in attempts.
#[derive(Clone, Default)]
pub struct Accounts {}

//! What the app does: no SQL text, no HTTP types.

pub mod accounts;

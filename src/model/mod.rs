//! Pure data and pure rules: no server, no database, no clock.

pub mod credentials;

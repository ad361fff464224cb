//! Pure data and pure rules: no server, no database, no clock.

pub mod act;
pub mod browser;
pub mod budget;
pub mod catalog;
pub mod cause;
pub mod change;
pub mod credentials;
pub mod ending;
pub mod fold;
pub mod instant;
pub mod job;
pub mod leaving;
pub mod letter;
pub mod merge;
pub mod money;
pub mod news;
pub mod order;
pub mod owner;
pub mod plan;
pub mod projection;
pub mod quote;
pub mod role;
pub mod source;
pub mod told;
pub mod typed;
pub mod verdict;

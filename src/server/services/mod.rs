//! What the app does: no SQL text, no HTTP types.

pub mod access;
pub mod accounts;
pub mod activity;
pub mod applying;
pub mod binding;
pub mod buying;
pub mod catalog;
pub mod changing;
pub mod checking;
pub mod confirming;
pub mod customers;
pub mod doubles;
pub mod explaining;
pub mod exporting;
pub mod guarding;
pub mod history;
pub mod leaving;
pub mod mailing;
pub mod measuring;
pub mod overview;
pub mod pacing;
pub mod papers;
pub mod portal;
pub mod pushing;
pub mod remedying;
pub mod replaying;
pub mod staffing;
pub mod syncing;
pub mod timeline;
pub mod usage;
pub mod watching;

use super::{db, polar};

/// Why a service could not do what it should: one of the parts it rests on is down.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error("the database failed: {0}")]
    Db(#[from] db::Error),
    /// Polar.
    #[error(transparent)]
    Polar(#[from] polar::Error),
    /// The work ended before its answer.
    #[error("the work was interrupted")]
    Interrupted,
}

/// A new id: a UUID whose order is that of time.
#[must_use]
pub fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

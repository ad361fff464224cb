//! What the server depends on, in one struct: made once at start, handed to everything.

use super::{clock::Clock, config::Config, db::Db, services::accounts::Accounts};
use std::{ops::Deref, sync::Arc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Every dependency of the server. Clones share them.
#[derive(Clone)]
pub struct State(Arc<Parts>);

/// The parts of [`State`].
pub struct Parts {
    /// The checked configuration.
    pub config: Config,
    /// Users, orders, the inbox, the mirror and entitlements.
    pub db: Db,
    /// Wall time and billing time.
    pub clock: Clock,
    /// Hashing of passwords and limits of log-in attempts.
    pub accounts: Accounts,
    /// Cancelled once requests have ended: background tasks finish what they hold and stop.
    pub shutdown: CancellationToken,
    /// Background tasks, which the server waits for before it ends.
    pub tasks: TaskTracker,
}

impl State {
    /// Shares the parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for State {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

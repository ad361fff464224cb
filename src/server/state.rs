//! What the server depends on, in one struct: made once at start, handed to everything.

use super::{
    clock::Clock,
    config::Config,
    db::{Db, inbox::Intake},
    mail::Mailer,
    polar,
    services::{accounts::Accounts, binding::Known, catalog, usage::Recorder},
};
use crate::model::plan::Plans;
use secrecy::SecretString;
use std::{ops::Deref, sync::Arc};
use tokio::sync::Notify;
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
    /// Where webhooks become durable.
    pub intake: Intake,
    /// Where uses become durable that come on their own.
    pub recorder: Recorder,
    /// Wall time and billing time.
    pub clock: Clock,
    /// Polar's API.
    pub polar: polar::Client,
    /// What webhooks may be signed with.
    pub webhook_secrets: Vec<SecretString>,
    /// What Polar said about its organization.
    pub known: Known,
    /// What we sell.
    pub plans: Plans,
    /// The plans with Polar's live prices.
    pub catalog: catalog::Cache,
    /// Where mail goes.
    pub mail: Arc<Mailer>,
    /// Hashing of passwords and limits of log-in attempts.
    pub accounts: Accounts,
    /// Ends the pauses of background loops.
    pub wake: Wake,
    /// Cancelled to stop the server from inside: then no new request is taken.
    pub stop: CancellationToken,
    /// Cancelled once requests have ended: background tasks finish what they hold and stop.
    pub shutdown: CancellationToken,
    /// Background tasks, which the server waits for before it ends.
    pub tasks: TaskTracker,
}

/// One bell for each background loop that need not wait for its next look.
#[derive(Default)]
pub struct Wake {
    /// A webhook was stored.
    pub inbox: Notify,
    /// A job may have been queued.
    pub jobs: Notify,
    /// A mail was queued.
    pub mail: Notify,
    /// Something was used.
    pub usage: Notify,
    /// Something that a page shows may have changed: every open stream looks.
    pub live: Notify,
}

impl State {
    /// Shares the parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The same plans, clock and configuration over another database, with nothing else shared.
    #[must_use]
    pub fn over(&self, db: Db) -> Self {
        Self::new(Parts {
            config: self.config.clone(),
            intake: Intake::start(db.clone()),
            recorder: Recorder::start(db.clone()),
            db,
            clock: self.clock.clone(),
            polar: self.polar.clone(),
            webhook_secrets: self.webhook_secrets.clone(),
            known: Known::default(),
            plans: self.plans.clone(),
            catalog: catalog::Cache::default(),
            mail: self.mail.clone(),
            accounts: Accounts::default(),
            wake: Wake::default(),
            stop: CancellationToken::new(),
            shutdown: CancellationToken::new(),
            tasks: TaskTracker::new(),
        })
    }
}

impl Deref for State {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

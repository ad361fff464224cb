//! One budget of requests for all nodes, kept in the database.

use crate::{
    model::budget::{Limit, Urgency},
    server::{
        clock::Clock,
        db::{Db, budget},
        polar::Pace,
    },
};
use async_trait::async_trait;
use std::time::Duration;

/// The budget in the database.
pub struct SharedPace {
    /// Where it is kept.
    pub db: Db,
    /// Wall time decides.
    pub clock: Clock,
    /// What Polar takes in a minute.
    pub limit: Limit,
}

#[async_trait]
impl Pace for SharedPace {
    async fn leave(&self, urgency: Urgency) -> Result<(), Duration> {
        match budget::take(&self.db, self.limit, urgency, self.clock.wall()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(wait)) => {
                metrics::counter!("polar_budget_waits_total", "urgency" => format!("{urgency:?}")).increment(1);
                Err(Duration::from_millis(wait.unsigned_abs()))
            }
            // Polar counts as well: a database that is down for a moment is no reason to sell nothing.
            Err(error) => {
                tracing::warn!(error = %error, "the budget of requests cannot be read");
                Ok(())
            }
        }
    }

    async fn hold(&self, pause: Duration) {
        metrics::counter!("polar_holds_total").increment(1);
        let now = self.clock.wall();
        let until = now.saturating_add(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
        if let Err(error) = budget::hold(&self.db, self.limit, now, until).await {
            tracing::warn!(error = %error, "other nodes cannot be told that Polar asks for fewer requests");
        }
    }
}

//! Who may send now. Polar limits an organization, so all nodes share one budget; where it is kept is not ours to know.

use crate::model::budget::Urgency;
use async_trait::async_trait;
use std::time::Duration;

/// Gives leave to send.
#[async_trait]
pub trait Pace: Send + Sync {
    /// Takes leave for one request.
    ///
    /// # Errors
    /// How long it takes until leave may be had.
    async fn leave(&self, urgency: Urgency) -> Result<(), Duration>;

    /// Polar asked everybody to be quiet for so long.
    async fn hold(&self, pause: Duration);
}

/// How often a read is tried in all: a sweep is long, and one read that fails for good would end it.
pub(super) fn tries(urgency: Urgency) -> u32 {
    match urgency {
        Urgency::Buying | Urgency::Confirming | Urgency::Following => 3,
        Urgency::Sweeping => 8,
    }
}

/// The longest that a request waits for leave, and for another try.
pub(super) fn patience(urgency: Urgency) -> Duration {
    match urgency {
        Urgency::Buying | Urgency::Confirming | Urgency::Following => Duration::from_secs(2),
        Urgency::Sweeping => Duration::from_secs(60),
    }
}

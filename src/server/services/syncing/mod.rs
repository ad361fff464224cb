//! Reading Polar: what a read finds goes through the inbox like every webhook, so the order of both does not matter.

mod asking;
mod gone;
mod lists;
mod look;
mod observing;
mod reading;
mod report;
mod sweep;
mod timetable;
mod user;

pub use asking::{after_confirmation, after_log_in};
pub use observing::{Unchanged, observe};
pub use reading::{read_customer, read_object, read_subscriptions};
pub use report::{Line, Report};
pub use sweep::{Run, Sweep, What, in_turn, run};
pub use timetable::run_due;
pub use user::sync_user;

use super::Error;
use crate::server::state::State;

/// Asks the sandbox for its time, which every answer carries and the client follows.
///
/// # Errors
/// When the sandbox does not answer.
pub async fn follow_clock(state: &State) -> Result<(), Error> {
    state.polar.clock_skew().await?;
    Ok(())
}

//! Usage: what people use of what is metered, counted once, sent to Polar once, and held against what their plans allow.
//!
//! For work whose cost is known beforehand, [`spend`] looks whether enough is left and counts, at once. For work whose cost is
//! known only afterwards, [`hold`] sets so much aside and [`settle`] counts what it really was. [`record`] only counts. A
//! browser can reach none of them: they are called by the product, on the server.

mod alerts;
mod holding;
mod limiting;
mod reconciling;
mod recording;
mod sending;
mod showing;
mod spending;
mod standing;

pub use alerts::choose as choose_alerts;
pub use holding::{Held, Settled, hold, release, settle};
pub use limiting::{Limit, choose as choose_limit, of as limit};
pub use reconciling::{reconcile, reconcile_due};
pub use recording::{Recorded, Recorder, record, record_in};
pub use sending::{flush, send_due};
pub use showing::{Past, Shown, UseRow, now, past};
pub use spending::{Spent, spend, spend_in};
pub use standing::{balance, balance_in};

use super::new_id;
use crate::{
    model::usage::Use,
    server::{db::usage_events::NewEvent, state::State},
};

/// A use as it is to be written down now.
fn new_event(state: &State, user: &str, used: &Use, kept: bool) -> NewEvent {
    NewEvent {
        id: new_id(),
        user_id: user.to_owned(),
        used: used.clone(),
        kept,
        counted_at: state.clock.billing(),
        now: state.clock.wall(),
    }
}

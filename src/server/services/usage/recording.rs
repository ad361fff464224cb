//! Writing down what was used, whether or not anything allows it.

use super::{super::Error, new_event};
use crate::{
    model::usage::Use,
    server::{
        db::{
            self, Db, Together, Tx,
            usage_events::{self, NewEvent},
        },
        state::State,
    },
};

/// Whether something was written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is, durably.
    New,
    /// Its key was used before; the first one counts.
    Again,
}

/// What writes uses down that come on their own; cheap to clone. On SQLite those that wait at the same moment share one
/// durable commit.
#[derive(Clone)]
pub struct Recorder(Together<NewEvent, bool>);

impl Recorder {
    /// Starts it. It ends when the last handle is dropped.
    #[must_use]
    pub fn start(db: Db) -> Self {
        Self(Together::start(db, |tx, event| Box::pin(usage_events::insert(tx, event))))
    }
}

/// Writes down that `user` used something; it is durable when this returns, and reaches Polar in a while.
///
/// # Errors
/// When it could not be written down: then it does not count, and may be recorded again with the same key.
pub async fn record(state: &State, user: &str, used: &Use) -> Result<Recorded, Error> {
    let event = new_event(state, user, used, false);
    let new = if state.db.locks_rows() {
        state.db.transaction(async |tx| usage_events::insert(tx, &event).await).await?
    } else {
        let stored = state.recorder.0.put(event).await;
        stored.map_err(|error| db::Error::Io(std::io::Error::other(error.to_string())))?
    };
    state.wake.usage.notify_one();
    Ok(if new { Recorded::New } else { Recorded::Again })
}

/// As [`record`], inside a transaction of the caller's: it counts if, and only if, that is committed.
///
/// # Errors
/// When the database fails; the transaction must then be rolled back.
pub async fn record_in(tx: &mut Tx, state: &State, user: &str, used: &Use) -> Result<Recorded, db::Error> {
    let new = usage_events::insert(tx, &new_event(state, user, used, false)).await?;
    wake_after(tx, state);
    Ok(if new { Recorded::New } else { Recorded::Again })
}

/// Wakes the sender once there is something for it.
pub(super) fn wake_after(tx: &mut Tx, state: &State) {
    let state = state.clone();
    tx.after_commit(move || state.wake.usage.notify_one());
}

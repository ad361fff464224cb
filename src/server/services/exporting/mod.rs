//! A copy of everything that is held about somebody: asked for by them, made by a job, mailed as a link that opens once, and
//! not kept for longer than that.

mod gathering;
mod making;

pub use making::make;

use super::{Error, new_id};
use crate::{
    model::{
        instant::{DAY, Millis},
        job::EXPORT,
    },
    server::{
        db::{self, audit, exports, jobs, users},
        services::accounts::Asking,
        state::State,
    },
};

pub use db::exports::ExportRow;

/// So long a copy can be fetched.
const LASTS: Millis = 3 * DAY;

/// So long after one copy another can be asked for.
const PAUSE: Millis = 10 * 60 * 1000;

/// How far somebody's copy is; `None` if none was asked for.
///
/// # Errors
/// When the database fails.
pub async fn standing(state: &State, user: &str) -> Result<Option<ExportRow>, Error> {
    let now = state.clock.wall();
    let row = exports::of(&state.db, user).await?;
    Ok(row.map(|row| match row.expires_at {
        Some(until) if row.state == "ready" && until <= now => ExportRow { state: "expired".to_owned(), ..row },
        _ => row,
    }))
}

/// Asks for a copy; `false` while one is being made, or soon after one was asked for.
///
/// # Errors
/// When the database fails.
pub async fn ask(state: &State, asking: Asking<'_>) -> Result<bool, Error> {
    let (user, now) = (asking.user, state.clock.wall());
    let asked: Result<bool, db::Error> = (state.db)
        .transaction(async |tx| {
            users::lock(tx, user).await?;
            let asked = exports::ask(tx, user, now, now - PAUSE).await?;
            if asked {
                let (whose, ip) = (Some(user), asking.from.to_string());
                let action = "copy of data asked for";
                let entry =
                    audit::Entry { actor: whose, action, user: whose, target: None, details: None, ip: Some(&ip) };
                audit::add(tx, entry, now).await?;
                jobs::queue(tx, &new_id(), EXPORT, user, now).await?;
            }
            Ok(asked)
        })
        .await;
    state.wake.jobs.notify_one();
    Ok(asked?)
}

/// Whether the key of a link opens somebody's copy; uses nothing up.
///
/// # Errors
/// When the database fails.
pub async fn opens(state: &State, user: &str, key: &str) -> Result<bool, Error> {
    Ok(exports::opens(&state.db, user, key, state.clock.wall()).await?)
}

/// Fetches the copy, once: it is not kept any longer. `None` where the key does not open it.
///
/// # Errors
/// When the database fails.
pub async fn fetch(state: &State, user: &str, key: &str) -> Result<Option<Vec<u8>>, Error> {
    let now = state.clock.wall();
    let fetched: Result<Option<Vec<u8>>, db::Error> = (state.db)
        .transaction(async |tx| {
            users::lock(tx, user).await?;
            if !exports::opens(&mut *tx, user, key, now).await? {
                return Ok(None);
            }
            let contents = exports::contents(tx, user).await?;
            exports::used(tx, user).await?;
            Ok(contents)
        })
        .await;
    Ok(fetched?)
}

/// Copies that nobody fetched in time are not kept any longer.
///
/// # Errors
/// When the database fails.
pub async fn sweep(state: &State) -> Result<u64, db::Error> {
    exports::sweep(&state.db, state.clock.wall()).await
}

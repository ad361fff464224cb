//! The inbox, for people: looking through it, and trying again what could not be applied.

use super::{super::Error, Act, Actor, Refused, note};
use crate::server::{
    db::inbox_shelf::{self, Contents, ShelfRow},
    state::State,
};

pub use inbox_shelf::Filter;

/// So many rows are shown at once.
const PAGE: i64 = 50;

/// One row with all that it holds.
#[derive(Clone, Debug)]
pub struct Shelved {
    /// As the list has it.
    pub row: ShelfRow,
    /// Polar's id of the event.
    pub webhook_id: Option<String>,
    /// Its contents as text, JSON on several lines; of an old row, what was kept of it.
    pub payload: String,
    /// Whether only the facts are left.
    pub is_thin: bool,
}

/// The newest rows that fit, and the number before which the next page begins.
///
/// # Errors
/// When the database fails.
pub async fn list(state: &State, filter: &Filter) -> Result<(Vec<ShelfRow>, Option<i64>), Error> {
    let rows = inbox_shelf::list(&state.db, filter, PAGE).await?;
    let full = i64::try_from(rows.len()).is_ok_and(|count| count == PAGE);
    let next = rows.last().filter(|_| full).map(|row| row.seq);
    Ok((rows, next))
}

/// The kinds that rows have.
///
/// # Errors
/// When the database fails.
pub async fn kinds(state: &State) -> Result<Vec<String>, Error> {
    Ok(inbox_shelf::kinds(&state.db).await?.into_iter().map(|row| row.0).collect())
}

/// One row.
///
/// # Errors
/// When the database fails.
pub async fn row(state: &State, seq: i64) -> Result<Option<Shelved>, Error> {
    let row = inbox_shelf::row(&state.db, seq).await?;
    let Some((row, contents)) = row.zip(inbox_shelf::contents(&state.db, seq).await?) else { return Ok(None) };
    let Contents { webhook_id, body, projection } = contents;
    let text = projection.clone().unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned());
    let read = serde_json::from_str::<serde_json::Value>(&text).ok();
    let payload = read.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or(text);
    Ok(Some(Shelved { row, webhook_id, payload, is_thin: projection.is_some() }))
}

/// Makes a dead row due again.
///
/// # Errors
/// See [`Refused`].
pub async fn retry(state: &State, actor: &Actor, seq: i64) -> Result<(), Refused> {
    let now = state.clock.wall();
    let done: Result<(), Refused> = (state.db)
        .transaction(async |tx| {
            if !inbox_shelf::revive(tx, seq, now).await? {
                return Err(Refused::Gone);
            }
            let target = format!("inbox:{seq}");
            let act = Act { action: "retry", user: None, target: &target, details: "a dead row of the inbox" };
            note(tx, actor, act, now).await?;
            Ok(())
        })
        .await;
    state.wake.inbox.notify_one();
    done
}

//! Old rows of the inbox give way to what rules read of them: the facts stay for ever, names and addresses do not.

use super::{super::Error, fact};
use crate::{
    model::instant::DAY,
    server::{
        db::{inbox::InboxRow, inbox_shelf},
        state::State,
    },
};

/// So many rows at once.
const BATCH: i64 = 200;

/// Thins what is older than the configuration says; how many rows.
///
/// # Errors
/// When the database fails.
pub async fn thin(state: &State) -> Result<usize, Error> {
    let before = state.clock.wall() - i64::from(state.config.keep_bodies_days) * DAY;
    let (mut count, mut unreadable) = (0, 0);
    loop {
        let rows = inbox_shelf::thick(&state.db, before, (BATCH, unreadable)).await?;
        if rows.is_empty() {
            return Ok(count);
        }
        for row in &rows {
            if thin_row(state, row).await? {
                count += 1;
            } else {
                unreadable += 1;
            }
        }
    }
}

/// Thins one settled row; `false` if it keeps its bytes, because it cannot be read any more.
///
/// # Errors
/// When the database fails.
pub async fn thin_row(state: &State, row: &InboxRow) -> Result<bool, Error> {
    // What was settled was understood; were it not so any more, its bytes must stay.
    let Some(kept) = fact::parse(row).ok().and_then(|parsed| serde_json::to_string(&parsed).ok()) else {
        tracing::error!(seq = row.seq, "an old row cannot be read any more and keeps its bytes");
        return Ok(false);
    };
    inbox_shelf::thin(&state.db, row.seq, &kept).await?;
    Ok(true)
}

//! What happened to an account: who did what, when and from where.

use super::Error;
use crate::{
    model::{
        act::{By, in_words},
        instant::Millis,
    },
    server::{
        db::audit::{self, AuditRow},
        state::State,
    },
};

/// So many acts are shown at once.
const PAGE: i64 = 50;

/// One act, as the person is told whom it happened to. Who of the staff it was, from where and why is not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Wall time.
    pub at: Millis,
    /// A sentence.
    pub what: String,
    /// Who.
    pub by: By,
    /// From which address; what staff did has none.
    pub from: Option<String>,
}

/// Acts, newest first, and the number before which the next page begins.
pub type Page<T> = (Vec<T>, Option<i64>);

/// What happened to the account of `user`, as they are told; `before` is the number of an act.
///
/// # Errors
/// When the database fails.
pub async fn of(state: &State, user: &str, before: Option<i64>) -> Result<Page<Told>, Error> {
    let (rows, earlier) = for_staff(state, user, before).await?;
    Ok((rows.into_iter().map(|row| told(row, user)).collect(), earlier))
}

/// The same as it is written down.
///
/// # Errors
/// When the database fails.
pub async fn for_staff(state: &State, user: &str, before: Option<i64>) -> Result<Page<AuditRow>, Error> {
    let mut rows = audit::of_user(&state.db, user, before.unwrap_or(i64::MAX), PAGE + 1).await?;
    let more = i64::try_from(rows.len()).is_ok_and(|count| count > PAGE);
    rows.truncate(PAGE as usize);
    let earlier = rows.last().filter(|_| more).map(|row| row.seq);
    Ok((rows, earlier))
}

fn told(row: AuditRow, user: &str) -> Told {
    let by = By::of(row.actor_id.as_deref(), user);
    Told { at: row.at, what: in_words(&row.action), by, from: row.ip.filter(|_| by == By::You) }
}

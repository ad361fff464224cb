//! Cases: what the machine noticed and people decide.

use super::{super::Error, Act, Actor, Refused, note, reason};
use crate::server::{
    db::{
        cases::{self, CaseRow},
        endings, refolds,
    },
    state::State,
};

/// A case.
pub type Case = CaseRow;

/// The open cases, oldest first, and those that were closed last.
///
/// # Errors
/// When the database fails.
pub async fn cases(state: &State) -> Result<(Vec<Case>, Vec<Case>), Error> {
    Ok((cases::open(&state.db).await?, cases::closed(&state.db).await?))
}

/// One case.
///
/// # Errors
/// When the database fails.
pub async fn case(state: &State, id: &str) -> Result<Option<Case>, Error> {
    Ok(cases::by_id(&state.db, id).await?)
}

/// Closes a case with how it ended.
///
/// # Errors
/// See [`Refused`].
pub async fn close(state: &State, actor: &Actor, id: &str, outcome: &str) -> Result<(), Refused> {
    let (outcome, now) = (reason(outcome)?, state.clock.wall());
    let case = case(state, id).await?.ok_or(Refused::Gone)?;
    (state.db)
        .transaction(async |tx| {
            if let Some(user) = &case.user_id {
                refolds::lock_user(tx, user).await?;
            }
            if endings::of_case(&mut *tx, id).await?.iter().any(|ending| ending.state == "open") {
                return Err(Refused::UnderWay);
            }
            if !cases::close(tx, id, &actor.id, outcome, now).await? {
                return Err(Refused::Gone);
            }
            let target = format!("case:{id}");
            let act = Act { action: "close case", user: case.user_id.as_deref(), target: &target, details: outcome };
            note(tx, actor, act, now).await?;
            Ok(())
        })
        .await
}

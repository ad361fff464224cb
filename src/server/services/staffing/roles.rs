//! Roles: given at the command line.

use super::super::Error;
use crate::{
    model::role::Role,
    server::{
        db::{self, audit, users},
        state::State,
    },
};

/// Gives `user` a role. It holds from their next request.
///
/// # Errors
/// When the database fails.
pub async fn set_role(state: &State, user: &str, role: Role) -> Result<(), Error> {
    let done: Result<(), db::Error> = (state.db)
        .transaction(async |tx| {
            users::set_role(tx, user, role.stored()).await?;
            let (action, details) = ("set role", Some(role.stored()));
            let entry = audit::Entry { actor: None, action, user: Some(user), target: None, details, ip: None };
            audit::add(tx, entry, state.clock.wall()).await.map(drop)
        })
        .await;
    Ok(done?)
}

//! What people decide about an object of Polar's enters here: under the locks of a merge, with its own cause.

use super::{
    super::Error,
    folding::refold,
    merging::{Failure, Rollback},
    owning,
};
use crate::{
    model::projection::Kind,
    server::{
        db::{self, Tx, entitlements::Cause, mirror, mirror::ObjectRow, refolds},
        state::State,
    },
};
use std::collections::BTreeSet;

/// Runs `write`, which notes the decision and says what it is as a cause; then owners and access follow. `users` are
/// those known to be concerned. `write` runs anew when more turn out to be.
///
/// # Errors
/// When the database fails: then nothing was decided.
pub async fn decide(
    state: &State,
    object: &ObjectRow,
    mut users: BTreeSet<String>,
    write: impl AsyncFn(&mut Tx) -> Result<Cause, db::Error>,
) -> Result<(), Error> {
    users.extend(object.owner_id.clone());
    loop {
        let attempt = state.db.transaction(async |tx| attempt(tx, state, object, &users, &write).await).await;
        match attempt {
            Ok(()) => break,
            Err(Rollback::MoreUsers(more)) => users.extend(more),
            Err(Rollback::Failed(Failure::Db(error))) => return Err(error.into()),
            Err(Rollback::Failed(Failure::LeaseLost)) => return Err(Error::Interrupted),
        }
    }
    state.wake.jobs.notify_one();
    Ok(())
}

async fn attempt(
    tx: &mut Tx,
    state: &State,
    object: &ObjectRow,
    locked: &BTreeSet<String>,
    write: &impl AsyncFn(&mut Tx) -> Result<Cause, db::Error>,
) -> Result<(), Rollback> {
    mirror::lock_products(tx, false).await?;
    let Some(customer) = &object.customer_id else { return Err(db::Error::RowNotFound.into()) };
    mirror::lock_customer(tx, customer).await?;
    for user in locked {
        refolds::lock_user(tx, user).await?;
    }
    let cause = write(tx).await?;
    let external_id = mirror::customer(&mut *tx, customer).await?.and_then(|row| row.external_id);
    let about = Kind::of_stored(&object.kind).map(|kind| (kind, object.id.as_str()));
    let touched = owning::touched(tx, customer, about).await?;
    let now = state.clock.wall();
    let owners = owning::update(tx, &touched, external_id.as_deref(), now).await?;
    if !owners.users.is_subset(locked) {
        return Err(Rollback::MoreUsers(owners.users));
    }
    for user in &owners.users {
        refold(tx, state, user, &cause, now).await?;
    }
    Ok(())
}

//! What people decide about the owner of an object enters here: under the locks of a merge, with its own cause.

use super::{
    super::Error,
    folding::refold,
    merging::{Failure, Rollback},
    owning,
};
use crate::{
    model::{cause::CauseKind, projection::Kind},
    server::{
        db::{
            self, Tx, audit,
            entitlements::Cause,
            mirror::{self, ObjectRow},
            quarantine::{self, Decision},
            refolds,
        },
        state::State,
    },
};
use std::collections::BTreeSet;

/// An object is somebody's because staff says so.
#[derive(Clone, Copy, Debug)]
pub struct Attribution<'a> {
    /// Which object.
    pub object: &'a ObjectRow,
    /// Whose it is from now on.
    pub user: &'a str,
    /// Who decides, and why.
    pub by: Decision<'a>,
    /// The line of the audit log.
    pub entry: audit::Entry<'a>,
}

/// Notes it; owners and access follow in the same transaction.
///
/// # Errors
/// When the database fails: then nothing was decided.
pub async fn attribute(state: &State, attribution: &Attribution<'_>) -> Result<(), Error> {
    let mut users = BTreeSet::from([attribution.user.to_owned()]);
    users.extend(attribution.object.owner_id.clone());
    loop {
        let attempt = state.db.transaction(async |tx| attempt(tx, state, attribution, &users).await).await;
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
    attribution: &Attribution<'_>,
    locked: &BTreeSet<String>,
) -> Result<(), Rollback> {
    let Attribution { object, user, by, entry } = *attribution;
    let Some(customer) = &object.customer_id else { return Err(db::Error::RowNotFound.into()) };
    mirror::lock_products(tx, false).await?;
    mirror::lock_customer(tx, customer).await?;
    for user in locked {
        refolds::lock_user(tx, user).await?;
    }
    quarantine::attribute(tx, (&object.kind, &object.id), user, by).await?;
    let cause = Cause { kind: CauseKind::Staff, id: audit::add(tx, entry, by.at).await?.to_string() };
    let external_id = mirror::customer(&mut *tx, customer).await?.and_then(|row| row.external_id);
    let about = Kind::of_stored(&object.kind).map(|kind| (kind, object.id.as_str()));
    let touched = owning::touched(tx, customer, about).await?;
    let owners = owning::update(tx, &touched, external_id.as_deref(), by.at).await?;
    if !owners.users.is_subset(locked) {
        return Err(Rollback::MoreUsers(owners.users));
    }
    for user in &owners.users {
        refold(tx, state, user, &cause, by.at).await?;
    }
    Ok(())
}

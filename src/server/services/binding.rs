//! Which Polar this database belongs to: bound at the first answer, compared at every start.

use super::Error;
use crate::server::{
    db::installation::{self, Installation},
    state::State,
};

/// What the comparison found.
#[derive(Clone, Debug)]
pub enum Bound {
    /// The token's organization is the database's.
    To(Installation),
    /// Another Polar: the server must not start; one sentence on what to do.
    Mismatch(String),
}

/// Asks Polar whose token this is, binds a new database, compares an old one.
///
/// # Errors
/// When Polar or the database fails; with a bound database the server then goes on and compares at the next answer.
pub async fn compare(state: &State) -> Result<Bound, Error> {
    let organization = state.polar.organization().await?;
    let to = Installation {
        api_base: state.polar.base().to_owned(),
        organization_id: organization.id,
        organization_slug: organization.slug,
        organization_name: organization.name,
        plans_hash: None,
    };
    let held = installation::bind(&state.db, &to, state.clock.wall()).await?;
    let same_organization = held.organization_id == to.organization_id;
    // The sandbox's port may change from start to start; a real API's address may not.
    if same_organization && (held.api_base == to.api_base || state.config.uses_sandbox()) {
        state.remember_currency(organization.default_presentment_currency);
        if installation::plans_changed(&state.db, state.plans.hash(), state.clock.billing()).await? {
            tracing::info!("the plans changed: access of every owner is computed again");
        }
        return Ok(Bound::To(held));
    }
    Ok(Bound::Mismatch(format!(
        "This database belongs to the organization {} at {}, but the access token is for {} at {}: set BOREAL_DATABASE_URL \
         to another database, or use the token of {}.",
        held.organization_name, held.api_base, to.organization_name, to.api_base, held.organization_name
    )))
}

/// Whether anything may be sold or applied yet.
///
/// # Errors
/// When the database fails.
pub async fn get(state: &State) -> Result<Option<Installation>, Error> {
    Ok(installation::get(&state.db).await?)
}

//! Which Polar this database belongs to: bound at the first answer, compared at every start.

use super::Error;
use crate::server::{
    db::installation::{self, Installation},
    polar::Organization,
    state::State,
};
use std::sync::{
    PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

/// What Polar said about its organization, for as long as the process lives.
#[derive(Default)]
pub struct Known {
    bound: AtomicBool,
    compared: AtomicBool,
    currency: RwLock<Option<String>>,
}

impl Known {
    /// Whether the database is bound to a Polar: before that nothing is sold or applied.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        self.bound.load(Ordering::Acquire)
    }

    /// Whether the token's organization was compared with the database's since the start.
    #[must_use]
    pub fn is_compared(&self) -> bool {
        self.compared.load(Ordering::Acquire)
    }

    /// The currency to show where a product has several: the organization's own.
    #[must_use]
    pub fn currency(&self) -> String {
        let known = self.currency.read().unwrap_or_else(PoisonError::into_inner);
        known.clone().unwrap_or_else(|| "usd".to_owned())
    }
}

/// What the comparison found.
#[derive(Clone, Debug)]
pub enum Bound {
    /// The token's organization is the database's.
    To(Installation),
    /// Another Polar: the server must not start; one sentence on what to do.
    Mismatch(String),
}

/// As [`bind`], and notes that a server works by these plans from now on.
///
/// # Errors
/// As [`bind`]; with a bound database the server then goes on and compares at the next answer.
pub async fn compare(state: &State) -> Result<Bound, Error> {
    let bound = bind(state).await?;
    if matches!(bound, Bound::To(_))
        && installation::plans_changed(&state.db, state.plans.hash(), state.clock.billing()).await?
    {
        tracing::info!("the plans changed: access of every owner is computed again");
    }
    Ok(bound)
}

/// Asks Polar whose token this is, binds a new database, compares an old one. A command beside a server does only this: its
/// `plans.toml` may be newer than the one by which the server works.
///
/// # Errors
/// When Polar or the database fails.
pub async fn bind(state: &State) -> Result<Bound, Error> {
    let organization = state.polar.organization().await?;
    let to = installation_of(state, &organization);
    let held = installation::bind(&state.db, &to, state.clock.wall()).await?;
    if is_another(state, &held, &to) {
        return Ok(Bound::Mismatch(mismatch(&held, &to)));
    }
    *state.known.currency.write().unwrap_or_else(PoisonError::into_inner) = organization.default_presentment_currency;
    state.known.bound.store(true, Ordering::Release);
    state.known.compared.store(true, Ordering::Release);
    Ok(Bound::To(held))
}

/// As [`compare`], but changes nothing: what is wrong, if anything.
///
/// # Errors
/// When Polar or the database fails.
pub async fn look(state: &State) -> Result<Option<String>, Error> {
    let to = installation_of(state, &state.polar.organization().await?);
    let held = get(state).await?;
    Ok(held.filter(|held| is_another(state, held, &to)).map(|held| mismatch(&held, &to)))
}

/// The sandbox's port may change from start to start; a real API's address may not.
fn is_another(state: &State, held: &Installation, to: &Installation) -> bool {
    let same_api = held.api_base == to.api_base || state.config.uses_sandbox();
    held.organization_id != to.organization_id || !same_api
}

fn installation_of(state: &State, organization: &Organization) -> Installation {
    Installation {
        api_base: state.polar.base().to_owned(),
        organization_id: organization.id.clone(),
        organization_slug: organization.slug.clone(),
        organization_name: organization.name.clone(),
        plans_hash: None,
    }
}

fn mismatch(held: &Installation, to: &Installation) -> String {
    format!(
        "This database belongs to the organization {} at {}, but the access token is for {} at {}: set BOREAL_DATABASE_URL \
         to another database, or use the token of {}.",
        held.organization_name, held.api_base, to.organization_name, to.api_base, held.organization_name
    )
}

/// Goes on with the Polar that the database was bound to before, while this one does not answer; `false` if there is none.
///
/// # Errors
/// When the database fails.
pub async fn trust_stored(state: &State) -> Result<bool, Error> {
    let bound = get(state).await?.is_some();
    state.known.bound.store(bound, Ordering::Release);
    Ok(bound)
}

/// The Polar that the database is bound to.
///
/// # Errors
/// When the database fails.
pub async fn get(state: &State) -> Result<Option<Installation>, Error> {
    Ok(installation::get(&state.db).await?)
}

//! The catalog: plans joined with Polar's live products and prices. Fresh for five minutes; after that the old one is
//! shown while one refresh runs. The mirror keeps the last good copy, so prices outlive restarts and outages.

use super::{
    Error,
    syncing::{Unchanged, observe},
};
use crate::{
    model::{
        catalog::{Offer, Offers},
        instant::Millis,
        projection::{Kind, ProductFacts},
    },
    server::{
        db::{installation, mirror},
        polar::{self, Client, Seen},
        state::State,
    },
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// How long prices count as fresh.
const FRESH: Millis = 5 * 60 * 1000;

/// After a failed refresh the next waits so long.
const RETRY_AFTER: Millis = 10 * 1000;

/// What is for sale, and how old that knowledge is.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// The offers.
    pub offers: Arc<Offers>,
    /// When Polar last confirmed them, wall time; `None` before the first time.
    pub confirmed_at: Option<Millis>,
    /// The last refresh failed: the age should be shown, and nothing can be bought.
    pub stale: bool,
}

/// Keeps the catalog in memory; one refresh at a time.
#[derive(Default)]
pub struct Cache {
    kept: RwLock<Option<Kept>>,
    refreshing: tokio::sync::Mutex<()>,
    version: AtomicU64,
    expired: AtomicU64,
}

#[derive(Clone)]
struct Kept {
    catalog: Catalog,
    refresh_at: Millis,
}

impl Cache {
    /// The next look refreshes: a product changed.
    pub fn expire(&self) {
        self.expired.fetch_add(1, Ordering::AcqRel);
        if let Some(kept) = self.kept.write().unwrap_or_else(std::sync::PoisonError::into_inner).as_mut() {
            kept.refresh_at = 0;
        }
    }

    /// Moves whenever what is shown may have changed.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    fn get(&self) -> Option<Kept> {
        self.kept.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Keeps what a refresh found that began when `expired` stood at `began`: what expired meanwhile is due again.
    fn put(&self, catalog: Catalog, refresh_at: Millis, began: u64) {
        let mut kept = self.kept.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let changed = kept.as_ref().is_none_or(|old| {
            old.catalog.offers != catalog.offers || old.catalog.stale != catalog.stale || catalog.stale
        });
        let is_newest = self.expired.load(Ordering::Acquire) == began;
        *kept = Some(Kept { catalog, refresh_at: if is_newest { refresh_at } else { 0 } });
        if changed {
            self.version.fetch_add(1, Ordering::AcqRel);
        }
    }
}

/// What is for sale, at once: an old answer rather than a wait, if there is any.
///
/// # Errors
/// When the database fails. Polar failing gives the last good copy, or an empty stale catalog.
pub async fn current(state: &State) -> Result<Catalog, Error> {
    let kept = match state.catalog.get() {
        Some(kept) => kept,
        None => from_mirror(state).await?,
    };
    if state.clock.wall() < kept.refresh_at {
        return Ok(kept.catalog);
    }
    if kept.catalog.offers.iter().next().is_none() {
        return refreshed(state).await;
    }
    let again = state.clone();
    state.tasks.spawn(async move {
        if let Ok(_only_one) = again.catalog.refreshing.try_lock()
            && let Err(error) = refresh(&again).await
        {
            tracing::warn!(error = %error, "the catalog could not be refreshed");
        }
    });
    Ok(kept.catalog)
}

/// What is for sale, asked of Polar now unless that was done within the last seconds: for a quote that is about to be
/// agreed to.
///
/// # Errors
/// When the database fails.
pub async fn refreshed(state: &State) -> Result<Catalog, Error> {
    let _only_one = state.catalog.refreshing.lock().await;
    if let Some(kept) = state.catalog.get()
        && state.clock.wall() < kept.refresh_at
    {
        return Ok(kept.catalog);
    }
    refresh(state).await
}

/// One offer, with its product as Polar has it now: for who agrees to a charge that no page of Polar's shows once more.
/// `None` if it is not for sale.
///
/// # Errors
/// When Polar cannot be read, or the database fails.
pub async fn offer_now(state: &State, polar: &Client, plan: &str, interval: &str) -> Result<Option<Offer>, Error> {
    let Some(known) = current(state).await?.offers.find(plan, interval).cloned() else { return Ok(None) };
    match polar.object(Kind::Product, &known.product_id).await {
        Ok(seen) => observe(state, Kind::Product.stored(), &seen, Unchanged::Skip).await?,
        Err(polar::Error::NotFound) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(from_mirror(state).await?.catalog.offers.find(plan, interval).cloned())
}

/// Asks Polar; on failure marks what there is as stale.
async fn refresh(state: &State) -> Result<Catalog, Error> {
    let (now, began) = (state.clock.wall(), state.catalog.expired.load(Ordering::Acquire));
    let products = match products(state).await {
        Some(products) => products,
        None => {
            let old = from_mirror(state).await?.catalog;
            let stale = Catalog { stale: true, ..old };
            state.catalog.put(stale.clone(), now + RETRY_AFTER, began);
            return Ok(stale);
        }
    };
    for product in &products {
        observe(state, Kind::Product.stored(), product, Unchanged::Skip).await?;
    }
    installation::catalog_confirmed(&state.db, now).await?;
    let catalog = Catalog { confirmed_at: Some(now), stale: false, ..from_mirror(state).await?.catalog };
    state.catalog.put(catalog.clone(), now + FRESH, began);
    Ok(catalog)
}

/// Polar's products; `None` while they cannot be read, or while it is not known whose Polar that is.
async fn products(state: &State) -> Option<Vec<Seen<serde_json::Value>>> {
    if !state.known.is_compared() {
        return None;
    }
    let read = state.polar.objects(Kind::Product, &[]).await;
    read.inspect_err(|error| tracing::warn!(error = %error, "Polar's products cannot be read")).ok()
}

/// The last good copy; due for a refresh at once.
async fn from_mirror(state: &State) -> Result<Kept, Error> {
    let rows = mirror::products(&state.db).await?;
    let held: BTreeMap<String, String> = mirror::product_plans(&state.db).await?.into_iter().collect();
    // A product whose tag changed gives the plan of its first tag: until that is resolved it is not for sale.
    let as_tied = |id: &String, facts: &ProductFacts| facts.plan() == held.get(id).map(String::as_str);
    let products: Vec<(String, ProductFacts)> = (rows.into_iter())
        .filter_map(|row| Some((row.id, serde_json::from_str(&row.projection).ok()?)))
        .filter(|(id, facts)| as_tied(id, facts))
        .collect();
    let offers = Offers::join(&state.plans, &products, &state.known.currency());
    let confirmed_at = installation::catalog_confirmed_at(&state.db).await?;
    Ok(Kept { catalog: Catalog { offers: Arc::new(offers), confirmed_at, stale: false }, refresh_at: 0 })
}

//! What must not be true when a checkout is made: a live subscription, a one-time plan still held, or an earlier checkout
//! that is paid or being paid.

use super::{
    super::{Error, applying::holdings, confirming, syncing},
    Obstacle,
};
use crate::{
    model::{budget::Urgency, ending::is_live, fold::fold, projection::Kind, quote::Quote, source::Source},
    server::{
        db::{
            self,
            mirror::{self, ObjectRow},
            orders,
        },
        polar,
        state::State,
    },
};

/// What speaks against buying, by our own tables.
pub async fn held(state: &State, user: &str, quote: &Quote) -> Result<Option<Obstacle>, Error> {
    if quote.recurs() {
        let owned = mirror::of_owner(&state.db, user).await?;
        return Ok(owned.iter().any(ObjectRow::is_live_subscription).then_some(Obstacle::ChangePlan));
    }
    let held: Result<Vec<Source>, db::Error> =
        (state.db).transaction(async |tx| holdings(tx, state, user).await?.sources()).await;
    let now = state.clock.billing();
    let same = |source: &Source| matches!(source, Source::Purchase(purchase) if purchase.plan == quote.offer.plan);
    let lasts = |source: Source| !fold(&[source], &state.plans, now).wanted.is_empty();
    Ok(held?.into_iter().filter(same).any(lasts).then_some(Obstacle::AlreadyYours))
}

/// What speaks against buying, after fresh reads of Polar, which our tables then hold.
///
/// # Errors
/// When one read fails: then nothing may be made.
pub async fn held_at_polar(state: &State, user: &str, quote: &Quote) -> Result<Option<Obstacle>, Error> {
    let polar = state.polar.at(Urgency::Buying);
    let found = syncing::read_subscriptions(state, &polar, user).await?;
    if let Some(obstacle) = held(state, user, quote).await? {
        return Ok(Some(obstacle));
    }
    if !quote.recurs() {
        return Ok(None);
    }
    for seen in found.iter().filter(|seen| seen.value["status"].as_str().is_some_and(is_live)) {
        let id = seen.value["id"].as_str().unwrap_or_default();
        let owner = mirror::object(&state.db, Kind::Subscription, id).await?.and_then(|row| row.owner_id);
        // What hangs on this user's customer but is known to be somebody else's does not count as theirs.
        if owner.is_none_or(|owner| owner == user) {
            return Ok(Some(Obstacle::ChangePlan));
        }
    }
    Ok(None)
}

/// An earlier order of the user whose checkout is paid or being paid, after a look at each.
///
/// # Errors
/// When one read fails: then nothing may be made.
pub async fn paid_earlier(state: &State, user: &str, order: &str) -> Result<Option<String>, Error> {
    for earlier in orders::unsettled(&state.db, user).await?.iter().filter(|earlier| earlier.id != order) {
        let Some(checkout) = &earlier.checkout_id else { continue };
        let status = match state.polar.at(Urgency::Buying).checkout(checkout).await {
            Ok(seen) => seen.value.status,
            Err(polar::Error::NotFound) => "expired".to_owned(),
            Err(error) => return Err(error.into()),
        };
        confirming::note_status(state, &earlier.id, &status).await?;
        if matches!(status.as_str(), "confirmed" | "succeeded") {
            return Ok(Some(earlier.id.clone()));
        }
    }
    Ok(None)
}

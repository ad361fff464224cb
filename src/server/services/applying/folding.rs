//! Folding one user's access, inside a transaction that holds the user's lock, and on the instants when time alone
//! changes it.

use super::{
    super::{Error, new_id},
    counting, departing, doubling,
    sources::{self, Holdings},
    telling, windowing,
};
use crate::{
    model::{cause::CauseKind, fold, instant::Millis, job, projection::Kind},
    server::{
        db::{
            self, Tx,
            entitlements::{self, Cause},
            installation, jobs,
            mirror::ObjectRow,
            orders, refolds,
        },
        state::State,
    },
};

/// A look at Polar that an instant asks for waits so long, so that Polar's own second-grained clock is past it.
const LOOK_AFTER: Millis = 3_000;

/// A fold that failed is tried again after so long.
const POSTPONED: Millis = 60_000;

/// Computes a user's access again from the mirror; stores entitlements, ledger lines, completed orders, mail and due work.
/// `received_at` is when the fact behind it reached us.
///
/// # Errors
/// When the database fails; the transaction must then be rolled back.
pub async fn refold(
    tx: &mut Tx,
    state: &State,
    user: &str,
    cause: &Cause,
    received_at: Millis,
) -> Result<(), db::Error> {
    let (wall, billing) = (state.clock.wall(), state.clock.billing());
    let holdings = sources::holdings(&mut *tx, state, user).await?;
    let folded = fold::fold(&holdings.sources()?, &state.plans, billing);
    let stored = entitlements::of(&mut *tx, user).await?;
    let changes = fold::difference(&stored, &folded);
    entitlements::change(tx, user, &changes, cause, (billing, wall)).await?;
    let news_at = telling::standing(tx, state, user, &holdings).await?;
    let next = [folded.refold_at, news_at].into_iter().flatten().min();
    // While another version with other plans is being rolled out, whoever has the newer ones folds again.
    let outdated = !installation::plans_are(&mut *tx, state.plans.hash()).await?;
    let (at, because) = if outdated { (Some(billing), Some(CauseKind::Plans)) } else { (next, None) };
    refolds::set(tx, user, at, because).await?;
    for subscription in &folded.reads {
        let key = job::object_key(Kind::Subscription, subscription);
        jobs::queue(tx, &new_id(), job::READ_OBJECT, &key, wall + LOOK_AFTER).await?;
    }
    windowing::follow(tx, state, user, (&holdings, &folded)).await?;
    doubling::notice(tx, user, &holdings, wall).await?;
    if holdings.has_left {
        departing::look_again(tx, user, wall).await?;
    }
    complete_orders(tx, user, &holdings, (received_at, wall)).await
}

/// An order of ours is done when what was bought is in the mirror and folded.
async fn complete_orders(
    tx: &mut Tx,
    user: &str,
    holdings: &Holdings,
    (received_at, now): (Millis, Millis),
) -> Result<(), db::Error> {
    for (object, _) in holdings.planned().filter(|(object, _)| is_bought(object)) {
        let by = (object.checkout_id.as_deref(), object.metadata_order_id.as_deref());
        if by == (None, None) {
            continue;
        }
        for (order, pressed_at) in orders::complete(tx, user, by, (received_at, now)).await? {
            counting::granted(tx, (pressed_at, received_at, now));
            let (user, product) = (user.to_owned(), object.product_id.clone());
            tx.after_commit(move || {
                tracing::info!(order_id = order, user_id = user, product_id = product, "access granted");
            });
        }
    }
    Ok(())
}

/// A subscription that began, or a one-time bill that was paid.
fn is_bought(object: &ObjectRow) -> bool {
    let status = object.status.as_deref().unwrap_or_default();
    match Kind::of_stored(&object.kind) {
        Some(Kind::Subscription) => !status.starts_with("incomplete"),
        Some(Kind::Order) => object.subscription_id.is_none() && !matches!(status, "pending" | "draft" | "void"),
        _ => false,
    }
}

/// Whether a user's access is what follows from what is stored; one who is due for a fold anyway counts.
///
/// # Errors
/// When the database fails, or holds an object that cannot be read.
pub async fn is_folded(state: &State, user: &str) -> Result<bool, Error> {
    let billing = state.clock.billing();
    let looked: Result<bool, db::Error> = (state.db)
        .transaction(async |tx| {
            if !refolds::lock_user(tx, user).await? || refolds::is_due(&mut *tx, user, billing).await? {
                return Ok(true);
            }
            let folded = fold::fold(&sources::holdings(&mut *tx, state, user).await?.sources()?, &state.plans, billing);
            Ok(fold::difference(&entitlements::of(&mut *tx, user).await?, &folded).is_empty())
        })
        .await;
    Ok(looked?)
}

/// Folds one user in a transaction of its own.
///
/// # Errors
/// When the database fails.
pub async fn refold_user(state: &State, user: &str, cause: &Cause) -> Result<(), Error> {
    let done: Result<(), db::Error> = (state.db)
        .transaction(async |tx| {
            if refolds::lock_user(tx, user).await? {
                refold(tx, state, user, cause, state.clock.wall()).await?;
            }
            Ok(())
        })
        .await;
    state.wake.jobs.notify_one();
    state.wake.mail.notify_one();
    state.wake.live.notify_waiters();
    Ok(done?)
}

/// Folds every user whose instant has come; how many.
///
/// # Errors
/// When the database fails.
pub async fn refold_due(state: &State) -> Result<usize, Error> {
    let now = state.clock.billing();
    if !installation::plans_are(&state.db, state.plans.hash()).await? {
        return Ok(0);
    }
    let due = refolds::due(&state.db, now).await?;
    for (user, because) in &due {
        let kind = because.as_deref().and_then(CauseKind::of_stored).unwrap_or(CauseKind::Timer);
        if let Err(error) = refold_user(state, user, &Cause { kind, id: now.to_string() }).await {
            // One user whose fold fails must not stand in the way of the others.
            tracing::error!(user_id = user, error = %error, "access could not be computed again");
            refolds::postpone(&state.db, user, now + POSTPONED).await?;
        }
    }
    Ok(due.len())
}

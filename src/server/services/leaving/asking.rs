//! The wish to leave, and the transaction in which it is carried out here.

use super::super::{
    super::{
        db::{
            self, Tx, audit, devices, email_tokens,
            entitlements::Cause,
            exports, jobs, leavings,
            leavings::NewLeaving,
            mirror::{self, ObjectRow},
            orders, outgoing_mail, sessions, users,
        },
        state::State,
    },
    accounts::{self, Asking, Evidence, Refused},
    applying, new_id,
};
use crate::model::{cause::CauseKind, ending::is_over, job::LEAVE, leaving::KnownBills, projection::Kind};
use std::collections::BTreeSet;

/// Deletes the account of whoever gives its password now, however lately it was given before; what is left to do at Polar a job does. Nothing of it can be undone.
///
/// # Errors
/// See [`Refused`]; [`Refused::Wrong`] where it is not the account's password.
pub async fn leave(state: &State, asking: Asking<'_>, password: String) -> Result<(), Refused> {
    let proved = accounts::prove(state, asking, Evidence::Password(password)).await?;
    (state.db)
        .transaction::<_, Refused>(async |tx| {
            users::lock(tx, asking.user).await?;
            if !proved.still_holds(tx).await? {
                return Err(Refused::Wrong);
            }
            // It may have changed while the password was looked at.
            let email = users::by_id(&mut *tx, asking.user).await?.ok_or(Refused::Wrong)?.email;
            Ok(begin(tx, state, asking, &email).await?)
        })
        .await?;
    state.wake.jobs.notify_one();
    state.wake.live.notify_waiters();
    tracing::info!(user_id = asking.user, "an account is being deleted");
    Ok(())
}

async fn begin(tx: &mut Tx, state: &State, asking: Asking<'_>, email: &str) -> Result<(), db::Error> {
    let (user, now) = (asking.user, state.clock.wall());
    let (ended, bills) = (running(tx, state, user).await?, bills(tx, user).await?);
    let json = |list: Result<String, serde_json::Error>| list.map_err(|error| db::Error::Encode(error.into()));
    let (ended, bills) = (json(serde_json::to_string(&ended))?, json(serde_json::to_string(&bills))?);
    users::leave(tx, user, now).await?;
    orders::close_all(tx, user).await?;
    sessions::end_all(tx, user).await?;
    devices::forget(tx, user).await?;
    email_tokens::forget(tx, user).await?;
    outgoing_mail::drop_keys(tx, user).await?;
    exports::forget(tx, user).await?;
    crate::studio::codes::forget(tx, user).await?; // the studio
    let billing_at = state.clock.billing();
    leavings::begin(tx, NewLeaving { user, email, bills: &bills, ended: &ended, asked_at: now, billing_at }).await?;
    let (whose, action, ip) = (Some(user), "account deleted", asking.from.to_string());
    let entry = audit::Entry { actor: whose, action, user: whose, target: None, details: None, ip: Some(&ip) };
    let cause = Cause { kind: CauseKind::Left, id: audit::add(tx, entry, now).await?.to_string() };
    applying::refold(tx, state, user, &cause, now).await?;
    jobs::queue(tx, &new_id(), LEAVE, user, now).await
}

/// The names of the plans whose subscriptions are not over.
async fn running(tx: &mut Tx, state: &State, user: &str) -> Result<Vec<String>, db::Error> {
    let mut names = BTreeSet::new();
    for row in of_kind(tx, user, Kind::Subscription).await? {
        if row.status.as_deref().is_some_and(is_over) {
            continue;
        }
        let plan = mirror::plan_of_product(&mut *tx, row.product_id.as_deref().unwrap_or_default()).await?;
        let plan = plan.and_then(|slug| state.plans.get(&slug));
        names.insert(plan.map_or_else(|| "your subscription".to_owned(), |plan| plan.name.clone()));
    }
    Ok(names.into_iter().collect())
}

/// Polar's bills as they stand.
async fn bills(tx: &mut Tx, user: &str) -> Result<KnownBills, db::Error> {
    let bills = of_kind(tx, user, Kind::Order).await?;
    Ok(bills.into_iter().map(|row| (row.id, row.status.unwrap_or_default())).collect())
}

async fn of_kind(tx: &mut Tx, user: &str, kind: Kind) -> Result<Vec<ObjectRow>, db::Error> {
    let owned = mirror::of_owner(&mut *tx, user).await?;
    Ok(owned.into_iter().filter(|row| row.kind == kind.stored()).collect())
}

//! Whose the objects are that a merge touches.

use crate::{
    model::{
        owner::{Claims, Owner},
        projection::Kind,
    },
    server::db::{
        Error, Reader, Tx,
        mirror::{self, ObjectRow},
        orders, refolds,
    },
};
use std::collections::BTreeSet;

/// The users who owned or now own what a merge touches.
#[derive(Debug, Default)]
pub struct Owners {
    /// Every one of them.
    pub users: BTreeSet<String>,
    /// Whether the merged object itself has an owner.
    pub owned: bool,
}

/// Computes the owners of `objects` again and stores what changed.
pub async fn update(tx: &mut Tx, objects: &[ObjectRow], external_id: Option<&str>) -> Result<Owners, Error> {
    let mut owners = Owners::default();
    for object in objects {
        let Owner { user, disputed } = claims(&mut *tx, object, external_id).await?.decide();
        if disputed {
            metrics::counter!("owner_disputes_total").increment(1);
            tracing::error!(kind = object.kind, object_id = object.id, "our order and Polar's customer name two users");
        }
        let now = user.as_ref().map(|(user, rule)| (user.as_str(), rule.stored()));
        let before = object.owner_id.as_deref().zip(object.owner_rule.as_deref());
        if now != before {
            mirror::set_owner(tx, &object.kind, &object.id, now).await?;
        }
        owners.owned |= now.is_some();
        owners.users.extend(object.owner_id.clone());
        owners.users.extend(user.map(|(user, _)| user));
    }
    Ok(owners)
}

async fn claims(tx: &mut Tx, object: &ObjectRow, external_id: Option<&str>) -> Result<Claims, Error> {
    let staff = mirror::attributed(&mut *tx, &object.kind, &object.id).await?;
    let checkout = by_checkout(&mut *tx, object).await?;
    let metadata = match (&object.metadata_user_id, &object.metadata_order_id) {
        (Some(user), Some(order)) => {
            orders::by_id(&mut *tx, order).await?.map(|order| order.user_id).filter(|owner| owner == user)
        }
        _ => None,
    };
    let customer = match external_id {
        Some(id) if refolds::is_user(&mut *tx, id).await? => Some(id.to_owned()),
        _ => None,
    };
    Ok(Claims { staff, checkout, metadata, customer })
}

/// By its own checkout, or by that of the subscription it bills.
async fn by_checkout(tx: &mut Tx, object: &ObjectRow) -> Result<Option<String>, Error> {
    if let Some(user) = of_checkout(&mut *tx, object.checkout_id.as_deref()).await? {
        return Ok(Some(user));
    }
    let Some(subscription) = &object.subscription_id else { return Ok(None) };
    let subscription = mirror::object(&mut *tx, Kind::Subscription, subscription).await?;
    of_checkout(tx, subscription.and_then(|row| row.checkout_id).as_deref()).await
}

async fn of_checkout<'c>(on: impl Reader<'c>, checkout: Option<&str>) -> Result<Option<String>, Error> {
    match checkout {
        Some(id) => Ok(orders::by_checkout(on, id).await?.map(|order| order.user_id)),
        None => Ok(None),
    }
}

//! Whose the objects are that a merge touches.

use super::noticing;
use crate::{
    model::{
        instant::Millis,
        owner::{Claims, Owner},
        projection::Kind,
    },
    server::db::{
        Error, Tx,
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

/// The objects whose owner may change with `about`: it with all that belongs to it, or all of the customer's.
pub async fn touched(tx: &mut Tx, customer: &str, about: Option<(Kind, &str)>) -> Result<Vec<ObjectRow>, Error> {
    let mut objects = mirror::of_customer(&mut *tx, customer).await?;
    let Some((kind, id)) = about else { return Ok(objects) };
    let of_it = |of: Option<&String>| of.is_some_and(|of| of == id);
    let bills: BTreeSet<String> = (objects.iter())
        .filter(|row| row.kind == Kind::Order.stored() && of_it(row.subscription_id.as_ref()))
        .map(|row| row.id.clone())
        .collect();
    objects.retain(|row| match kind {
        _ if row.kind == kind.stored() && row.id == id => true,
        Kind::Subscription => {
            of_it(row.subscription_id.as_ref()) || row.order_id.as_ref().is_some_and(|bill| bills.contains(bill))
        }
        Kind::Order => of_it(row.order_id.as_ref()),
        Kind::Product | Kind::Refund | Kind::Grant => false,
    });
    Ok(objects)
}

/// Computes the owners of `objects` again and stores what changed.
pub async fn update(
    tx: &mut Tx,
    objects: &[ObjectRow],
    external_id: Option<&str>,
    now: Millis,
) -> Result<Owners, Error> {
    let mut owners = Owners::default();
    for object in objects {
        let claims = claims(&mut *tx, object, external_id).await?;
        let Owner { user, disputed } = claims.clone().decide();
        if disputed {
            noticing::owner_conflict(tx, object, &claims, now).await?;
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

/// What each rule says of an object, or else of the bill or the subscription that it belongs to.
async fn claims(tx: &mut Tx, object: &ObjectRow, external_id: Option<&str>) -> Result<Claims, Error> {
    let customer = match external_id {
        Some(id) if refolds::is_user(&mut *tx, id).await? => Some(id.to_owned()),
        _ => None,
    };
    let mut claims = Claims { customer, ..Claims::default() };
    for row in lineage(&mut *tx, object).await? {
        if claims.staff.is_none() {
            claims.staff = mirror::attributed(&mut *tx, &row.kind, &row.id).await?;
        }
        if let (None, Some(checkout)) = (&claims.checkout, &row.checkout_id) {
            claims.checkout = orders::by_checkout(&mut *tx, checkout).await?.map(|order| order.user_id);
        }
        if claims.metadata.is_none() {
            claims.metadata = by_metadata(&mut *tx, &row).await?;
        }
    }
    Ok(claims)
}

/// The object itself, its bill, and the subscription of either; as far as they are known.
async fn lineage(tx: &mut Tx, object: &ObjectRow) -> Result<Vec<ObjectRow>, Error> {
    let mut line = vec![object.clone()];
    if let Some(bill) = &object.order_id {
        line.extend(mirror::object(&mut *tx, Kind::Order, bill).await?);
    }
    if let Some(subscription) = line.iter().find_map(|row| row.subscription_id.clone()) {
        line.extend(mirror::object(&mut *tx, Kind::Subscription, &subscription).await?);
    }
    Ok(line)
}

/// Metadata counts only where it names one of our orders together with that order's user.
async fn by_metadata(tx: &mut Tx, object: &ObjectRow) -> Result<Option<String>, Error> {
    let (Some(user), Some(order)) = (&object.metadata_user_id, &object.metadata_order_id) else { return Ok(None) };
    Ok(orders::by_id(tx, order).await?.map(|order| order.user_id).filter(|owner| owner == user))
}

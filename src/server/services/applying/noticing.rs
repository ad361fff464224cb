//! What people must decide is noticed while facts are applied: each becomes a case in the same transaction, once.

use super::super::new_id;
use crate::{
    model::{instant::Millis, owner::Claims},
    server::db::{
        Error, Tx,
        cases::{self, NewCase},
        mirror::ObjectRow,
    },
};

/// Our own record and Polar's customer name two users: access is given by our record, and staff has a look.
pub async fn owner_conflict(tx: &mut Tx, object: &ObjectRow, claims: &Claims, now: Millis) -> Result<(), Error> {
    let (kind, id) = (object.kind.clone(), object.id.clone());
    tx.after_commit(move || {
        metrics::counter!("owner_disputes_total").increment(1);
        tracing::error!(kind, object_id = id, "our order and Polar's customer name two users");
    });
    let ours = claims.checkout.as_ref().or(claims.metadata.as_ref());
    let (None, Some(ours), Some(theirs), Some(customer)) = (&claims.staff, ours, &claims.customer, &object.customer_id)
    else {
        return Ok(());
    };
    let (kind, id) = (&object.kind, &object.id);
    let details = format!(
        "The {kind} {id} comes from an order of the user {ours}, but Polar's customer {customer} that holds it carries \
         the user {theirs}. Access went to {ours}."
    );
    open(tx, "owner_conflict", &format!("{customer}:{ours}:{theirs}"), Some(ours), &details, now).await
}

/// A product is tagged with another plan than the one it was first seen with, or with none any more.
pub async fn retagged_product(
    tx: &mut Tx,
    product: &str,
    held: &str,
    tag: Option<&str>,
    now: Millis,
) -> Result<(), Error> {
    let (id, plan, other) = (product.to_owned(), held.to_owned(), tag.map(str::to_owned));
    tx.after_commit(move || {
        metrics::counter!("product_tag_changes_total").increment(1);
        tracing::error!(product_id = id, held = plan, tag = other, "a product's plan tag changed; access stays");
    });
    let is = tag.map_or_else(|| "has no plan tag any more".to_owned(), |tag| format!("is tagged {tag} now"));
    let details = format!("The product {product} {is}; whoever bought it keeps the plan {held}.");
    let key = format!("{product}:{}", tag.unwrap_or_default());
    open(tx, "retagged_product", &key, None, &details, now).await
}

/// Opens a case, once.
///
/// # Errors
/// When the database fails.
pub async fn open(
    tx: &mut Tx,
    kind: &'static str,
    key: &str,
    user: Option<&str>,
    details: &str,
    now: Millis,
) -> Result<(), Error> {
    let id = new_id();
    if cases::open_once(tx, NewCase { id: &id, kind, key, user, details }, now).await? {
        let details = details.to_owned();
        tx.after_commit(move || {
            metrics::counter!("cases_opened_total", "kind" => kind).increment(1);
            tracing::error!(case = id, kind, details, "a case was opened");
        });
    }
    Ok(())
}

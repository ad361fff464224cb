//! Single reads that something asks for: one object, or the subscriptions of somebody who is about to buy.

use super::{
    gone,
    look::Look,
    observing::{Unchanged, observe},
};
use crate::{
    model::{budget::Urgency, projection::Kind},
    server::{
        db::mirror,
        polar::{self, Client, Seen},
        services::Error,
        state::State,
    },
};
use serde_json::Value;

/// Reads one object by its id and keeps what is found, also when it is unchanged. One that is in the mirror and that Polar
/// no longer knows is kept as gone.
///
/// # Errors
/// When Polar or the database fails.
pub async fn read_object(state: &State, kind: Kind, id: &str) -> Result<(), Error> {
    let seen = match kind {
        Kind::Grant => return read_grants_beside(state, id).await,
        Kind::Refund | Kind::Product => state.polar.object(kind, id).await?,
        Kind::Subscription | Kind::Order => {
            let Seen { value, observed_us } = state.polar.object_if_any(kind, id).await?;
            let known = if state.known.is_compared() { mirror::object(&state.db, kind, id).await? } else { None };
            match value.or_else(|| known.and_then(|row| gone::object(&row, observed_us))) {
                Some(value) => Seen { value, observed_us },
                None => return Err(polar::Error::NotFound.into()),
            }
        }
    };
    observe(state, kind.stored(), &seen, Unchanged::Keep).await.map(drop)
}

/// A grant cannot be asked for alone: all of its customer's are read.
async fn read_grants_beside(state: &State, id: &str) -> Result<(), Error> {
    let known = mirror::object(&state.db, Kind::Grant, id).await?;
    let Some(customer) = known.and_then(|row| row.customer_id) else { return Ok(()) };
    for seen in state.polar.objects(Kind::Grant, &[("customer_id", &customer)]).await? {
        let unchanged = if seen.value["id"] == id { Unchanged::Keep } else { Unchanged::Skip };
        observe(state, Kind::Grant.stored(), &seen, unchanged).await?;
    }
    Ok(())
}

/// Reads the lists of what a user has at Polar: by external id, and by the metadata of our checkouts, which also finds
/// what hangs on another customer (C§11, the e-mail trap). Keeps what is new; gives the subscriptions.
///
/// # Errors
/// When one read fails; nothing is concluded from the rest.
pub async fn read_subscriptions(state: &State, polar: &Client, user: &str) -> Result<Vec<Seen<Value>>, Error> {
    let mut found: Vec<Seen<Value>> = Vec::new();
    for filter in ["external_customer_id", "metadata[user_id]"] {
        for seen in polar.objects(Kind::Subscription, &[(filter, user)]).await? {
            if !found.iter().any(|other| other.value["id"] == seen.value["id"]) {
                observe(state, Kind::Subscription.stored(), &seen, Unchanged::Skip).await?;
                found.push(seen);
            }
        }
    }
    Ok(found)
}

/// Reads one customer by Polar's id. One that is in the mirror and that Polar no longer knows was deleted.
///
/// # Errors
/// When Polar or the database fails.
pub async fn read_customer(state: &State, id: &str) -> Result<(), Error> {
    Look::new(state, Urgency::Following, None, false).customer_by_id(id).await
}

//! Reading Polar: what a read finds goes through the inbox like every webhook, so the order of both does not matter.

use super::{Error, applying, new_id};
use crate::{
    model::{
        merge::{Merge, Picture, Stamp, merge},
        projection::Kind,
    },
    server::{
        db::{inbox, mirror},
        polar::Seen,
        services::applying::{Fact, Parsed},
        state::State,
    },
};
use serde_json::Value;

/// How long the read that was just stored is ours to apply.
const LEASE: i64 = 30_000;

/// What is done with a read that says what is known already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unchanged {
    /// Nothing: only reads that change something are kept.
    Skip,
    /// It is stored as well: that it is unchanged is what was asked (the end of a grace).
    Keep,
}

/// Puts what a read found through the inbox and applies it at once.
///
/// # Errors
/// When the database fails. An object that cannot be read becomes a dead inbox row, not an error.
pub async fn observe(state: &State, kind: &str, seen: &Seen<Value>, unchanged: Unchanged) -> Result<(), Error> {
    let body = seen.value.to_string();
    if unchanged == Unchanged::Skip {
        let new = match applying::of_read(kind, seen.observed_us, &seen.value) {
            Ok(parsed) => says_something(state, &parsed).await?,
            // Set aside once is enough: the same unreadable answer comes at every look.
            Err(_) => !inbox::is_dead(&state.db, kind, body.as_bytes()).await?,
        };
        if !new {
            return Ok(());
        }
    }
    let (token, now) = (new_id(), state.clock.wall());
    let about = (kind, seen.observed_us, body.as_bytes());
    let row = inbox::put_read(&state.db, about, &token, (now, now + LEASE)).await?;
    applying::apply(state, &row, &token).await
}

async fn says_something(state: &State, parsed: &Parsed) -> Result<bool, Error> {
    let incoming =
        |version_us, projection| Picture { stamp: Stamp { version_us, observed_us: parsed.observed_us }, projection };
    let merged = match &parsed.fact {
        Fact::Object(seen) => {
            let stored = mirror::object(&state.db, seen.kind, &seen.id).await?;
            let picture = stored.as_ref().map(mirror::ObjectRow::picture);
            merge(picture, incoming(seen.version_us, &seen.projection))
        }
        Fact::Customer(seen) => {
            let stored = mirror::customer(&state.db, &seen.id).await?;
            let picture = stored.as_ref().and_then(mirror::CustomerRow::picture);
            merge(picture, incoming(seen.version_us, &seen.projection))
        }
        Fact::Checkout(_) | Fact::Other => Merge::Same,
    };
    Ok(matches!(merged, Merge::Replace { .. } | Merge::Older { reread: true }))
}

/// Reads one object by its id and keeps what is found, also when it is unchanged.
///
/// # Errors
/// When Polar or the database fails.
pub async fn read_object(state: &State, kind: Kind, id: &str) -> Result<(), Error> {
    if kind == Kind::Grant {
        return read_grants_beside(state, id).await;
    }
    let seen = state.polar.object(kind, id).await?;
    observe(state, kind.stored(), &seen, Unchanged::Keep).await
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
pub async fn read_subscriptions(state: &State, user: &str) -> Result<Vec<Seen<Value>>, Error> {
    let mut found: Vec<Seen<Value>> = Vec::new();
    for filter in ["external_customer_id", "metadata[user_id]"] {
        for seen in state.polar.objects(Kind::Subscription, &[(filter, user)]).await? {
            if !found.iter().any(|other| other.value["id"] == seen.value["id"]) {
                observe(state, Kind::Subscription.stored(), &seen, Unchanged::Skip).await?;
                found.push(seen);
            }
        }
    }
    Ok(found)
}

/// Asks the sandbox for its time, which every answer carries and the client follows.
///
/// # Errors
/// When the sandbox does not answer.
pub async fn follow_clock(state: &State) -> Result<(), Error> {
    state.polar.clock_skew().await?;
    Ok(())
}

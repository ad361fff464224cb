//! Holding one answer against the mirror, and putting it through the inbox where it says something.

use crate::{
    model::{
        merge::{Merge, Picture, Stamp, merge},
        projection::{Mirrored, MirroredCustomer},
    },
    server::{
        db::{
            inbox::{self, Settled},
            mirror,
        },
        polar::Seen,
        services::{
            Error,
            applying::{self, Fact, Parsed},
            new_id,
        },
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

/// An answer of Polar's beside the mirror.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The mirror says the same, or is newer.
    Known,
    /// Nothing that we keep differs, but it must be heard: Polar moved the version alone, as of a customer with every bill;
    /// or the mirror saw other contents of this version later, which another read settles.
    Heard,
    /// It says more than the mirror; what it changes, in words.
    News(String),
    /// It says less than Polar said before; in words.
    Contradiction(String),
    /// It cannot be read; why.
    Unreadable(String),
}

/// Holds an answer against the mirror; changes nothing.
///
/// # Errors
/// When the database fails.
pub(super) async fn compare(state: &State, kind: &str, seen: &Seen<Value>) -> Result<Found, Error> {
    let parsed = match applying::of_read(kind, seen.observed_us, &seen.value) {
        Ok(parsed) => parsed,
        Err(why) => return Ok(Found::Unreadable(why.reason)),
    };
    Ok(match &parsed.fact {
        Fact::Object(object) => of_object(state, &parsed, object).await?,
        Fact::Customer(customer) => of_customer(state, &parsed, customer).await?,
        Fact::Checkout(_) | Fact::Other => Found::Known,
    })
}

async fn of_object(state: &State, parsed: &Parsed, seen: &Mirrored) -> Result<Found, Error> {
    let stored = mirror::object(&state.db, seen.kind, &seen.id).await?;
    let stamp = Stamp { version_us: seen.version_us, observed_us: parsed.observed_us };
    let picture = stored.as_ref().map(mirror::ObjectRow::picture);
    let merged = merge(picture, Picture { stamp, projection: &seen.projection });
    Ok(found(merged, applying::effect(stored.as_ref(), seen, merged), picture, stamp))
}

async fn of_customer(state: &State, parsed: &Parsed, seen: &MirroredCustomer) -> Result<Found, Error> {
    let stored = mirror::customer(&state.db, &seen.id).await?;
    let stamp = Stamp { version_us: seen.version_us, observed_us: parsed.observed_us };
    let picture = stored.as_ref().and_then(mirror::CustomerRow::picture);
    let merged = merge(picture, Picture { stamp, projection: &seen.projection });
    Ok(found(merged, applying::customer_effect(stored.as_ref(), seen, merged), picture, stamp))
}

fn found(merged: Merge, effect: Option<String>, stored: Option<Picture<'_>>, seen: Stamp) -> Found {
    match merged {
        Merge::Replace { .. } => effect.map_or(Found::Heard, Found::News),
        Merge::Confirm | Merge::Same => Found::Known,
        Merge::Older { reread: true } => Found::Heard,
        // A webhook that overtook the answer is fine; an answer that is behind what was seen before is not.
        Merge::Older { .. } if stored.is_some_and(|stored| stored.stamp.observed_us < seen.observed_us) => {
            Found::Contradiction("Polar answers with an older version than it showed before".to_owned())
        }
        Merge::Older { .. } => Found::Known,
    }
}

/// Puts what a read found through the inbox and applies it at once; what came of it, if it was not known already.
///
/// # Errors
/// When the database fails. An object that cannot be read becomes a dead inbox row, not an error.
pub async fn observe(
    state: &State,
    kind: &str,
    seen: &Seen<Value>,
    unchanged: Unchanged,
) -> Result<Option<Settled>, Error> {
    let body = seen.value.to_string();
    if unchanged == Unchanged::Skip {
        let says_something = match compare(state, kind, seen).await? {
            Found::News(_) | Found::Heard => true,
            Found::Known | Found::Contradiction(_) => false,
            // Set aside once is enough: the same unreadable answer comes at every look.
            Found::Unreadable(_) => !inbox::is_dead(&state.db, kind, body.as_bytes()).await?,
        };
        if !says_something {
            return Ok(None);
        }
    }
    let (token, now) = (new_id(), state.clock.wall());
    let about = (kind, seen.observed_us, body.as_bytes());
    let row = inbox::put_read(&state.db, about, &token, (now, now + LEASE)).await?;
    applying::apply(state, &row, &token).await
}

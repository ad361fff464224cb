//! Before somebody's two subscriptions become a case, both are read at Polar: a late report may know one of them no better.

use super::super::{Error, applying, syncing};
use crate::{
    model::projection::Kind,
    server::{polar, state::State},
};
use std::collections::BTreeSet;

/// Reads every subscription of `user` that seems to be paid beside another, and opens a case for each pair that is.
///
/// # Errors
/// When Polar or the database fails: then nothing is concluded.
pub async fn confirm(state: &State, user: &str) -> Result<(), Error> {
    let mut confirmed = BTreeSet::new();
    for id in applying::suspects(state, user).await? {
        match syncing::read_object(state, Kind::Subscription, &id).await {
            Ok(()) => drop(confirmed.insert(id)),
            Err(Error::Polar(polar::Error::NotFound)) => {}
            Err(error) => return Err(error),
        }
    }
    applying::open_doubles(state, user, &confirmed).await
}

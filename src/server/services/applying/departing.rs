//! Whatever is heard of somebody who has left is looked at again: what it pays for must end, and what it says of them must be
//! forgotten.

use super::super::new_id;
use crate::{
    model::{instant::Millis, job::LEAVE},
    server::db::{Error, Tx, jobs, users},
};

/// News of one object mostly come with others.
const LOOK_AFTER: Millis = 3_000;

/// Queues the look.
pub(super) async fn look_again(tx: &mut Tx, user: &str, now: Millis) -> Result<(), Error> {
    jobs::queue(tx, &new_id(), LEAVE, user, now + LOOK_AFTER).await
}

/// As [`look_again`], where a customer that Polar has not deleted carries the id of somebody who has left.
pub(super) async fn look_at_customer(tx: &mut Tx, external_id: Option<&str>, now: Millis) -> Result<(), Error> {
    match external_id {
        Some(user) if users::has_left(&mut *tx, user).await? => look_again(tx, user, now).await,
        _ => Ok(()),
    }
}

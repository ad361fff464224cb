//! Whatever is heard of somebody who has left is looked at again: what it pays for must end, and what it says of them must be
//! forgotten.

use super::super::new_id;
use crate::{
    model::{instant::Millis, job::LEAVE},
    server::db::{Error, Tx, jobs, mirror, users},
};

/// News of one object mostly come with others.
const LOOK_AFTER: Millis = 3_000;

/// Queues the look.
pub(super) async fn look_again(tx: &mut Tx, user: &str, now: Millis) -> Result<(), Error> {
    jobs::queue(tx, &new_id(), LEAVE, user, now + LOOK_AFTER).await
}

/// As [`look_again`], where a customer carries the id of somebody who has left: also of news that change nothing, which may
/// name them once more, and of a customer that was made while they left.
pub(super) async fn look_at_customer(tx: &mut Tx, customer: &str, now: Millis) -> Result<(), Error> {
    match mirror::customer(&mut *tx, customer).await?.and_then(|row| row.external_id) {
        Some(user) if users::has_left(&mut *tx, &user).await? => look_again(tx, &user, now).await,
        _ => Ok(()),
    }
}

/// As [`look_again`], where this is the id of somebody who has left, or of their customer.
pub(super) async fn look_at(tx: &mut Tx, id: &str, now: Millis) -> Result<(), Error> {
    if users::has_left(&mut *tx, id).await? {
        return look_again(tx, id, now).await;
    }
    look_at_customer(tx, id, now).await
}

//! Rows that merge nothing: a checkout's events, which only say where to look, and kinds that nobody knows.

use super::{
    super::new_id,
    departing,
    fact::{self, Parsed},
    merging::{Failure, Merging, Rollback},
};
use crate::{
    model::job,
    server::{
        db::{
            self, Tx,
            inbox::{InboxRow, Settled},
            jobs, orders,
        },
        state::State,
    },
};

/// A checkout's event is a hint: the order that it belongs to is looked at, unless it is done.
pub async fn note_checkout(
    state: &State,
    row: &InboxRow,
    parsed: &Parsed,
    checkout: &str,
    token: &str,
) -> Result<Settled, Failure> {
    finish(state, row, parsed, token, async |tx| {
        let order = orders::by_checkout(&mut *tx, checkout).await?.filter(|order| order.state != "done");
        let Some(order) = order else { return Ok(None) };
        jobs::queue(tx, &new_id(), job::SYNC_CHECKOUT, &order.id, state.clock.wall()).await?;
        Ok(Some(format!("order {} will be looked at", order.id)))
    })
    .await
}

/// Nothing follows from this kind; it stays stored.
pub async fn ignore(state: &State, row: &InboxRow, parsed: &Parsed, token: &str) -> Result<Settled, Failure> {
    finish(state, row, parsed, token, async |_| Ok(None)).await
}

async fn finish(
    state: &State,
    row: &InboxRow,
    parsed: &Parsed,
    token: &str,
    work: impl AsyncFnOnce(&mut Tx) -> Result<Option<String>, db::Error>,
) -> Result<Settled, Failure> {
    let merging = Merging { state, row, parsed, token };
    let attempt = state.db.transaction(async |tx| {
        for id in fact::ids_named(row) {
            departing::look_at(tx, &id, state.clock.wall()).await?;
        }
        let effect = work(tx).await?;
        merging.settle(tx, "ignored", effect).await
    });
    match attempt.await {
        Ok(settled) => Ok(settled),
        Err(Rollback::Failed(failure)) => Err(failure),
        Err(Rollback::MoreUsers(_)) => Err(Failure::LeaseLost),
    }
}

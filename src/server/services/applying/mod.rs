//! Applying the inbox: the one way in which anything that Polar says becomes access.
//!
//! A row is parsed, merged into the mirror, its owners are computed and their access folded, all in one transaction that
//! also marks the row as done. Customers are locked before users and users in sorted order, so that parallel merges of
//! one customer's objects see each other and never deadlock.

mod attributing;
mod counting;
mod departing;
mod doubling;
mod fact;
mod folding;
mod following;
mod hints;
mod merging;
mod noticing;
mod owning;
mod sources;
mod telling;
mod thinning;
mod windowing;

pub use attributing::{Attribution, attribute};
pub use doubling::{DUPLICATE, close_settled, open_doubles, suspects};
pub use fact::{Fact, Parsed, Unparsable, of_read};
pub use folding::{is_folded, refold, refold_due, refold_user};
pub use merging::{customer_effect, effect};
pub use noticing::open as open_case;
pub use sources::{Holdings, holdings};
pub use thinning::{thin, thin_row};

use super::{Error, new_id};
use crate::{
    model::instant::Millis,
    server::{
        db::{
            self,
            inbox::{self, InboxRow, Settled},
        },
        state::State,
    },
};

/// How long a row may be worked on before another worker may take it.
const LEASE: Millis = 30_000;

/// After so many failures a row is dead.
const MOST_ATTEMPTS: i64 = 12;

/// The longest pause between two attempts.
const LONGEST_PAUSE: Millis = 10 * 60 * 1000;

/// Applies everything that is due; how many rows were taken.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn drain(state: &State) -> Result<usize, Error> {
    let mut taken = 0;
    loop {
        let (token, now) = (new_id(), state.clock.wall());
        let Some(row) = inbox::claim(&state.db, &token, now, now + LEASE).await? else { return Ok(taken) };
        apply(state, &row, &token).await?;
        taken += 1;
    }
}

/// Applies one claimed row; afterwards it is done, and what came of it is told, waits for another try, or is dead with its
/// reason.
///
/// # Errors
/// When even that could not be noted.
pub async fn apply(state: &State, row: &InboxRow, token: &str) -> Result<Option<Settled>, Error> {
    let parsed = match fact::parse(row) {
        Ok(parsed) => parsed,
        Err(why) => return bury(state, row, token, &why).await.map(|()| None),
    };
    match settle(state, row, &parsed, token).await {
        Ok(settled) => {
            note(&settled, &parsed.fact);
            state.wake.jobs.notify_one();
            state.wake.mail.notify_one();
            state.wake.live.notify_waiters();
            Ok(Some(settled))
        }
        Err(merging::Failure::LeaseLost) => Ok(None),
        Err(merging::Failure::Db(error)) => give_back(state, row, &parsed, token, &error).await.map(|()| None),
    }
}

async fn settle(state: &State, row: &InboxRow, parsed: &Parsed, token: &str) -> Result<Settled, merging::Failure> {
    match &parsed.fact {
        Fact::Object(_) | Fact::Customer(_) => merging::merge(state, row, parsed, token).await,
        Fact::Checkout(id) => hints::note_checkout(state, row, parsed, id, token).await,
        Fact::Other => hints::ignore(state, row, parsed, token).await,
    }
}

fn note(settled: &Settled, fact: &Fact) {
    metrics::counter!("inbox_applied_total", "verdict" => settled.verdict).increment(1);
    let object = match fact {
        Fact::Object(seen) => Some(seen),
        Fact::Customer(_) | Fact::Checkout(_) | Fact::Other => None,
    };
    tracing::info!(
        event_type = settled.kind,
        object_id = settled.object_id.as_deref(),
        checkout_id = object.and_then(|seen| seen.ties.checkout_id.as_deref()),
        product_id = object.and_then(|seen| seen.ties.product_id.as_deref()),
        order_id = object.and_then(|seen| seen.ties.order_id.as_deref()),
        user_id = object.and_then(|seen| seen.ties.user_id.as_deref()),
        amount = object.and_then(|seen| seen.amount),
        billing_reason = object.and_then(|seen| seen.billing_reason.as_deref()),
        verdict = settled.verdict,
        effect = settled.effect.as_deref(),
        "applied"
    );
}

async fn bury(state: &State, row: &InboxRow, token: &str, why: &Unparsable) -> Result<(), Error> {
    metrics::counter!("inbox_dead_total").increment(1);
    tracing::error!(seq = row.seq, event_type = why.kind, error = why.reason, "a webhook or read is dead");
    let about = (why.kind.as_str(), why.object_id.as_deref());
    Ok(inbox::bury(&state.db, row.seq, token, about, &why.reason).await?)
}

async fn give_back(
    state: &State,
    row: &InboxRow,
    parsed: &Parsed,
    token: &str,
    error: &db::Error,
) -> Result<(), Error> {
    let reason = error.to_string();
    if row.attempts >= MOST_ATTEMPTS {
        let (kind, object_id) = (parsed.kind.clone(), parsed.object_id.clone());
        return bury(state, row, token, &Unparsable { kind, object_id, reason }).await;
    }
    tracing::warn!(seq = row.seq, event_type = parsed.kind, error = reason, "applying failed, will be tried again");
    let run_at = state.clock.wall() + pause_after(row.attempts);
    Ok(inbox::retry(&state.db, row.seq, token, run_at, &reason).await?)
}

/// 0.5 s, 1 s, 2 s, … 10 min.
fn pause_after(attempts: i64) -> Millis {
    let doublings = u32::try_from(attempts.clamp(0, 20)).unwrap_or(20);
    (250_i64 << doublings).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_ten_minutes() {
        assert_eq!((pause_after(1), pause_after(2), pause_after(12)), (500, 1000, LONGEST_PAUSE));
    }
}

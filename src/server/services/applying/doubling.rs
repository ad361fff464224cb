//! Somebody seems to pay for two subscriptions: suspected in a fold, looked up at Polar by a job, and only then a case. One
//! of whose subscriptions turns out to be over closes by itself.

use super::{
    super::{Error, new_id},
    noticing,
    sources::{self, Holdings},
    telling,
};
use crate::{
    model::{
        ending::is_over,
        instant::Millis,
        job::CONFIRM_DOUBLES,
        projection::{Kind, SubscriptionFacts},
    },
    server::{
        db::{
            self, Tx,
            cases::{self, CaseRow},
            endings, jobs, refolds,
        },
        state::State,
    },
};
use std::collections::BTreeSet;

/// The kind of these cases; their key is `older+later`.
pub const DUPLICATE: &str = "duplicate_subscription";

/// After a fold: closes what is no double any more, and has looked up what may be one.
pub(super) async fn notice(tx: &mut Tx, user: &str, holdings: &Holdings, now: Millis) -> Result<(), db::Error> {
    close_ended(tx, user, holdings, now).await?;
    if !unknown_pairs(tx, holdings).await?.is_empty() {
        jobs::queue(tx, &new_id(), CONFIRM_DOUBLES, user, now).await?;
    }
    Ok(())
}

/// The subscriptions of `user` that seem to be paid beside another, as far as there is no case about that.
///
/// # Errors
/// When the database fails.
pub async fn suspects(state: &State, user: &str) -> Result<BTreeSet<String>, Error> {
    let mut tx = state.db.snapshot().await?;
    let holdings = sources::holdings(&mut tx, state, user).await?;
    let pairs = unknown_pairs(&mut tx, &holdings).await?;
    Ok(pairs.into_iter().flat_map(|(first, second)| [first, second]).collect())
}

/// Opens a case for each pair of subscriptions of `user` that are both paid, and both among those that were `confirmed` at
/// Polar just now.
///
/// # Errors
/// When the database fails.
pub async fn open_doubles(state: &State, user: &str, confirmed: &BTreeSet<String>) -> Result<(), Error> {
    let now = state.clock.wall();
    let opened: Result<(), db::Error> = (state.db)
        .transaction(async |tx| {
            refolds::lock_user(tx, user).await?;
            let holdings = sources::holdings(&mut *tx, state, user).await?;
            for (first, second) in unknown_pairs(tx, &holdings).await? {
                if !confirmed.contains(&first) || !confirmed.contains(&second) {
                    continue;
                }
                let details = format!(
                    "The subscription {second} is paid beside the older one {first}: one of them should be cancelled and \
                     refunded."
                );
                noticing::open(tx, DUPLICATE, &format!("{first}+{second}"), Some(user), &details, now).await?;
                telling::double(tx, state, user, &holdings, (&first, &second)).await?;
            }
            Ok(())
        })
        .await;
    Ok(opened?)
}

/// Closes what is no double any more, inside a transaction that holds the user's lock: for when a decision ends without
/// having changed anything, because nothing else would look again.
///
/// # Errors
/// When the database fails.
pub async fn close_settled(tx: &mut Tx, state: &State, user: &str, now: Millis) -> Result<(), db::Error> {
    let holdings = sources::holdings(&mut *tx, state, user).await?;
    close_ended(tx, user, &holdings, now).await
}

/// Each subscription beside the oldest, with that one, if there never was a case about both. Of somebody who has left all
/// end without a case.
async fn unknown_pairs(tx: &mut Tx, holdings: &Holdings) -> Result<Vec<(String, String)>, db::Error> {
    if holdings.has_left {
        return Ok(Vec::new());
    }
    let live = going_on(holdings);
    let Some(((_, first), later)) = live.split_first() else { return Ok(Vec::new()) };
    let mut pairs = Vec::new();
    for (_, second) in later {
        if !cases::is_known(&mut *tx, DUPLICATE, &format!("{first}+{second}")).await? {
            pairs.push(((*first).to_owned(), (*second).to_owned()));
        }
    }
    Ok(pairs)
}

/// Subscriptions of plans that will be billed again, the oldest first.
fn going_on(holdings: &Holdings) -> Vec<(String, &str)> {
    let mut live: Vec<(String, &str)> = (holdings.planned())
        .filter(|(row, _)| row.kind == Kind::Subscription.stored())
        .filter_map(|(row, _)| {
            let facts: SubscriptionFacts = serde_json::from_str(&row.projection).ok()?;
            let goes_on = matches!(facts.status.as_str(), "active" | "trialing" | "past_due");
            (goes_on && facts.ends_at.is_none()).then(|| (facts.created_at.unwrap_or_default(), row.id.as_str()))
        })
        .collect();
    live.sort();
    live
}

/// Closes the cases about a subscription that is over, or is somebody else's now; but not while staff's own decision is being
/// carried out, which ends one of them and then pays it back.
async fn close_ended(tx: &mut Tx, user: &str, holdings: &Holdings, now: Millis) -> Result<(), db::Error> {
    for case in cases::of_user(&mut *tx, user).await? {
        let Some(words) = no_double(&case, holdings) else { continue };
        if endings::is_open(&mut *tx, user).await? {
            break;
        }
        if cases::close_alone(tx, &case.id, &words, now).await? {
            tracing::info!(case = case.id, words, "a case closed by itself");
        }
    }
    Ok(())
}

/// Why a case is about two subscriptions no more.
fn no_double(case: &CaseRow, holdings: &Holdings) -> Option<String> {
    let (first, second) = case.key.split_once('+').filter(|_| case.kind == DUPLICATE)?;
    [first, second].into_iter().find_map(|id| {
        let row = holdings.objects.iter().map(|(row, _)| row).find(|row| row.id == id);
        match row.map(|row| row.status.as_deref().unwrap_or_default()) {
            Some(status) if is_over(status) => Some(format!(
                "Closed by itself: the subscription {id} has ended ({status}). Nothing of it was paid back from here."
            )),
            Some(_) => None,
            None => Some(format!("Closed by itself: the subscription {id} belongs to somebody else now.")),
        }
    })
}

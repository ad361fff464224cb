//! Proving that the mirror and everybody's access are what the inbox says: both are rebuilt from it in a scratch database
//! (our orders, what staff decided and the plans as they are), and compared.

mod comparing;
mod scratch;

use super::{Error, applying};
use crate::server::{
    db::{self, Tx, replay},
    state::State,
};
use comparing::{Found, Rebuilt};
use scratch::Scratch;
use std::collections::BTreeSet;

/// What a replay found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Settled rows of the inbox that were applied anew.
    pub rows: usize,
    /// Objects of the mirror that were compared.
    pub objects: usize,
    /// Entitlements that were compared.
    pub entitlements: usize,
    /// Lines of the ledger that were added up.
    pub lines: usize,
    /// Users whose access was about to be computed again: nothing is said about them.
    pub due: usize,
    /// One sentence each.
    pub differences: Vec<String>,
}

/// Rebuilds and compares. Changes nothing; what happens meanwhile is left out.
///
/// # Errors
/// When the database or the scratch copy fails.
pub async fn check(state: &State) -> Result<Report, Error> {
    let scratch = Scratch::open(state).await?;
    let done = compare(state, &scratch).await;
    scratch.remove().await;
    done
}

async fn compare(state: &State, scratch: &Scratch) -> Result<Report, Error> {
    let mut live = state.db.snapshot().await?;
    scratch.state.db.transaction::<(), db::Error>(async |to| replay::copy_ours(&mut live, to).await).await?;
    let rows = replay::copy_inbox(&mut live, &scratch.state.db).await?;
    let due = replay::due(&mut live, state.clock.billing()).await?;
    let due: BTreeSet<String> = due.into_iter().map(|user| user.0).collect();
    let found = Found { mirror: replay::mirror(&mut live).await?, held: replay::held(&mut live).await? };
    let lines = replay::lines(&mut live).await?;
    drop(live);

    applying::drain(&scratch.state).await?;
    replay::begin(&scratch.state.db, state.plans.hash()).await?;
    while applying::refold_due(&scratch.state).await? > 0 {}
    let rebuilt = rebuilt(&mut scratch.state.db.snapshot().await?).await?;

    let mut differences = comparing::adding_up(&lines, &found.held);
    differences.extend(comparing::mirrors(&found.mirror, &rebuilt.mirror));
    differences.extend(comparing::access(&found.held, &rebuilt.held, &due));
    differences.extend(rebuilt.stuck.iter().map(|why| format!("the inbox: {why}")));
    Ok(Report {
        rows,
        objects: found.mirror.len(),
        entitlements: found.held.len(),
        lines: lines.len(),
        due: due.len(),
        differences,
    })
}

async fn rebuilt(tx: &mut Tx) -> Result<Rebuilt, db::Error> {
    let stuck = replay::stuck(tx).await?.into_iter().map(|(seq, why)| format!("row {seq} cannot be applied: {why}"));
    Ok(Rebuilt { stuck: stuck.collect(), mirror: replay::mirror(tx).await?, held: replay::held(tx).await? })
}

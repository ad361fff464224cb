//! What we believed at a past instant, from the ledger, and the row of the inbox, the clock or the person that had made
//! us believe it.

use super::{super::Error, holding::feature_name};
use crate::{
    model::{
        cause::CauseKind,
        fold::Entitlement,
        instant::{Millis, spell_time},
    },
    server::{
        db::{
            audit,
            inbox_shelf::{self, ShelfRow},
            ledger::{self, LedgerRow},
            sync_runs::{self, RunRow},
        },
        state::State,
    },
};

/// One feature, as we believed then that it stands.
#[derive(Clone, Debug)]
pub struct Belief {
    /// The name people read.
    pub name: String,
    /// The last line about it before that instant.
    pub line: LedgerRow,
    /// What was open then; `None` if it had been closed.
    pub held: Option<Entitlement>,
    /// What had caused it.
    pub because: Because,
}

/// What caused a line of the ledger.
#[derive(Clone, Debug)]
pub enum Because {
    /// A row of the inbox.
    Inbox(Box<ShelfRow>),
    /// An instant that came; billing time.
    Timer(Option<Millis>),
    /// Somebody of the staff, and what they did.
    Staff {
        /// Their address, as far as known.
        who: String,
        /// The act.
        action: String,
        /// How and why.
        details: Option<String>,
    },
    /// The plans in `plans.toml` became others; billing time.
    Plans(Option<Millis>),
    /// A comparison with Polar found that something else follows from the mirror; the run, if it was one.
    Sync(Option<Box<RunRow>>),
    /// Something else, in words.
    Other(String),
}

impl Because {
    /// One sentence for staff.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Inbox(row) => {
                let kind = row.kind.as_deref().unwrap_or("unknown");
                let about = row.object_id.as_deref().map_or_else(String::new, |id| format!(" about {id}"));
                let effect = row.effect.as_deref().map_or_else(String::new, |effect| format!(": {effect}"));
                let at = spell_time(row.received_at);
                format!("The {} {kind}{about}, received on {at}{effect} (inbox {}).", row.source, row.seq)
            }
            Self::Timer(Some(at)) => format!("The instant came: {}.", spell_time(*at)),
            Self::Timer(None) => "The instant came.".to_owned(),
            Self::Staff { who, action, details } => {
                let why = details.as_deref().map_or_else(String::new, |details| format!(": {details}"));
                format!("{who} did it ({action}){why}.")
            }
            Self::Plans(Some(at)) => format!("The plans in plans.toml were changed, seen on {}.", spell_time(*at)),
            Self::Plans(None) => "The plans in plans.toml were changed.".to_owned(),
            Self::Sync(Some(run)) => {
                let at = spell_time(run.started_at);
                format!("The comparison with Polar of {at} computed it again: it was not what follows from the mirror.")
            }
            Self::Sync(None) => {
                "A comparison with Polar computed it again: it was not what follows from the mirror.".to_owned()
            }
            Self::Other(words) => words.clone(),
        }
    }
}

/// What we believed of `user` at `at` (wall time), feature by feature; what had never been open is not there.
///
/// # Errors
/// When the database fails.
pub async fn then(state: &State, user: &str, at: Millis) -> Result<Vec<Belief>, Error> {
    let mut beliefs = Vec::new();
    for line in ledger::believed(&state.db, user, at).await? {
        let held = line.after.as_deref().and_then(|after| serde_json::from_str(after).ok());
        let name = feature_name(&state.plans, &line.feature);
        beliefs.push(Belief { name, because: because(state, &line).await?, held, line });
    }
    Ok(beliefs)
}

/// What caused a line.
///
/// # Errors
/// When the database fails.
pub async fn because(state: &State, line: &LedgerRow) -> Result<Because, Error> {
    let number = line.cause_id.parse::<i64>().ok();
    Ok(match (CauseKind::of_stored(&line.cause_kind), number) {
        (Some(CauseKind::Inbox), Some(seq)) => match inbox_shelf::row(&state.db, seq).await? {
            Some(row) => Because::Inbox(Box::new(row)),
            None => Because::Other(format!("The row {seq} of the inbox, which is not there any more.")),
        },
        (Some(CauseKind::Inbox), None) => Because::Other("A row of the inbox.".to_owned()),
        (Some(CauseKind::Timer), at) => Because::Timer(at),
        (Some(CauseKind::Plans), at) => Because::Plans(at),
        (Some(CauseKind::Staff), Some(seq)) => match audit::by_seq(&state.db, seq).await? {
            Some(act) => Because::Staff {
                who: act.actor.or(act.actor_id).unwrap_or_else(|| "The command line".to_owned()),
                action: act.action,
                details: act.details,
            },
            None => Because::Other("Staff did it.".to_owned()),
        },
        (Some(CauseKind::Staff), None) => Because::Other("Staff did it.".to_owned()),
        (Some(CauseKind::Sync), _) => Because::Sync(sync_runs::by_id(&state.db, &line.cause_id).await?.map(Box::new)),
        (Some(CauseKind::Left), _) => Because::Other("The account was deleted by whom it belonged to.".to_owned()),
        (None, _) => Because::Other("A newer version of this program changed it.".to_owned()),
    })
}

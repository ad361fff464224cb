//! What people who run the shop can do: find customers, see why they have what they have, give and take back, decide what
//! the machine cannot. Each act and its line in the audit log are one transaction; what follows for access is folded in
//! it, with `staff` as its cause.

mod cases;
mod doubles;
mod giving;
mod looking;
mod polar;
mod quarantine;
mod remedies;
mod roles;
mod shelf;

pub use cases::{Case, case, cases, close};
pub use doubles::{Chosen, Ending, TwoOf, end_one, two_of};
pub use giving::{Gift, give, grant, withdraw};
pub use looking::{Ordered, Overview, Person, overview, person, search};
pub use polar::{Findings, PolarSide, look_at_polar, polar_side, run};
pub use quarantine::{Stray, attribute, dismiss, stray, strays};
pub use remedies::{BillSide, Refund, RemedyRow, SubscriptionSide, bill_side, refund, revoke, subscription_side};
pub use roles::set_role;
pub use shelf::{Filter, Shelved, kinds, list, retry, row};

use super::Error;
use crate::{
    model::{cause::CauseKind, money::Money, typed::is_hidden},
    server::db::{self, Tx, audit, entitlements::Cause},
};

pub use super::super::db::{
    audit::AuditRow, inbox_shelf::ShelfRow, leavings::LeavingRow, staff_grants::StaffGrantRow as GiftRow,
    sync_runs::RunRow,
};

/// The longest reason.
const LONGEST: usize = 500;

/// Who acts, and from where.
#[derive(Clone, Debug)]
pub struct Actor {
    /// A member of staff.
    pub id: String,
    /// The address they act from.
    pub ip: String,
}

/// Why an act was refused.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// No reason was given, or one too long.
    #[error("Please say why, in a sentence of at most 500 letters.")]
    Reason,
    /// There is no such user.
    #[error("Nobody has this e-mail address or id.")]
    NoSuchUser,
    /// There is no such plan or feature.
    #[error("Please choose what to give.")]
    NoSuchThing,
    /// The feature is a limit, or is none.
    #[error("Please say how many, as a whole number.")]
    HowMany,
    /// The end is no date, or over.
    #[error("Please choose a day that is still to come, or leave it empty.")]
    Expiry,
    /// What it is about is not there, or somebody was quicker.
    #[error("This was decided before, or is not there any more.")]
    Gone,
    /// A decision about one of the same customer's subscriptions is being carried out.
    #[error("One of this customer's subscriptions is being ended at this moment.")]
    UnderWay,
    /// A decision about the same bill or subscription is being carried out.
    #[error("Another decision about this is being carried out at this moment. Please wait for it; nothing was begun.")]
    Busy,
    /// The amount is none, or more than can be paid back.
    #[error(
        "Please write an amount above zero and at most {left}, like 5 or 5.50, or leave this empty to pay all of it back."
    )]
    Amount {
        /// What can be paid back, net of tax.
        left: Money,
    },
    /// None of Polar's words for why.
    #[error("Please choose what it is paid back for.")]
    Cause,
    /// What was shown is not so any more.
    #[error("What would be paid back has changed meanwhile. Please look again; nothing was begun.")]
    Changed,
    /// Polar did not answer a question.
    #[error("Polar does not answer. Nothing was begun. Please try again in a minute.")]
    NoAnswer,
    /// Polar refused.
    #[error("{0}. Please look into it at Polar.")]
    Declined(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl From<db::Error> for Refused {
    fn from(error: db::Error) -> Self {
        Self::Store(error.into())
    }
}

/// An act, for the audit log.
#[derive(Clone, Copy, Debug)]
struct Act<'a> {
    action: &'static str,
    user: Option<&'a str>,
    target: &'a str,
    details: &'a str,
}

fn entry<'a>(actor: &'a Actor, act: Act<'a>) -> audit::Entry<'a> {
    let Act { action, user, target, details } = act;
    let Actor { id, ip } = actor;
    audit::Entry { actor: Some(id), action, user, target: Some(target), details: Some(details), ip: Some(ip) }
}

/// Writes an act down; the cause of what follows from it.
async fn note(tx: &mut Tx, actor: &Actor, act: Act<'_>, now: i64) -> Result<Cause, db::Error> {
    let seq = audit::add(tx, entry(actor, act), now).await?;
    tracing::info!(action = act.action, actor = actor.id, user_id = act.user, target = act.target, "staff acted");
    Ok(Cause { kind: CauseKind::Staff, id: seq.to_string() })
}

/// A reason that somebody else will understand later.
fn reason(text: &str) -> Result<&str, Refused> {
    let text = text.trim();
    let plain = text.chars().count() <= LONGEST && !text.contains(is_hidden);
    if text.is_empty() || !plain { Err(Refused::Reason) } else { Ok(text) }
}

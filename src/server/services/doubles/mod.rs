//! Two subscriptions of one person: whether there really are two, what ending one of them pays back, and ending it.
//!
//! Staff decides once; from then on a job does the rest: it cancels and pays back with orders of ours that are written
//! down before Polar is asked. Whatever happens to an answer or to this process, the next try looks at Polar first and
//! asks only for what is left to do.

mod cancelling;
mod confirming;
mod ending;
mod quoting;
mod refunding;

pub use confirming::confirm;
pub use ending::carry_on;
pub use quoting::{Double, Side, of};

use super::applying::DUPLICATE;
use crate::server::db::cases::CaseRow;

/// The two subscriptions that a case is about, the older one first; `None` if it is about something else.
#[must_use]
pub fn pair(case: &CaseRow) -> Option<(&str, &str)> {
    (case.kind == DUPLICATE).then_some(())?;
    case.key.split_once('+')
}

//! Two subscriptions of one person: whether there really are two, what ending one of them pays back, and ending it.
//!
//! Staff decides once; from then on a job does the rest: it cancels and pays back, each once.

mod confirming;
mod ending;
mod quoting;

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

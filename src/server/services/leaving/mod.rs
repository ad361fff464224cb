//! Leaving: somebody asks for their account to be deleted, and from that moment on nothing more is charged.
//!
//! In one transaction the account becomes a row without address, password, session or access, and a job is queued. The job
//! goes on for as long as it takes: it ends what is paid at Polar and looks whether that is so, pays back what was paid
//! after the wish, deletes Polar's customer, and then writes the receipt and forgets the rest. Each of its steps looks first
//! and does only what is left to do, so it may be interrupted anywhere. It is queued again by whatever is heard later of
//! somebody who left: a page that was paid at the last moment is ended and paid back too.

mod asking;
mod carrying;
mod customers;
mod finishing;
mod payments;
mod tidying;

pub use asking::leave;
pub use carrying::carry_on;

use super::Error;
use crate::server::{db::leavings, state::State};

/// Whether an earlier account with this address is still being closed: what is bought with it now would end with that.
///
/// # Errors
/// When the database fails.
pub async fn is_closing(state: &State, email: &str) -> Result<bool, Error> {
    Ok(leavings::has_address(&state.db, email).await?)
}

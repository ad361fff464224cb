//! The web: the only place that names axum. Pages ask [`session`] who is there, read refusals from [`forms`] and answer
//! through [`reply`]; [`router`] holds every route on one screen.

pub mod cache;
pub mod csp;
mod dev_mail;
pub mod errors;
mod export;
pub mod files;
pub mod forms;
pub mod guard;
pub mod guarded;
pub mod headers;
pub mod health;
pub mod live;
pub mod metrics;
pub mod next;
pub mod reply;
pub mod router;
pub mod session;
mod site;
pub mod source;
pub mod strip;
pub mod theme;
pub mod trace;
pub mod webhook;

pub use site::Site;

#[cfg(test)]
mod tests;

use super::state::State;
use leptos::prelude::expect_context;

/// The server's state, inside a page or server function.
///
/// # Panics
/// Outside a request, where there is none.
#[must_use]
pub fn state() -> State {
    expect_context::<State>()
}

//! A subscription of one's own: letting it pause when the paid time is over, taking that back, and letting it go on.

use super::subscription::{change_page, commit, plain_change};
use crate::{model::change::Change, server::services::changing::Wish};
use leptos::prelude::*;

plain_change! {
    /// Lets a subscription pause when the paid time is over.
    ///
    /// # Errors
    /// The refusal, as the page shows it.
    pause at "/subscription/pause" is Pause
}

plain_change! {
    /// Lets a subscription go on that was to pause.
    ///
    /// # Errors
    /// The refusal, as the page shows it.
    unpause at "/subscription/unpause" is Unpause
}

plain_change! {
    /// Lets a paused subscription go on, with a payment now.
    ///
    /// # Errors
    /// The refusal, as the page shows it.
    go_on at "/subscription/continue" is Continue
}

/// `/subscription/pause?id=`
#[component]
pub fn PausePage() -> impl IntoView {
    change_page(Change::Pause)
}

/// `/subscription/unpause?id=`
#[component]
pub fn UnpausePage() -> impl IntoView {
    change_page(Change::Unpause)
}

/// `/subscription/continue?id=`
#[component]
pub fn ContinuePage() -> impl IntoView {
    change_page(Change::Continue)
}

/// The title and the sentence above the button.
pub(super) fn words(change: Change, name: &str, (until, price): (&str, &str)) -> (String, String) {
    match change {
        Change::Pause => (
            format!("Pause {name}"),
            format!(
                "{name} stays yours until {until}. Then it pauses: nothing is charged, and it gives nothing, until you \
                 continue it."
            ),
        ),
        Change::Continue => (
            format!("Continue {name}"),
            format!(
                "{name} is yours again at once. A new period begins today, and {price} is charged now, plus tax where it \
                 applies, to the card that you pay with."
            ),
        ),
        _ => (format!("Keep {name}"), format!("{name} does not pause: it renews on {until} at {price}.")),
    }
}

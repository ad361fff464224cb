//! The only code that runs in the browser. Islands have no props and render nothing: they wire up markup that the
//! server wrote, so nothing has to be parsed and no page depends on them.

#[cfg(feature = "hydrate")]
mod live;
#[cfg(feature = "hydrate")]
mod theme;

use leptos::prelude::*;

/// Makes the buttons of the theme switch work without a page load: every `button[name=theme]`.
#[island]
pub fn ThemeChoice() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    theme::wire();
}

/// Keeps every element with `data-live` up to date with the events of that address, or else with what its `data-poll`
/// address answers, until an answer is final.
#[island]
pub fn Live() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    live::follow_all();
}

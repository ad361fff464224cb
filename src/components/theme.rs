//! The switch between light and dark. Without JavaScript it is a form that comes back to the same page.

use crate::{
    islands::ThemeChoice,
    server::http::theme::{Theme, theme},
};
use leptos::prelude::*;

/// Three buttons: as the system says, light, dark.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let chosen = theme();
    let button = |theme: Theme| {
        let (sign, label) = match theme {
            Theme::System => ("◐", "Colours as my system has them"),
            Theme::Light => ("☀", "Light colours"),
            Theme::Dark => ("☾", "Dark colours"),
        };
        let pressed = if theme == chosen { "true" } else { "false" };
        view! {
            <button name="theme" value=theme.name() aria-pressed=pressed aria-label=label title=label>
                <span aria-hidden="true">{sign}</span>
            </button>
        }
    };
    view! {
        <form method="post" action="/theme" class="theme" role="group" aria-label="Colours">
            {Theme::ALL.map(button)}
        </form>
        <ThemeChoice />
    }
}

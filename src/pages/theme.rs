//! Choosing a theme where no script runs.

use crate::server::http::{
    next, reply,
    theme::{self, Theme},
};
use leptos::prelude::*;

/// Keeps the choice in a cookie and goes back to the page it was made on.
///
/// # Errors
/// None: an unknown theme is the system's.
#[server(prefix = "", endpoint = "/theme")]
pub async fn choose_theme(
    /// `system`, `light` or `dark`.
    #[server(default)]
    theme: String,
) -> Result<(), ServerFnError> {
    theme::choose(Theme::named(&theme));
    let back = reply::came_from();
    reply::see_other(next::local_path(back.as_deref()).unwrap_or("/"));
    Ok(())
}

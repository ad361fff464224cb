//! How pages look: the visitor's choice, kept in a cookie that the server reads, so that nothing flashes.

use super::reply;
use axum::http::{HeaderMap, request::Parts};
use leptos::prelude::use_context;

/// Light, dark, or what the visitor's system prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Theme {
    /// As the system says.
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// Every choice, in the order in which it is offered.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The value of the cookie and of `data-theme`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of this name; anything else is the system's.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|theme| theme.name() == name).unwrap_or(Self::System)
    }
}

/// The theme that the visitor chose.
#[must_use]
pub fn theme_of(headers: &HeaderMap) -> Theme {
    let chosen = reply::cookies(headers).find(|(name, _)| *name == "theme");
    chosen.map_or(Theme::System, |(_, value)| Theme::named(value))
}

/// The theme of the page that is being made.
#[must_use]
pub fn theme() -> Theme {
    use_context::<Parts>().map_or(Theme::System, |parts| theme_of(&parts.headers))
}

/// Keeps a choice for a year.
pub fn choose(theme: Theme) {
    reply::set_cookie(&format!("theme={}; Path=/; Max-Age=31536000; SameSite=Lax", theme.name()));
}

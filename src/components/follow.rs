//! Pages that load themselves anew when the access of whoever looks at them has changed.

use crate::islands::Live;
use leptos::prelude::*;

/// Follows the access of the signed-in user.
#[component]
pub fn FollowAccess(
    /// The one that was read before the page's contents: what is newer makes the page load again.
    revision: i64,
) -> impl IntoView {
    view! {
        <span data-live="/access/events" data-poll="/access/revision" data-rev=revision hidden></span>
        <Live />
    }
}

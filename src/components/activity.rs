//! Paging through acts.

use leptos::prelude::*;

/// The way to earlier acts, and back to the newest.
#[component]
pub fn Earlier(
    /// The address of the page, to which `before=` can be added.
    #[prop(into)]
    page: String,
    /// The number before which the next page begins.
    earlier: Option<i64>,
    /// Whether these are the newest.
    is_first: bool,
) -> impl IntoView {
    let newest = page.trim_end_matches(['?', '&']).to_owned();
    (earlier.is_some() || !is_first).then(|| {
        view! {
            <nav class="actions" aria-label="Pages">
                {earlier.map(|seq| view! { <a href=format!("{page}before={seq}")>"Earlier"</a> })}
                {(!is_first).then(|| view! { <a href=newest>"The newest"</a> })}
            </nav>
        }
    })
}

//! The frame of one page.

use leptos::prelude::*;
use leptos_meta::Title;

/// A page with its title: the one of the tab and the heading.
#[component]
pub fn Page(
    /// Heading and tab title.
    #[prop(into)]
    title: String,
    /// A sentence below the heading.
    #[prop(optional, into)]
    lead: Option<String>,
    /// `narrow` for a form, `wide` for cards; ordinary text width without.
    #[prop(default = "text")]
    width: &'static str,
    /// The content.
    children: Children,
) -> impl IntoView {
    view! {
        <Title text=title.clone() />
        <div class=format!("page {width}")>
            <header class="page-head">
                <h1>{title}</h1>
                {lead.map(|lead| view! { <p class="lead">{lead}</p> })}
            </header>
            {children()}
        </div>
    }
}

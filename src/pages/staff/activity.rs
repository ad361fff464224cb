//! What happened to a customer's account, as it is written down.

use super::refusals::known;
use crate::{
    components::{
        activity::Earlier,
        staff::{Acts, Room},
    },
    pages::not_found::NotFound,
    server::{
        http::{session, state},
        services::{activity, explaining},
    },
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_query_map;

/// `/staff/activity?id=…`, and what was before the act `before=…`
#[component]
pub fn ActsPage() -> impl IntoView {
    let query = use_query_map().read_untracked().clone();
    let (id, before) = (query.get("id").unwrap_or_default(), query.get("before").and_then(|one| one.parse().ok()));
    Suspend::new(async move {
        session::require_staff().await?;
        let state = state();
        let Some(user) = known(explaining::person(&state, &id).await)? else {
            return Some(Either::Left(view! { <NotFound /> }));
        };
        let (acts, earlier) = known(activity::for_staff(&state, &user.id, before).await)?;
        let (to, back) = (format!("/staff/activity?id={}&", user.id), format!("/staff/person?id={}", user.id));
        let whose = user.email.unwrap_or_else(|| "A deleted account".to_owned());
        Some(Either::Right(view! {
            <Room title="Activity" lead=format!("{whose}: who did what, when and from where, the newest first.")>
                <Acts title="What happened" acts />
                <Earlier page=to earlier is_first=before.is_none() />
                <p><a href=back>"Back to the customer"</a></p>
            </Room>
        }))
    })
}

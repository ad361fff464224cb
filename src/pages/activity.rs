//! What happened to my account: what, when, by whom, and from which address.

use crate::{
    components::{activity::Earlier, page::Page},
    model::instant::spell_time,
    server::{
        http::{reply, session, state},
        services::activity::{self, Told},
    },
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// `/account/activity`, and what was before the act `before=…`
#[component]
pub fn ActivityPage() -> impl IntoView {
    let before = use_query_map().read_untracked().get("before").and_then(|before| before.parse().ok());
    Suspend::new(async move {
        let user = session::require_user().await?;
        match activity::of(&state(), &user.id, before).await {
            Ok((acts, earlier)) => Some(view! { <Activity acts earlier is_first=before.is_none() /> }),
            Err(error) => {
                reply::unavailable(&error);
                None
            }
        }
    })
}

#[component]
fn Activity(acts: Vec<Told>, earlier: Option<i64>, is_first: bool) -> impl IntoView {
    let line = |act: Told| {
        let from = act.from.map(|from| format!(", from {from}"));
        view! {
            <li>
                <p>{act.what}</p>
                <p class="fine">{act.by.in_words()}", "{spell_time(act.at)}{from}</p>
            </li>
        }
    };
    let empty = acts.is_empty().then(|| view! { <p>"Nothing before that."</p> });
    let lead = "Everything that was done to your account, the newest first. If something here was not you, choose another \
                password: that logs everybody out.";
    view! {
        <Page title="Activity" lead width="text">
            {empty}
            <ol class="acts">{acts.into_iter().map(line).collect_view()}</ol>
            <Earlier page="/account/activity?" earlier is_first />
            <p class="actions">
                <a href="/account/password">"Choose another password"</a>
                <a href="/account">"Back to my account"</a>
            </p>
        </Page>
    }
}

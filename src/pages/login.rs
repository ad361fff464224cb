//! Logging in.

use super::refusals::{no_session, refusal};
use crate::{
    components::{
        form::{Field, Hidden, Refusal},
        page::Page,
    },
    server::{
        http::{guard, next, reply, session, state},
        services::{accounts, syncing},
    },
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_query_map;

/// Signs in and goes on to where the visitor was going.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/login")]
pub async fn log_in(
    /// As typed.
    #[server(default)]
    email: String,
    /// As typed.
    #[server(default)]
    password: String,
    /// Where to go afterwards, if it is a path of ours.
    #[server(default)]
    next: String,
) -> Result<(), ServerFnError> {
    let known = accounts::log_in(&state(), &email, password, guard::client_ip()).await;
    let proof = known.map_err(|refused| refusal(refused, &email))?;
    session::start(&proof).await.map_err(|error| no_session(&error, &email))?;
    syncing::after_log_in(&state(), &proof.user).await;
    reply::see_other(next::local_path(Some(&next)).unwrap_or("/account"));
    Ok(())
}

/// `/login`
#[component]
pub fn LogInPage() -> impl IntoView {
    let next = use_query_map().read_untracked().get("next");
    Suspend::new(async move {
        if session::user().await.is_some() {
            reply::see_other(next::local_path(next.as_deref()).unwrap_or("/account"));
            return Either::Left(());
        }
        let register = next::page_for("/register", next.as_deref());
        Either::Right(view! {
            <Page title="Log in" width="narrow">
                <form method="post" class="card">
                    <Refusal />
                    <Hidden name="next" value=next />
                    <Field name="email" label="E-mail" kind="email" autocomplete="username" />
                    <Field name="password" label="Password" kind="password" autocomplete="current-password" />
                    <button class="button">"Log in"</button>
                </form>
                <p class="aside"><a href="/reset">"I have forgotten my password"</a></p>
                <p class="aside">"New here? " <a href=register>"Create an account"</a></p>
            </Page>
        })
    })
}

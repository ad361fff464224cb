//! Creating an account.

use super::refusals::{no_session, refusal};
use crate::{
    components::{
        form::{Field, Hidden, Refusal},
        page::Page,
    },
    server::{
        http::{guard, next, reply, session, state},
        services::accounts,
    },
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_query_map;

/// Creates an account, signs in and goes on to where the visitor was going.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/register")]
pub async fn register(
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
    let made = accounts::register(&state(), &email, password, guard::client_ip()).await;
    let user_id = made.map_err(|refused| refusal(refused, &email))?;
    session::start(&user_id).await.map_err(|error| no_session(&error, &email))?;
    reply::see_other(next::local_path(Some(&next)).unwrap_or("/pricing"));
    Ok(())
}

/// `/register`
#[component]
pub fn RegisterPage() -> impl IntoView {
    let next = use_query_map().read_untracked().get("next");
    Suspend::new(async move {
        if session::user().await.is_some() {
            reply::see_other(next::local_path(next.as_deref()).unwrap_or("/account"));
            return Either::Left(());
        }
        let login = next::page_for("/login", next.as_deref());
        Either::Right(view! {
            <Page title="Create account" lead="An e-mail address and a password, nothing else." width="narrow">
                <form method="post" class="card">
                    <Refusal />
                    <Hidden name="next" value=next />
                    <Field name="email" label="E-mail" kind="email" autocomplete="email" />
                    <Field
                        name="password"
                        label="Password"
                        kind="password"
                        autocomplete="new-password"
                        hint="At least 10 characters. A few words in a row are fine."
                    />
                    <button class="button">"Create account"</button>
                </form>
                <p class="aside">"You have an account? " <a href=login>"Log in"</a></p>
            </Page>
        })
    })
}

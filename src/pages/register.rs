//! Creating an account.

use super::refusals::{no_session, refusal};
use crate::{
    components::{
        form::{Field, Hidden, NewPassword, Refusal},
        page::Page,
    },
    server::{
        http::{guard, next, reply, session, state},
        services::accounts,
    },
};
use leptos::{either::EitherOf3, prelude::*};
use leptos_router::hooks::use_query_map;

/// Creates an account. Signs in and goes on to where the visitor was going, or sends everybody to their mailbox: as
/// [`accounts::register`] answers.
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
    let Some(proof) = made.map_err(|refused| refusal(refused, &email))? else {
        next::remember(&next);
        reply::see_other("/register?sent=yes");
        return Ok(());
    };
    session::start(&proof).await.map_err(|error| no_session(&error, &email))?;
    reply::see_other(next::local_path(Some(&next)).unwrap_or("/pricing"));
    Ok(())
}

/// `/register`
#[component]
pub fn RegisterPage() -> impl IntoView {
    let query = use_query_map().read_untracked().clone();
    let (next, sent) = (query.get("next"), query.get("sent").is_some());
    Suspend::new(async move {
        if session::user().await.is_some() {
            reply::see_other(next::local_path(next.as_deref()).unwrap_or("/account"));
            return EitherOf3::A(());
        }
        if sent {
            return EitherOf3::B(view! { <Sent /> });
        }
        let login = next::page_for("/login", next.as_deref());
        EitherOf3::C(view! {
            <Page title="Create account" lead="An e-mail address and a password, nothing else." width="narrow">
                <form method="post" class="card">
                    <Refusal />
                    <Hidden name="next" value=next />
                    <Field name="email" label="E-mail" kind="email" autocomplete="email" />
                    <NewPassword label="Password" />
                    <button class="button">"Create account"</button>
                </form>
                <p class="aside">"You have an account? " <a href=login>"Log in"</a></p>
            </Page>
        })
    })
}

/// What everybody sees who registers where only confirmed addresses log in.
#[component]
fn Sent() -> impl IntoView {
    view! {
        <Page title="Look into your mail" width="narrow">
            <p>"A mail goes to that address as soon as we can send it. Follow the link in it, with the password that you chose, to go on."</p>
            <p>
                "Nothing there? Look among unwanted mail, or "<a href="/reset">"ask for a link to another password"</a>
                ": it confirms the address as well."
            </p>
        </Page>
    }
}

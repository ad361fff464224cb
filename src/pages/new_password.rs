//! Where the link to another password leads. Opening the page changes nothing.

use super::{
    refusals::{no_session, not_proved},
    verify::SpentLink,
};
use crate::{
    components::{
        form::{Hidden, NewPassword, Refusal},
        page::Page,
    },
    model::letter::Purpose,
    server::{
        http::{guard, reply, session, state},
        services::accounts,
    },
};
use leptos::{either::EitherOf3, prelude::*};
use leptos_router::hooks::use_query_map;

/// Uses the link up, ends every session, and signs in here.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/reset/new")]
pub async fn choose_password(
    /// The key of the link.
    #[server(default)]
    key: String,
    /// As typed.
    #[server(default)]
    password: String,
) -> Result<(), ServerFnError> {
    reply::no_referrer();
    let chosen = accounts::reset(&state(), &key, password, guard::client_ip()).await;
    let proof = chosen.map_err(|refused| not_proved(refused, "password", ""))?;
    session::start(&proof).await.map_err(|error| no_session(&error, ""))?;
    reply::see_other("/account");
    Ok(())
}

/// `/reset/new?key=`
#[component]
pub fn NewPasswordPage() -> impl IntoView {
    let key = use_query_map().read_untracked().get("key").unwrap_or_default();
    Suspend::new(async move {
        reply::no_referrer();
        match accounts::opening(&state(), &key).await {
            Ok(Some(opening)) if opening.purpose == Purpose::Reset => EitherOf3::A(view! { <Choose key=key /> }),
            Ok(_) => EitherOf3::B(view! { <SpentLink again="/reset" /> }),
            Err(error) => {
                reply::unavailable(&error);
                EitherOf3::C(())
            }
        }
    })
}

#[component]
fn Choose(key: String) -> impl IntoView {
    view! {
        <Page title="Choose another password" lead="You are then logged out everywhere else." width="narrow">
            <form method="post" class="card">
                <Refusal />
                <Hidden name="key" value=Some(key) />
                <NewPassword label="New password" />
                <button class="button">"Save and log in"</button>
            </form>
        </Page>
    }
}

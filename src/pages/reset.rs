//! Asking for a link to choose another password. Whether the address has an account only its mailbox is told.

use super::refusals::refusal;
use crate::{
    components::{
        form::{Field, Refusal},
        page::Page,
    },
    server::{
        http::{guard, reply, state},
        services::accounts,
    },
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_query_map;

/// Mails the link.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/reset")]
pub async fn ask_reset(
    /// As typed.
    #[server(default)]
    email: String,
) -> Result<(), ServerFnError> {
    let asked = accounts::ask_reset(&state(), &email, guard::client_ip()).await;
    asked.map_err(|refused| refusal(refused, &email))?;
    reply::see_other("/reset?sent=yes");
    Ok(())
}

/// `/reset`
#[component]
pub fn ResetPage() -> impl IntoView {
    let sent = use_query_map().read_untracked().get("sent").is_some();
    Suspend::new(async move {
        if sent {
            return Either::Left(view! {
                <Page title="Look into your mail" width="narrow">
                    <p>
                        "A mail goes to that address as soon as we can send it. If it has an account, the mail holds a link to \
                         choose another password, which works once, for 30 minutes."
                    </p>
                    <p>"Nothing there? Look among unwanted mail, or "<a href="/reset">"try another address"</a>"."</p>
                </Page>
            });
        }
        Either::Right(view! {
            <Page
                title="Choose another password"
                lead="We mail you a link to choose another one. Until then the present one goes on working."
                width="narrow"
            >
                <form method="post" class="card">
                    <Refusal />
                    <Field name="email" label="E-mail" kind="email" autocomplete="username" />
                    <button class="button">"Send the link"</button>
                </form>
                <p class="aside"><a href="/login">"Back to the log-in"</a></p>
            </Page>
        })
    })
}

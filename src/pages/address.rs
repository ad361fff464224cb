//! The address of the account: whether it is confirmed, and having another one.

use super::refusals::{no_session, not_proved};
use crate::{
    components::{
        form::{Field, PresentPassword, Refusal},
        page::Page,
    },
    server::{
        http::{guard, reply, session, state},
        services::accounts::{self, Asking},
    },
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_query_map;

/// Mails a link to the new address; nothing changes before it is followed.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/account/address")]
pub async fn change_address(
    /// As typed.
    #[server(default)]
    email: String,
    /// As typed, where it is asked for.
    #[server(default)]
    present: String,
) -> Result<(), ServerFnError> {
    let Some(user) = session::require_user().await else { return Ok(()) };
    let asking = Asking { user: &user.id, from: guard::client_ip() };
    let asked = accounts::request_change(&state(), asking, user.evidence(present), &email).await;
    asked.map_err(|refused| not_proved(refused, "present", &email))?;
    session::note_proof(&user).await.map_err(|error| no_session(&error, &email))?;
    reply::see_other("/account/address?sent=change");
    Ok(())
}

/// `/account/address`
#[component]
pub fn AddressPage() -> impl IntoView {
    let sent = use_query_map().read_untracked().get("sent");
    Suspend::new(async move {
        let user = session::require_user().await?;
        let shown = user.email.clone();
        let standing = if user.is_verified {
            Either::Left(view! { <p>{shown}" "<span class="badge good">"Confirmed"</span></p> })
        } else {
            Either::Right(view! {
                <p>{shown}" "<span class="badge warn">"Not confirmed"</span></p>
                <p>"Follow the link in the mail that we sent there. With it we know that receipts reach you."</p>
                <form method="post" action="/verify/again">
                    <button class="button small">"Send the link again"</button>
                </form>
            })
        };
        Some(view! {
            <Page title="E-mail address" width="narrow">
                {sent.as_deref().and_then(sent_sentence).map(|words| view! { <p class="notice" role="status">{words}</p> })}
                {standing}
                <form method="post" class="card">
                    <h2>"Use another address"</h2>
                    <Refusal />
                    <Field
                        name="email"
                        label="New e-mail address"
                        kind="email"
                        autocomplete="email"
                        hint="We mail a link there. Nothing changes before you follow it."
                    />
                    <PresentPassword user />
                    <button class="button">"Send the link"</button>
                </form>
                <p class="aside"><a href="/account">"Back to my account"</a></p>
            </Page>
        })
    })
}

fn sent_sentence(what: &str) -> Option<&'static str> {
    match what {
        "verify" => Some("We have mailed you a link. It works once, for three days."),
        "change" => Some("We have mailed a link to the new address. It works once, for a day."),
        _ => None,
    }
}

//! Another link that proves the address of the account.

use super::refusals::not_proved;
use crate::{
    components::{form::Refusal, page::Page},
    server::{
        http::{guard, reply, session, state},
        services::accounts::{self, Asking},
    },
};
use leptos::prelude::*;

/// Mails the link.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/verify/again")]
pub async fn verify_again() -> Result<(), ServerFnError> {
    let Some(user) = session::require_user().await else { return Ok(()) };
    let asking = Asking { user: &user.id, from: guard::client_ip() };
    accounts::send_verification(&state(), asking).await.map_err(|refused| not_proved(refused, "", ""))?;
    reply::see_other("/account/address?sent=verify");
    Ok(())
}

/// `/verify/again`
#[component]
pub fn VerifyAgainPage() -> impl IntoView {
    Suspend::new(async move {
        let user = session::require_user().await?;
        Some(view! {
            <Page title="Confirm your address" lead=format!("We can mail another link to {}.", user.email) width="narrow">
                <form method="post" class="card">
                    <Refusal />
                    <button class="button">"Send the link"</button>
                </form>
            </Page>
        })
    })
}

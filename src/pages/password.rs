//! Another password, for whoever knows the present one.

use super::refusals::{no_session, not_proved};
use crate::{
    components::{
        form::{NewPassword, PresentPassword, Refusal},
        page::Page,
    },
    server::{
        http::{guard, reply, session, state},
        services::accounts::{self, Asking},
    },
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Changes the password; every session but this one ends. The present one is needed unless it was given lately.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/account/password")]
pub async fn change_password(
    /// As typed.
    #[server(default)]
    present: String,
    /// As typed.
    #[server(default)]
    password: String,
) -> Result<(), ServerFnError> {
    let Some(user) = session::require_user().await else { return Ok(()) };
    let asking = Asking { user: &user.id, from: guard::client_ip() };
    let changed = accounts::change_password(&state(), asking, user.evidence(present), password).await;
    let proof = changed.map_err(|refused| not_proved(refused, "present", ""))?;
    session::start(&proof).await.map_err(|error| no_session(&error, ""))?;
    reply::see_other("/account/password?changed=yes");
    Ok(())
}

/// `/account/password`
#[component]
pub fn PasswordPage() -> impl IntoView {
    let changed = use_query_map().read_untracked().get("changed").is_some();
    Suspend::new(async move {
        let user = session::require_user().await?;
        Some(view! {
            <Page title="Password" width="narrow">
                {changed.then(|| view! {
                    <p class="notice" role="status">"Your password was changed. You are logged out everywhere else."</p>
                })}
                <form method="post" class="card">
                    <Refusal />
                    <PresentPassword user />
                    <NewPassword label="New password" />
                    <button class="button">"Change password"</button>
                    <p class="fine">"You are then logged out everywhere else."</p>
                </form>
                <p class="aside"><a href="/reset">"I do not know my present password"</a></p>
            </Page>
        })
    })
}

//! Deleting the account: what is lost, a clear yes, and the password.

use super::refusals::{no_session, not_proved};
use crate::{
    components::{
        form::{Field, Refusal},
        losses::Losses,
        page::Page,
    },
    server::{
        http::{
            forms::{Rejected, reject},
            guard, reply, session, state,
        },
        services::{accounts::Asking, leaving, overview},
    },
};
use leptos::prelude::*;

/// Deletes the account for good.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/account/delete")]
pub async fn delete_account(
    /// `yes` where the box was ticked.
    #[server(default)]
    sure: String,
    /// As typed.
    #[server(default)]
    password: String,
) -> Result<(), ServerFnError> {
    let Some(user) = session::require_user().await else { return Ok(()) };
    if sure != "yes" {
        return Err(reject(Rejected::field("sure", "Tick this if you want your account to be deleted.")));
    }
    let asking = Asking { user: &user.id, from: guard::client_ip() };
    leaving::leave(&state(), asking, password).await.map_err(|refused| not_proved(refused, "password", ""))?;
    session::end().await.map_err(|error| no_session(&error, ""))?;
    reply::see_other("/account/deleted");
    Ok(())
}

/// `/account/delete`
#[component]
pub fn DeletePage() -> impl IntoView {
    Suspend::new(async move {
        let user = session::require_user().await?;
        match overview::of(&state(), &user.id).await {
            Ok(overview) => Some(view! {
                <Page title="Delete my account" lead="This cannot be undone." width="narrow">
                    <Losses overview />
                    <Sure email=user.email />
                    <p class="aside"><a href="/account">"Keep my account"</a></p>
                </Page>
            }),
            Err(error) => {
                reply::unavailable(&error);
                None
            }
        }
    })
}

#[component]
fn Sure(email: String) -> impl IntoView {
    let message = crate::server::http::forms::rejected().message_for("sure");
    view! {
        <form method="post" class="card">
            <Refusal />
            <div class="field">
                <label class="tick" for="sure">
                    <input
                        id="sure" name="sure" type="checkbox" value="yes" required
                        aria-invalid=message.is_some().then_some("true")
                        aria-describedby=message.is_some().then_some("sure-error")
                    />
                    <span>"Yes, delete the account of "{email}" and end all that is listed above."</span>
                </label>
                {message.map(|message| view! { <p class="error" id="sure-error" role="alert">{message}</p> })}
            </div>
            <Field name="password" label="Your password" kind="password" autocomplete="current-password" />
            <button class="button danger">"Delete my account"</button>
            <p class="fine">
                "You are logged out everywhere at once. We mail you a receipt when everything has ended."
            </p>
        </form>
    }
}

/// `/account/deleted`
#[component]
pub fn DeletedPage() -> impl IntoView {
    view! {
        <Page title="Your account is being deleted" width="narrow">
            <p>"You are logged out everywhere, and nobody can log in with it any more."</p>
            <p>
                "We now end what was running at Polar, who takes the payments, and have your details deleted there. That mostly
                takes seconds. If Polar does not answer, we go on until it does, and whatever is charged meanwhile goes back to
                you."
            </p>
            <p>"When all of it is done, we mail you a receipt."</p>
            <p class="actions"><a class="button second" href="/">"To the start page"</a></p>
        </Page>
    }
}

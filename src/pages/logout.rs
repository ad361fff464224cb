//! Logging out.

use super::refusals::no_session;
use crate::{
    components::{form::Refusal, page::Page},
    server::http::{reply, session},
};
use leptos::{either::Either, prelude::*};

/// Signs out in this browser.
///
/// # Errors
/// When the session cannot be ended.
#[server(prefix = "", endpoint = "/logout")]
pub async fn log_out() -> Result<(), ServerFnError> {
    session::end().await.map_err(|error| no_session(&error, ""))?;
    reply::see_other("/");
    Ok(())
}

/// `/logout`
#[component]
pub fn LogOutPage() -> impl IntoView {
    Suspend::new(async move {
        match session::user().await {
            None => Either::Left(view! {
                <Page title="You are logged out" width="narrow">
                    <p>
                        <a class="button" href="/login">
                            "Log in again"
                        </a>
                    </p>
                </Page>
            }),
            Some(user) => Either::Right(view! {
                <Page title="Log out?" lead=format!("You are logged in as {}.", user.email) width="narrow">
                    <form method="post" class="card">
                        <Refusal />
                        <button class="button">"Log out"</button>
                    </form>
                </Page>
            }),
        }
    })
}

//! Where links lead that prove an address: of an account, or the one that it is to have. Opening the page changes nothing.

use super::refusals::{no_session, not_proved};
use crate::{
    components::{
        form::{Field, Hidden, Refusal},
        page::Page,
    },
    model::letter::Purpose,
    server::{
        http::{guard, next, reply, session, state},
        services::accounts::{self, Opening},
    },
};
use leptos::{either::EitherOf3, prelude::*};
use leptos_router::hooks::use_query_map;

/// Uses the link up. Where the password was asked for, signs in and goes on to where this browser was going when it registered.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/verify")]
pub async fn verify(
    /// The key of the link.
    #[server(default)]
    key: String,
    /// As typed, where nobody of the account is signed in.
    #[server(default)]
    password: String,
) -> Result<(), ServerFnError> {
    reply::no_referrer();
    let there = session::user().await.map(|user| user.id);
    let confirmed = accounts::confirm(&state(), &key, there.as_deref(), password, guard::client_ip()).await;
    let mut to = "/account/address".to_owned();
    if let Some(proof) = confirmed.map_err(|refused| not_proved(refused, "password", ""))? {
        session::start(&proof).await.map_err(|error| no_session(&error, ""))?;
        to = next::recall().unwrap_or(to);
    }
    reply::see_other(&to);
    Ok(())
}

/// `/verify?key=`
#[component]
pub fn VerifyPage() -> impl IntoView {
    let key = use_query_map().read_untracked().get("key").unwrap_or_default();
    Suspend::new(async move {
        reply::no_referrer();
        let there = session::user().await.map(|user| user.id);
        let opening = match accounts::opening(&state(), &key).await {
            Ok(opening) => opening.filter(|opening| opening.purpose != Purpose::Reset),
            Err(error) => {
                reply::unavailable(&error);
                return EitherOf3::A(());
            }
        };
        match opening {
            Some(opening) => {
                let known = there.as_ref() == Some(&opening.user);
                EitherOf3::B(view! { <Confirm opening key=key known /> })
            }
            None => EitherOf3::C(view! { <SpentLink again="/account/address" /> }),
        }
    })
}

#[component]
fn Confirm(opening: Opening, key: String, known: bool) -> impl IntoView {
    let lead = match opening.purpose {
        Purpose::Change => format!("Your account is to have the address {} from now on.", opening.email),
        _ => format!("The address of your account is {}.", opening.email),
    };
    let password = (!known).then(|| {
        view! {
            <Field
                name="password"
                label="Password"
                kind="password"
                autocomplete="current-password"
                hint="That of the account that asked for this. If you have none, somebody typed your address: then leave this page."
            />
        }
    });
    view! {
        <Page title="Confirm your address" lead width="narrow">
            <form method="post" class="card">
                <Refusal />
                <Hidden name="key" value=Some(key) />
                {password}
                <button class="button">"Confirm address"</button>
            </form>
        </Page>
    }
}

/// What is shown in place of a form whose link was used, is too old, or never was one.
#[component]
pub fn SpentLink(
    /// Where another link is to be had.
    again: &'static str,
) -> impl IntoView {
    reply::spent();
    view! {
        <Page title="This link does not work any more" width="narrow">
            <p>"Each link works once, and not for ever. Nothing was changed."</p>
            <p class="actions">
                <a class="button" href=again>
                    "Ask for another one"
                </a>
            </p>
        </Page>
    }
}

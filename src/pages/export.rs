//! A copy of everything that is held about somebody: asking for it, how far it is, and fetching it.

use crate::{
    components::{
        form::{Hidden, Refusal},
        page::Page,
    },
    model::instant::spell_time,
    server::{
        http::{
            forms::{Rejected, reject},
            guard, reply, session, state,
        },
        services::{
            Error,
            accounts::Asking,
            exporting::{self, ExportRow},
        },
    },
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Asks for a copy.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/account/export")]
pub async fn ask_for_copy() -> Result<(), ServerFnError> {
    let Some(user) = session::require_user().await else { return Ok(()) };
    let asking = Asking { user: &user.id, from: guard::client_ip() };
    match exporting::ask(&state(), asking).await {
        Ok(true) => reply::see_other("/account/export"),
        Ok(false) => {
            let words = "You asked for a copy a moment ago. Another one can be made ten minutes after that.";
            return Err(reject(Rejected::form(words)));
        }
        Err(error) => {
            tracing::error!(%error, "a copy cannot be asked for");
            return Err(reject(Rejected::unavailable(
                "We cannot reach our records just now. Please try again in a moment.",
            )));
        }
    }
    Ok(())
}

/// `/account/export`, and with `key=…` from the mail the button that fetches it
#[component]
pub fn ExportPage() -> impl IntoView {
    let key = use_query_map().read_untracked().get("key").filter(|key| !key.is_empty());
    Suspend::new(async move {
        let user = session::require_user().await?;
        match look(&user.id, key).await {
            Ok((standing, key)) => Some(view! { <Export standing key /> }),
            Err(error) => {
                reply::unavailable(&error);
                None
            }
        }
    })
}

/// How far the copy is, and the key if it opens it.
async fn look(user: &str, key: Option<String>) -> Result<(Option<ExportRow>, Option<String>), Error> {
    let state = state();
    let standing = exporting::standing(&state, user).await?;
    match key {
        Some(key) if exporting::opens(&state, user, &key).await? => Ok((standing, Some(key))),
        _ => Ok((standing, None)),
    }
}

#[component]
fn Export(standing: Option<ExportRow>, key: Option<String>) -> impl IntoView {
    let words = standing.as_ref().map(|row| sentence(row, key.is_some()));
    let fetch = key.map(|key| {
        view! {
            <form method="post" action="/account/export/file" class="card">
                <Hidden name="key" value=Some(key) />
                <button class="button">"Download my data"</button>
                <p class="fine">"This works once. After that we do not keep the copy any longer."</p>
            </form>
        }
    });
    let label = if standing.is_some() { "Make another copy" } else { "Make a copy" };
    view! {
        <Page title="A copy of my data" width="narrow">
            {words.map(|words| view! { <p class="notice" role="status">{words}</p> })}
            {fetch}
            <p>
                "The copy holds everything that we have about you: account, log-ins, orders, purchases, what is open to you
                and why, what was done to your account, and which mails we sent. It is a zip file with JSON in it."
            </p>
            <form method="post" class="card">
                <Refusal />
                <button class="button second">{label}</button>
                <p class="fine">"We mail you a link when it is ready. It works once, for three days."</p>
            </form>
            <p class="aside"><a href="/account">"Back to my account"</a></p>
        </Page>
    }
}

fn sentence(row: &ExportRow, opens: bool) -> String {
    match (row.state.as_str(), row.expires_at) {
        ("asked", _) => {
            format!("You asked for a copy on {}. It is being made; we mail you a link.", spell_time(row.asked_at))
        }
        ("ready", Some(until)) if opens => format!("Your copy is ready. You can fetch it until {}.", spell_time(until)),
        ("ready", Some(until)) => {
            format!("Your copy is ready until {}. Follow the link in our mail to fetch it.", spell_time(until))
        }
        ("used", _) => "Your copy was fetched, and is not kept here any longer.".to_owned(),
        _ => "Your copy was not fetched in time, and is not kept any longer.".to_owned(),
    }
}

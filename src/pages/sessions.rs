//! Where somebody is signed in, and ending that elsewhere.

use super::refusals::unreachable;
use crate::{
    components::{form::Refusal, page::Page},
    model::instant::{HOUR, Millis, spell_date, spell_time},
    server::{
        http::{guard, reply, session, state},
        services::accounts::{self, Asking, Place},
    },
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_query_map;

/// What is sent in place of a session's name to end all but this one.
const OTHERS: &str = "others";

/// Ends one session, or all but this one. One that has ended already is no mistake.
///
/// # Errors
/// When the database does not answer.
#[server(prefix = "", endpoint = "/account/sessions")]
pub async fn end_session(
    /// The name of the session, or `others`.
    #[server(default)]
    session: String,
) -> Result<(), ServerFnError> {
    let Some(user) = session::require_user().await else { return Ok(()) };
    if session == user.session {
        session::end().await.map_err(|error| unreachable(&error))?;
        reply::see_other("/login");
        return Ok(());
    }
    let (state, asking) = (state(), Asking { user: &user.id, from: guard::client_ip() });
    let ended = match session.as_str() {
        OTHERS => accounts::end_other_sessions(&state, asking, &user.session).await,
        key => accounts::end_session(&state, asking, key).await.map(drop),
    };
    ended.map_err(|error| unreachable(&error))?;
    reply::see_other("/account/sessions?ended=yes");
    Ok(())
}

/// `/account/sessions`
#[component]
pub fn SessionsPage() -> impl IntoView {
    let ended = use_query_map().read_untracked().get("ended").is_some();
    Suspend::new(async move {
        let user = session::require_user().await?;
        let state = state();
        match accounts::sessions(&state, &user.id, &user.session).await {
            Ok(places) => Some(Either::Left(view! { <Places places now=state.clock.wall() ended /> })),
            Err(error) => {
                reply::unavailable(&error);
                Some(Either::Right(()))
            }
        }
    })
}

#[component]
fn Places(places: Vec<Place>, now: Millis, ended: bool) -> impl IntoView {
    let others = places.iter().any(|place| !place.is_this);
    let done = if others { "Logged out there." } else { "You are logged in here alone." };
    let end_all = others.then(|| {
        view! {
            <form method="post" class="actions">
                <button class="button second" name="session" value=OTHERS>"Log out everywhere else"</button>
            </form>
        }
    });
    let lead =
        "Each browser in which you are logged in. Log out where you do not know it, and choose another password then.";
    view! {
        <Page title="Where you are logged in" lead>
            {ended.then(|| view! { <p class="notice" role="status">{done}</p> })}
            <Refusal />
            <ul class="places">{places.into_iter().map(|place| view! { <One place now /> }).collect_view()}</ul>
            {end_all}
            <p class="fine">"A log-in ends after 14 days without a visit, and after 90 days in any case."</p>
            <p class="aside">
                <a href="/account/password">"Choose another password"</a>" · "<a href="/account">"Back to my account"</a>
            </p>
        </Page>
    }
}

#[component]
fn One(place: Place, now: Millis) -> impl IntoView {
    let used = match now - place.seen {
        ..HOUR => "within the last hour".to_owned(),
        _ => format!("about {}", spell_time(place.seen)),
    };
    let here = match place.is_this {
        true => Either::Left(view! { <span class="badge good">"This one"</span> }),
        false => Either::Right(view! {
            <form method="post">
                <button class="button second small" name="session" value=place.key>
                    "Log out "<span class="visually-hidden">{format!("of {}", place.browser.clone())}</span>
                </button>
            </form>
        }),
    };
    view! {
        <li class="card">
            <div>
                <p><strong>{place.browser}</strong></p>
                <p class="fine">"Last used "{used}". Logged in on "{spell_date(place.started)}"."</p>
            </div>
            {here}
        </li>
    }
}

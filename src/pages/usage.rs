//! What I have used of what is metered and what is left, how it goes on, what was before, and when mail tells of it.

use super::refusals::unreachable;
use crate::{
    components::{
        chart::Chart,
        form::Refusal,
        page::Page,
        usage::{Alerts, Earlier, Newest, Now, Offer, span, summary},
    },
    model::{alert, chart::Bar, instant::Millis, meter::Meter},
    server::{
        http::{
            forms::{Rejected, reject},
            guard, reply, session, state,
        },
        services::{
            Error,
            accounts::Asking,
            usage::{self, Past, Shown},
        },
    },
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_query_map;

/// Chooses at how many percent of a meter mail is written; a box that is not ticked is not sent.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/usage")]
pub async fn choose_alerts(
    /// The meter's key.
    #[server(default)]
    meter: String,
    /// `yes` where the box was ticked.
    #[server(default)]
    at50: String,
    /// Likewise.
    #[server(default)]
    at80: String,
    /// Likewise.
    #[server(default)]
    at90: String,
    /// Likewise.
    #[server(default)]
    at100: String,
) -> Result<(), ServerFnError> {
    let Some(user) = session::require_user().await else { return Ok(()) };
    let boxes = alert::OFFERED.into_iter().zip([at50, at80, at90, at100]);
    let percents: Vec<i64> = boxes.filter(|(_, ticked)| ticked == "yes").map(|(percent, _)| percent).collect();
    let asking = Asking { user: &user.id, from: guard::client_ip() };
    match usage::choose_alerts(&state(), asking, &meter, &percents).await {
        Ok(true) => reply::see_other("/usage?saved=yes"),
        Ok(false) => return Err(reject(Rejected::form("There is no such thing to be counted. Nothing was changed."))),
        Err(error) => return Err(unreachable(&error)),
    }
    Ok(())
}

/// `/usage`, and `?meter=…&period=…` for an earlier period by its beginning
#[component]
pub fn UsagePage() -> impl IntoView {
    let query = use_query_map();
    let (asked, saved) = {
        let query = query.read_untracked();
        (query.get("meter").zip(query.get("period")), query.get("saved").is_some())
    };
    Suspend::new(async move {
        let user = session::require_user().await?;
        let shown = match asked {
            None => {
                usage::now(&state(), &user.id).await.map(|meters| Some(Either::Left(view! { <Meters meters saved /> })))
            }
            Some((meter, period)) => before(&user.id, &meter, &period).await.map(|found| found.map(Either::Right)),
        };
        match shown {
            Ok(Some(page)) => return Some(page),
            Ok(None) => reply::gone(),
            Err(error) => reply::unavailable(&error),
        }
        None
    })
}

/// The page of an earlier period; `None` if there is none.
async fn before(user: &str, meter: &str, period: &str) -> Result<Option<impl IntoView + use<>>, Error> {
    let (Ok(starts_at), state) = (period.parse(), state()) else { return Ok(None) };
    let (found, now) = (usage::past(&state, user, meter, starts_at).await?, state.clock.billing());
    Ok(found.map(|(meter, past, bars)| view! { <Before meter past bars now /> }))
}

#[component]
fn Meters(meters: Vec<Shown>, saved: bool) -> impl IntoView {
    let lead = if meters.is_empty() { "Nothing is counted here." } else { "What you have used, and what is left." };
    view! {
        <Page title="Usage" lead>
            {saved.then(|| view! { <p class="notice" role="status">"Saved."</p> })}
            <Refusal />
            {meters.into_iter().map(|shown| view! { <OneMeter shown /> }).collect_view()}
            <p class="aside">
                <a href="/pricing">"Plans and prices"</a>" · "<a href="/account">"Back to my account"</a>
            </p>
        </Page>
    }
}

#[component]
fn OneMeter(shown: Shown) -> impl IntoView {
    let Shown { key, meter, balance, earlier, newest, percents, .. } = shown.clone();
    let heading = format!("meter-{key}");
    let alerts = percents.map(|percents| view! { <Alerts key=key.clone() meter=meter.clone() percents /> });
    view! {
        <section class="usage" aria-labelledby=heading>
            <h2 id=heading.clone()>{meter.name.clone()}</h2>
            <Now shown />
            <Offer balance />
            <Newest meter=meter.clone() newest />
            <Earlier key meter earlier />
            {alerts}
        </section>
    }
}

#[component]
fn Before(meter: Meter, past: Past, bars: Vec<Bar>, now: Millis) -> impl IntoView {
    let title = format!("{}, {}", meter.name, span(&past));
    let summary = format!("{}.", summary(&meter, &past));
    let chart = (past.used > 0).then(|| view! { <Chart id="past" meter bars now /> });
    view! {
        <Page title>
            <p class="left"><strong>{summary}</strong></p>
            {chart}
            <p class="aside"><a href="/usage">"Back to what is left now"</a></p>
        </Page>
    }
}

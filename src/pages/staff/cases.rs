//! What the machine noticed and people decide.

use super::refusals::{known, refusal};
use crate::{
    components::{
        form::{Choice, Field, Hidden, Refusal},
        staff::{CaseTable, Decided, Room, Sides, case_words},
    },
    model::instant::spell_time,
    pages::not_found::NotFound,
    server::{
        http::{reply, session, state},
        services::staffing::{self, Case, Chosen, TwoOf},
    },
};
use leptos::{either::EitherOf3, prelude::*};
use leptos_router::hooks::use_query_map;

/// Closes a case, or has one of two subscriptions ended first.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/staff/cases")]
pub async fn close_case(
    /// Which; an id.
    #[server(default)]
    id: String,
    /// `close`, or `end:` with a subscription and the hash of what was shown to be paid back: `end:<id>:<hash>`.
    #[server(default)]
    act: String,
    /// How it ended.
    #[server(default)]
    reason: String,
) -> Result<(), ServerFnError> {
    let Some(actor) = session::require_staff().await else { return Ok(()) };
    let ends = act.strip_prefix("end:").map(|chosen| chosen.split_once(':').unwrap_or((chosen, "")));
    let decided = match ends {
        Some((subscription, shown)) => {
            staffing::end_one(&state(), &actor, &id, Chosen { subscription, shown }, &reason).await
        }
        None => staffing::close(&state(), &actor, &id, &reason).await,
    };
    decided.map_err(|refused| refusal(refused, &[("act", &act), ("reason", &reason)]))?;
    reply::see_other(&if ends.is_some() { format!("/staff/cases?id={id}") } else { "/staff/cases".to_owned() });
    Ok(())
}

/// `/staff/cases`, and one case with `id=…`
#[component]
pub fn CasesPage() -> impl IntoView {
    let id = use_query_map().read_untracked().get("id");
    Suspend::new(async move {
        session::require_staff().await?;
        let state = state();
        let Some(id) = id else {
            let (open, closed) = known(staffing::cases(&state).await)?;
            return Some(EitherOf3::A(view! { <All open closed /> }));
        };
        Some(match known(staffing::case(&state, &id).await)? {
            Some(case) => {
                let two = known(staffing::two_of(&state, &case).await)?;
                EitherOf3::B(view! { <One case two /> })
            }
            None => EitherOf3::C(view! { <NotFound /> }),
        })
    })
}

#[component]
fn All(open: Vec<Case>, closed: Vec<Case>) -> impl IntoView {
    view! {
        <Room title="Cases" lead="What the machine noticed and people must decide. Nothing waits for it: access goes on as it is.">
            <CaseTable title="Open" empty="None." cases=open />
            <CaseTable title="Closed" empty="None yet." cases=closed />
        </Room>
    }
}

#[component]
fn One(case: Case, two: Option<TwoOf>) -> impl IntoView {
    let person = case.user_id.clone().map(|id| {
        let to = format!("/staff/person?id={id}");
        view! { <dt>"Customer"</dt><dd><a href=to>{id}</a></dd> }
    });
    let closed = case.closed_at.map(|at| {
        view! { <dt>"Closed"</dt><dd>{spell_time(at)}</dd><dt>"Outcome"</dt><dd>{case.outcome.clone()}</dd> }
    });
    let under_way = two.iter().flat_map(|two| &two.endings).any(|ending| ending.state == "open");
    let options = options(two.as_ref());
    let form = (case.closed_at.is_none() && !under_way).then(|| view! { <Deciding id=case.id.clone() options /> });
    view! {
        <Room title=case_words(&case.kind) lead=case.details.clone()>
            {under_way.then(|| view! { <meta http-equiv="refresh" content="5" /> })}
            <Refusal />
            <dl class="facts">
                <dt>"Opened"</dt>
                <dd>{spell_time(case.opened_at)}</dd>
                {person}
                {closed}
            </dl>
            {two.map(|two| view! { <About two /> })}
            {form}
            <p><a href="/staff/cases">"Back to the cases"</a></p>
        </Room>
    }
}

/// What a case about two subscriptions can end with, the most likely first; each says what it costs.
fn options(two: Option<&TwoOf>) -> Vec<(String, String)> {
    let sides = two.and_then(|two| two.double.as_ref()).map(|double| ["later", "older"].into_iter().zip(&double.sides));
    let each = sides.into_iter().flatten().map(|(which, side)| {
        let words = format!("End the {which}, {} back", side.back.words());
        (format!("end:{}:{}", side.id, side.back.hash()), words)
    });
    each.chain(std::iter::once(("close".to_owned(), "Only close the case".to_owned()))).collect()
}

/// The subscriptions, and what was decided about them so far.
#[component]
fn About(two: TwoOf) -> impl IntoView {
    let TwoOf { double, polar_is_down, endings } = two;
    let down = polar_is_down.then(|| {
        view! {
            <p class="notice warning">
                "Polar does not answer, so what would be paid back cannot be shown. Please look again in a minute."
            </p>
        }
    });
    view! {
        {down}
        {double.map(|double| view! { <Sides double /> })}
        {(!endings.is_empty()).then(|| view! { <Decided endings /> })}
    }
}

#[component]
fn Deciding(id: String, options: Vec<(String, String)>) -> impl IntoView {
    let choice = (options.len() > 1).then(|| view! { <Choice name="act" label="What shall happen?" options /> });
    view! {
        <form method="post" class="card">
            <Hidden name="id" value=Some(id) />
            {choice}
            <Field
                name="reason" label="How did it end, or why?" autocomplete="off"
                hint="The same case is not opened again."
            />
            <button class="button">"Decide"</button>
        </form>
    }
}

//! What the machine noticed and people decide.

use super::refusals::{known, refusal};
use crate::{
    components::{
        form::{Choice, Field, Hidden, Refusal},
        staff::{CaseTable, Room, case_words},
    },
    model::instant::spell_time,
    pages::not_found::NotFound,
    server::{
        http::{reply, session, state},
        services::staffing::{self, Case},
    },
};
use leptos::{either::EitherOf3, prelude::*};
use leptos_router::hooks::use_query_map;

/// Closes a case, or first ends the second of two subscriptions.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/staff/cases")]
pub async fn close_case(
    /// Which; an id.
    #[server(default)]
    id: String,
    /// `close` or `end_second`.
    #[server(default)]
    act: String,
    /// How it ended.
    #[server(default)]
    reason: String,
) -> Result<(), ServerFnError> {
    let Some(actor) = session::require_staff().await else { return Ok(()) };
    let closed = match act.as_str() {
        "end_second" => staffing::end_second(&state(), &actor, &id, &reason).await,
        _ => staffing::close(&state(), &actor, &id, &reason).await,
    };
    closed.map_err(|refused| refusal(refused, &[("act", &act), ("reason", &reason)]))?;
    reply::see_other("/staff/cases");
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
            Some(case) => EitherOf3::B(view! { <One case /> }),
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
fn One(case: Case) -> impl IntoView {
    let person = case.user_id.clone().map(|id| {
        let to = format!("/staff/person?id={id}");
        view! { <dt>"Customer"</dt><dd><a href=to>{id}</a></dd> }
    });
    let closed = case.closed_at.map(|at| {
        view! { <dt>"Closed"</dt><dd>{spell_time(at)}</dd><dt>"Outcome"</dt><dd>{case.outcome.clone()}</dd> }
    });
    let ending = staffing::second(&case).map(|second| {
        let second = format!("End {second} now, pay it back, and close the case");
        let options = [("end_second", second.as_str()), ("close", "Only close the case")];
        let options = options.map(|(act, words)| (act.to_owned(), words.to_owned())).to_vec();
        view! { <Choice name="act" label="What shall happen?" options /> }
    });
    let form = case.closed_at.is_none().then(|| {
        view! {
            <form method="post" class="card">
                <Hidden name="id" value=Some(case.id.clone()) />
                {ending}
                <Field
                    name="reason" label="How did it end?" autocomplete="off"
                    hint="The same case is not opened again."
                />
                <button class="button">"Decide"</button>
            </form>
        }
    });
    view! {
        <Room title=case_words(&case.kind) lead=case.details.clone()>
            <Refusal />
            <dl class="facts">
                <dt>"Opened"</dt>
                <dd>{spell_time(case.opened_at)}</dd>
                {person}
                {closed}
            </dl>
            {form}
            <p><a href="/staff/cases">"Back to the cases"</a></p>
        </Room>
    }
}

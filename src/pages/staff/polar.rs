//! Polar's side: what it sent and what we hold, whether it can reach us, and what comparisons with it found.

use super::refusals::{known, refusal};
use crate::{
    components::{
        form::{Hidden, Refusal},
        staff::{Explained, Found, Lines, Looks, Room, Runs, sent_and_held, sort_words},
    },
    model::instant::spell_time,
    pages::not_found::NotFound,
    server::{
        http::{reply, session, state},
        services::{
            staffing::{self, Findings, PolarSide, RunRow},
            syncing::Line,
        },
    },
};
use leptos::{either::EitherOf3, prelude::*};
use leptos_router::hooks::use_query_map;

/// So many repairs are shown beside the runs; each run's own page has all.
const MOST_LINES: usize = 50;

/// Looks at Polar's side now, or mends the endpoint first.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/staff/polar")]
pub async fn look_at_polar(
    /// `look` or `mend`.
    #[server(default)]
    act: String,
) -> Result<(), ServerFnError> {
    let Some(actor) = session::require_staff().await else { return Ok(()) };
    let looked = staffing::look_at_polar(&state(), &actor, act == "mend").await;
    looked.map_err(|refused| refusal(refused, &[]))?;
    reply::see_other("/staff/polar");
    Ok(())
}

/// `/staff/polar`, and one run with `run=…`
#[component]
pub fn PolarPage() -> impl IntoView {
    let run = use_query_map().read_untracked().get("run");
    Suspend::new(async move {
        session::require_staff().await?;
        let state = state();
        let Some(run) = run else {
            let side = known(staffing::polar_side(&state).await)?;
            return Some(EitherOf3::A(view! { <Side side /> }));
        };
        Some(match known(staffing::run(&state, &run).await)? {
            Some(run) => EitherOf3::B(view! { <One run /> }),
            None => EitherOf3::C(view! { <NotFound /> }),
        })
    })
}

#[component]
fn Side(side: PolarSide) -> impl IntoView {
    let PolarSide { problems, can_mend, looks, with_events, sweeps, findings } = side;
    let (mut repairs, mut unexplained, mut explained) = (Vec::new(), Vec::new(), Vec::new());
    for (at, found) in findings {
        let dated = |line: Line| (Some(at), line);
        repairs.extend(found.repairs.into_iter().map(dated));
        unexplained.extend(found.unexplained.into_iter().map(dated));
        explained.extend(found.explained.into_iter().map(dated));
    }
    for lines in [&mut repairs, &mut unexplained, &mut explained] {
        lines.truncate(MOST_LINES);
    }
    view! {
        <Room title="Polar" lead="Whether Polar reaches us, whether we hold what it sent, and what comparisons with it found.">
            <Refusal />
            <Sent looks=looks.clone() with_events />
            <Endpoint problems can_mend looked=looks.iter().any(|run| run.error.is_none() && run.finished_at.is_some()) />
            <div class="actions">
                <form method="post">
                    <Hidden name="act" value=Some("look".to_owned()) />
                    <button class="button second">"Look now"</button>
                </form>
            </div>
            <Looks looks />
            <Runs runs=sweeps />
            <Lines title="What was repaired" empty="Nothing, in the comparisons above." lines=repairs />
            <Lines title="What could not be explained" empty="Nothing, in the comparisons above." lines=unexplained />
            <Explained lines=explained />
        </Room>
    }
}

/// The last look in a sentence, and the one before it that saw any event.
#[component]
fn Sent(looks: Vec<RunRow>, with_events: Option<RunRow>) -> impl IntoView {
    let (class, words) = match looks.first() {
        None => ("notice", "Nobody has looked at what Polar sent yet. That happens every three minutes.".to_owned()),
        Some(run) => told(run),
    };
    let earlier = with_events.filter(|run| looks.first().is_some_and(|newest| newest.id != run.id)).map(|run| {
        let words =
            format!("The last look that saw events, on {}: {}", spell_time(run.started_at), sent_and_held(&run));
        view! { <p class="fine">{words}</p> }
    });
    view! {
        <section aria-labelledby="sent">
            <h2 id="sent">"Sent and held"</h2>
            <p class=class>{words}</p>
            {earlier}
        </section>
    }
}

fn told(run: &RunRow) -> (&'static str, String) {
    let at = spell_time(run.started_at);
    match (&run.error, run.finished_at) {
        (Some(why), _) => {
            ("notice danger", format!("The last look, on {at}, failed: {why}. The next one looks again."))
        }
        (None, None) => ("notice", format!("A look has been under way since {at}.")),
        (None, Some(_)) => {
            let class = if run.checked == run.equal { "notice success" } else { "notice warning" };
            (class, format!("Last look on {at}: {}", sent_and_held(run)))
        }
    }
}

#[component]
fn Endpoint(problems: Vec<String>, can_mend: bool, looked: bool) -> impl IntoView {
    let state = match (problems.is_empty(), looked) {
        (true, true) => {
            view! { <p class="notice success">"In order: it is on, and is told everything that we need."</p> }
                .into_any()
        }
        (true, false) => view! { <p class="notice">"Not known yet."</p> }.into_any(),
        (false, _) => {
            let each = problems.into_iter().map(|words| view! { <p>{words}</p> }).collect_view();
            view! {
                <div class="notice danger">{each}</div>
                {can_mend.then(|| view! {
                    <form method="post">
                        <Hidden name="act" value=Some("mend".to_owned()) />
                        <button class="button">"Mend it from here"</button>
                    </form>
                })}
            }
            .into_any()
        }
    };
    view! {
        <section aria-labelledby="endpoint">
            <h2 id="endpoint">"Webhook endpoint"</h2>
            {state}
        </section>
    }
}

#[component]
fn One(run: RunRow) -> impl IntoView {
    let sort = sort_words(&run.kind);
    let ended = match run.finished_at {
        Some(at) => format!("It ended on {}.", spell_time(at)),
        None => "It is under way.".to_owned(),
    };
    let lead = format!("Begun on {}. {ended}", spell_time(run.started_at));
    let failed = run.error.clone().map(|why| view! { <p class="notice danger">"It failed: "{why}</p> });
    let findings = Findings::of(&run);
    view! {
        <Room title=format!("Comparison: {sort}") lead>
            {failed}
            <dl class="facts">
                <dt>"Checked"</dt><dd>{run.checked}</dd>
                <dt>"Equal"</dt><dd>{run.equal}</dd>
                <dt>"Repaired"</dt><dd>{run.repaired}</dd>
                <dt>"Unexplained"</dt><dd>{run.unexplained}</dd>
            </dl>
            <Found findings dry=run.dry_run == 1 />
            <p><a href="/staff/polar">"Back to Polar"</a></p>
        </Room>
    }
}

//! Every fact that came from Polar: what it was, what became of it, and trying a dead one again.

use super::refusals::{known, refusal};
use crate::{
    components::{
        form::{Choice, Field, Hidden, Refusal},
        staff::{Room, ShelfTable},
    },
    model::instant::spell_time,
    pages::not_found::NotFound,
    server::{
        http::{reply, session, state},
        services::staffing::{self, Filter, ShelfRow, Shelved},
    },
};
use leptos::{either::EitherOf3, prelude::*};
use leptos_router::{hooks::use_query_map, params::ParamsMap};

/// Makes a dead row due again.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/staff/inbox")]
pub async fn retry(
    /// Its number.
    #[server(default)]
    seq: String,
) -> Result<(), ServerFnError> {
    let Some(actor) = session::require_staff().await else { return Ok(()) };
    let seq: i64 = seq.parse().unwrap_or(0);
    staffing::retry(&state(), &actor, seq).await.map_err(|refused| refusal(refused, &[]))?;
    reply::see_other(&format!("/staff/inbox?seq={seq}"));
    Ok(())
}

/// `/staff/inbox` with `state`, `kind`, `object`, `verdict` and `before` as filter, and one row with `seq=…`
#[component]
pub fn InboxPage() -> impl IntoView {
    let query = use_query_map().read_untracked().clone();
    let seq = query.get("seq").map(|seq| seq.parse::<i64>().unwrap_or(0));
    let filter = filter_of(&query);
    Suspend::new(async move {
        session::require_staff().await?;
        let state = state();
        let Some(seq) = seq else {
            let (rows, next) = known(staffing::list(&state, &filter).await)?;
            let kinds = known(staffing::kinds(&state).await)?;
            return Some(EitherOf3::A(view! { <Rows filter rows kinds next /> }));
        };
        Some(match known(staffing::row(&state, seq).await)? {
            Some(shelved) => EitherOf3::B(view! { <One shelved /> }),
            None => EitherOf3::C(view! { <NotFound /> }),
        })
    })
}

fn filter_of(query: &ParamsMap) -> Filter {
    let word = |name: &str| query.get(name).map(|word| word.trim().to_owned()).filter(|word| !word.is_empty());
    Filter {
        state: word("state"),
        kind: word("kind"),
        object_id: word("object"),
        verdict: word("verdict"),
        before: word("before").and_then(|before| before.parse().ok()),
    }
}

fn options(any: &str, words: impl IntoIterator<Item = String>) -> Vec<(String, String)> {
    let all = (String::new(), any.to_owned());
    std::iter::once(all).chain(words.into_iter().map(|word| (word.clone(), word))).collect()
}

#[component]
fn Rows(filter: Filter, rows: Vec<ShelfRow>, kinds: Vec<String>, next: Option<i64>) -> impl IntoView {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let (states, verdicts) = (["new", "done", "dead"], ["applied", "older", "same", "foreign", "ignored"]);
    let chosen = |word: &Option<String>| word.clone().unwrap_or_default();
    let older = next.map(|next| {
        let word = |word: &Option<String>| {
            url::form_urlencoded::byte_serialize(word.as_deref().unwrap_or_default().as_bytes()).collect::<String>()
        };
        let Filter { state, kind, object_id, verdict, .. } = &filter;
        let (state, kind, object, verdict) = (word(state), word(kind), word(object_id), word(verdict));
        let to = format!("/staff/inbox?state={state}&kind={kind}&object={object}&verdict={verdict}&before={next}");
        view! { <p><a href=to>"Older rows"</a></p> }
    });
    view! {
        <Room title="Inbox" lead="Every fact that came from Polar, stored once, and what became of it.">
            <form method="get" class="row" role="search">
                <Choice name="state" label="State" options=options("any", words(&states)) chosen=chosen(&filter.state) />
                <Choice name="kind" label="Kind" options=options("any", kinds) chosen=chosen(&filter.kind) />
                <Choice
                    name="verdict" label="Verdict" options=options("any", words(&verdicts)) chosen=chosen(&filter.verdict)
                />
                <Field
                    name="object" label="Object" autocomplete="off" optional=true initial=chosen(&filter.object_id)
                />
                <button class="button second">"Filter"</button>
            </form>
            <ShelfTable title="Rows" rows />
            {older}
        </Room>
    }
}

#[component]
fn One(shelved: Shelved) -> impl IntoView {
    let Shelved { row, webhook_id, payload, is_thin } = shelved;
    let tries = if row.attempts == 1 { "tried once".to_owned() } else { format!("tried {} times", row.attempts) };
    let lead = format!("Received on {}, {tries}.", spell_time(row.received_at));
    let title = format!("Row {} of the inbox", row.seq);
    let again = (row.state == "dead").then(|| {
        view! {
            <form method="post">
                <Hidden name="seq" value=Some(row.seq.to_string()) />
                <button class="button">"Try again"</button>
            </form>
        }
    });
    let about = webhook_id.map(|id| view! { <p class="fine">"Webhook "<code>{id}</code></p> });
    let heading = if is_thin { "What is kept of it" } else { "What Polar said" };
    view! {
        <Room title lead>
            <Refusal />
            <ShelfTable title="What became of it" rows=vec![row] />
            {again}
            <section aria-labelledby="payload">
                <h2 id="payload">{heading}</h2>
                {about}
                <pre class="payload" tabindex="0">{payload}</pre>
            </section>
            <p><a href="/staff/inbox">"Back to the inbox"</a></p>
        </Room>
    }
}

//! Everything about one customer, and giving them something.

use super::refusals::{known, refusal};
use crate::{
    components::{
        form::{Choice, Field, Hidden, Refusal},
        staff::{Acts, Beliefs, BillTable, CaseTable, Changes, Gifts, Has, Orders, Room, Sources, leaving_sentence},
    },
    model::{
        instant::{Millis, parse_ms, spell_date},
        role::Role,
    },
    pages::not_found::NotFound,
    server::{
        http::{reply, session, state},
        services::{
            explaining::{self, Belief},
            staffing::{self, Gift, Person},
        },
    },
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_query_map;

/// Gives a plan or a feature.
///
/// # Errors
/// The refusal, as the page shows it.
#[server(prefix = "", endpoint = "/staff/person")]
pub async fn give(
    /// To whom; an id.
    #[server(default)]
    id: String,
    /// `plan:<slug>` or `feature:<name>`.
    #[server(default)]
    what: String,
    /// How much of a limit.
    #[server(default)]
    how_many: String,
    /// The last day; empty for no end.
    #[server(default)]
    until: String,
    /// Why.
    #[server(default)]
    reason: String,
) -> Result<(), ServerFnError> {
    let Some(actor) = session::require_staff().await else { return Ok(()) };
    let gift = Gift { what, how_many, until, reason };
    let given = staffing::give(&state(), &actor, &id, &gift).await;
    given.map_err(|refused| {
        let Gift { what, how_many, until, reason } = &gift;
        refusal(refused, &[("what", what), ("how_many", how_many), ("until", until), ("reason", reason)])
    })?;
    reply::see_other(&format!("/staff/person?id={id}#given-by-staff"));
    Ok(())
}

/// `/staff/person?id=…`, and what we believed at an earlier time with `at=…`
#[component]
pub fn PersonPage() -> impl IntoView {
    let query = use_query_map().read_untracked().clone();
    let (id, at) = (query.get("id").unwrap_or_default(), query.get("at").filter(|at| !at.is_empty()));
    Suspend::new(async move {
        session::require_staff().await?;
        let state = state();
        let Some(person) = known(staffing::person(&state, &id).await)? else {
            return Some(Either::Left(view! { <NotFound /> }));
        };
        let instant = at.as_deref().and_then(typed);
        let beliefs = match instant {
            Some(instant) => Some(known(explaining::then(&state, &person.user.id, instant).await)?),
            None => None,
        };
        Some(Either::Right(view! { <Everything person at=at.unwrap_or_default() beliefs /> }))
    })
}

/// What a browser sends for a date with a time: no seconds, no zone. It is meant in UTC.
fn typed(text: &str) -> Option<Millis> {
    parse_ms(&format!("{text}:00Z")).or_else(|| parse_ms(&format!("{text}Z")))
}

#[component]
fn Everything(person: Person, at: String, beliefs: Option<Vec<Belief>>) -> impl IntoView {
    let Person { user, leaving, explanation, gifts, changes, orders, bills, cases, acts } = person;
    let leaving = leaving.map(|leaving| view! { <p class="notice" role="status">{leaving_sentence(&leaving)}</p> });
    let title = user.email.clone().unwrap_or_else(|| "A deleted account".to_owned());
    let verified = user.email_verified_at.map_or("address not verified", |_| "address verified");
    let role = match Role::of_stored(&user.role) {
        Role::Member => "Customer",
        Role::Staff => "Staff",
        Role::Owner => "Owner",
    };
    let lead = format!("{role}, {verified}, since {}. Id {}", spell_date(user.created_at), user.id);
    let activity = format!("/staff/activity?id={}", user.id);
    let cases = (!cases.is_empty()).then(|| view! { <CaseTable title="Open cases" empty="" cases /> });
    view! {
        <Room title lead>
            {leaving}
            {cases}
            <Has features=explanation.features.clone() />
            <Sources explanation />
            <Earlier id=user.id.clone() at beliefs />
            <Gifts gifts />
            <Giving id=user.id.clone() />
            <Orders orders />
            <BillTable bills />
            <Changes changes />
            <Acts title="What was done to the account" acts />
            <p><a href=activity>"All activity"</a></p>
        </Room>
    }
}

#[component]
fn Earlier(id: String, at: String, beliefs: Option<Vec<Belief>>) -> impl IntoView {
    view! {
        <section aria-labelledby="earlier">
            <h2 id="earlier">"At an earlier time"</h2>
            <form method="get" class="row">
                <Hidden name="id" value=Some(id) />
                <div class="field">
                    <label for="at">"What we believed at (UTC)"</label>
                    <input id="at" name="at" type="datetime-local" value=at />
                </div>
                <button class="button second">"Look back"</button>
            </form>
        </section>
        {beliefs.map(|beliefs| view! { <Beliefs beliefs /> })}
    }
}

#[component]
fn Giving(id: String) -> impl IntoView {
    let plans = &state().plans;
    let sold = plans.iter().filter(|plan| !plan.is_free());
    let of_plan = sold.map(|plan| (format!("plan:{}", plan.slug), format!("The plan {}", plan.name)));
    let features = plans.features().into_iter();
    let alone = features.map(|name| (format!("feature:{name}"), format!("Only: {}", plans.feature_name(name))));
    let options = of_plan.chain(alone).collect::<Vec<_>>();
    view! {
        <form method="post" class="card" aria-labelledby="give">
            <h2 id="give">"Give something"</h2>
            <Refusal />
            <Hidden name="id" value=Some(id) />
            <Choice name="what" label="What" options />
            <Field
                name="how_many" label="How many" kind="number" autocomplete="off" optional=true
                hint="Only for a single feature that is a number."
            />
            <Field
                name="until" label="Until the end of" kind="date" autocomplete="off" optional=true
                hint="A day in UTC. Left empty, it has no end until somebody takes it back."
            />
            <Field name="reason" label="Why" autocomplete="off" hint="The customer does not see this." />
            <button class="button">"Give it"</button>
        </form>
    }
}

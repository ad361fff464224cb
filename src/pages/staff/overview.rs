//! How the shop stands, and a way to find somebody.

use super::refusals::known;
use crate::{
    components::staff::{Acts, LeavingTable, Room, Runs, Search, Table},
    server::{
        http::{session, state},
        services::{
            explaining::PersonRow,
            staffing::{self, Overview},
        },
    },
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_query_map;

/// `/staff`
#[component]
pub fn StaffPage() -> impl IntoView {
    let who = use_query_map().read_untracked().get("who").filter(|who| !who.trim().is_empty());
    Suspend::new(async move {
        session::require_staff().await?;
        let state = state();
        Some(match who {
            Some(who) => {
                let found = known(staffing::search(&state, &who).await)?;
                Either::Left(view! { <Found who found /> })
            }
            None => {
                let overview = known(staffing::overview(&state).await)?;
                Either::Right(view! { <Standing overview /> })
            }
        })
    })
}

#[component]
fn Found(who: String, found: Vec<PersonRow>) -> impl IntoView {
    let row = |user: PersonRow| {
        let to = format!("/staff/person?id={}", user.id);
        view! {
            <td><a href=to>{user.email.unwrap_or_else(|| "deleted account".to_owned())}</a></td>
            <td>{user.role}</td>
            <td><code>{user.id}</code></td>
        }
        .into_any()
    };
    let rows = found.into_iter().map(row).collect();
    view! {
        <Room title="Customers" lead="Those whose e-mail address or id begins with what you typed; twenty at most.">
            <Search text=who />
            <Table title="Found" columns=&["E-mail", "Role", "Id"] empty="Nobody." rows />
        </Room>
    }
}

#[component]
fn Standing(overview: Overview) -> impl IntoView {
    let Overview { inbox, jobs, strays, cases, leaving, runs, look, acts } = overview;
    let held = look.map_or_else(|| "–".to_owned(), |run| format!("{} of {}", run.equal, run.checked));
    let count = |to: &'static str, count: String, words: &'static str| {
        view! { <a class="card" href=to><strong>{count}</strong><span>{words}</span></a> }
    };
    view! {
        <Room title="Staff" lead="What waits for a decision, and what happened.">
            <Search />
            <div class="counts">
                {count("/staff/cases", cases.to_string(), "open cases")}
                {count("/staff/quarantine", strays.to_string(), "bought, without an owner")}
                {count("/staff/inbox?state=dead", inbox.1.to_string(), "dead rows of the inbox")}
                {count("/staff/inbox?state=new", inbox.0.to_string(), "rows that wait")}
                {count("/staff/polar", held, "events from Polar held")}
                <div class="card"><strong>{jobs.0}</strong><span>"jobs that wait"</span></div>
                <div class="card"><strong>{jobs.1}</strong><span>"dead jobs"</span></div>
            </div>
            <LeavingTable leaving />
            <Runs runs />
            <Acts title="What staff did" acts />
        </Room>
    }
}

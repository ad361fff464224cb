//! The parts of the pages for those who run the shop.

mod double;
mod leaving;
mod orders;
mod person;
mod remedies;
mod runs;
mod tables;

pub use double::{Decided, Sides};
pub use leaving::{LeavingTable, leaving_sentence};
pub use orders::Orders;
pub use person::{Beliefs, Changes, Gifts, Has, Sources};
pub use remedies::{BillTable, Remedies};
pub use runs::{Explained, Found, Lines, Looks, Runs, sent_and_held, sort_words};
pub use tables::{Acts, CaseTable, ShelfTable, Strays, Table, case_words};

use super::page::Page;
use crate::server::http::reply;
use leptos::prelude::*;

const ROOMS: [(&str, &str); 5] = [
    ("/staff", "Overview"),
    ("/staff/cases", "Cases"),
    ("/staff/quarantine", "Quarantine"),
    ("/staff/inbox", "Inbox"),
    ("/staff/polar", "Polar"),
];

/// The frame of these pages: where one can go, and a way to find somebody.
#[component]
pub fn Room(
    /// Heading and tab title.
    #[prop(into)]
    title: String,
    /// A sentence below the heading.
    #[prop(into)]
    lead: String,
    /// The content.
    children: Children,
) -> impl IntoView {
    let path = reply::path();
    let room = |(to, name): (&'static str, &'static str)| {
        let here = (path == to).then_some("page");
        view! { <a href=to aria-current=here>{name}</a> }
    };
    view! {
        <div class="page wide">
            <nav class="rooms" aria-label="Staff">{ROOMS.map(room).collect_view()}</nav>
        </div>
        <Page title=title lead=lead width="wide">{children()}</Page>
    }
}

/// Finds somebody by e-mail address or id.
#[component]
pub fn Search(
    /// What was looked for.
    #[prop(optional)]
    text: Option<String>,
) -> impl IntoView {
    view! {
        <form method="get" action="/staff" class="row" role="search">
            <div class="field">
                <label for="who">"Find a customer"</label>
                <input id="who" name="who" value=text autocomplete="off" placeholder="E-mail address or id" />
            </div>
            <button class="button second">"Find"</button>
        </form>
    }
}

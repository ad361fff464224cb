//! The parts of a case about two subscriptions.

use super::tables::Table;
use crate::{
    model::{
        ending::PayBack,
        instant::{spell_date, spell_time},
    },
    server::services::{
        doubles::{Double, Side},
        staffing::Ending,
    },
};
use leptos::prelude::*;

/// Both subscriptions, and what would come back of each.
#[component]
pub fn Sides(
    /// Both.
    double: Double,
) -> impl IntoView {
    let card = |(which, side): (&str, Side)| {
        let title = format!("The {which} one: {}", side.plan);
        view! {
            <li class="card">
                <h3>{title}" "<span class="badge">{side.status}</span></h3>
                <p>{format!("If it ends, {} is paid back.", side.back.words())}</p>
                <p class="fine">
                    {side.since.map(|at| format!("Since {}, ", spell_date(at)))}<code>{side.id}</code>
                </p>
            </li>
        }
    };
    let cards = ["later", "older"].into_iter().zip(double.sides).map(card).collect_view();
    view! {
        <section aria-labelledby="both">
            <h2 id="both">"The two subscriptions"</h2>
            <ul class="source-list">{cards}</ul>
        </section>
    }
}

/// What was decided about them, and how far that is.
#[component]
pub fn Decided(
    /// The newest first.
    endings: Vec<Ending>,
) -> impl IntoView {
    let row = |ending: Ending| {
        let back = PayBack::of_stored(&ending.quote).unwrap_or_default();
        let (class, word) = match ending.state.as_str() {
            "done" => ("badge good", "done"),
            "refused" => ("badge bad", "not done"),
            _ => ("badge warn", "being carried out"),
        };
        view! {
            <td class="when">{spell_time(ending.created_at)}</td>
            <td class="long">"End "<code>{ending.subscription_id}</code>", pay back "{back.words()}</td>
            <td><span class=class>{word}</span></td>
            <td class="long">{ending.outcome}</td>
            <td class="long">{ending.reason}</td>
        }
        .into_any()
    };
    let rows = endings.into_iter().map(row).collect();
    view! { <Table title="What was decided" columns=&["When", "What", "State", "How it went", "Why"] empty="" rows /> }
}

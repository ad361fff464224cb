//! Tables of what happened and what waits.

use crate::{
    model::{act::in_words, instant::spell_time},
    server::services::staffing::{AuditRow, Case, ShelfRow, Stray},
};
use leptos::prelude::*;

/// A table with these headings, or a sentence where it has no rows.
#[component]
pub fn Table(
    /// What it is about: the heading above it.
    title: &'static str,
    /// The headings of its columns.
    columns: &'static [&'static str],
    /// What is said where there is nothing.
    empty: &'static str,
    /// Each row's cells.
    rows: Vec<AnyView>,
) -> impl IntoView {
    let id = title.to_lowercase().replace(' ', "-");
    let named = id.clone();
    let heads = columns.iter().map(|column| view! { <th scope="col">{*column}</th> }).collect_view();
    let table = if rows.is_empty() {
        view! { <p>{empty}</p> }.into_any()
    } else {
        let each = rows.into_iter().map(|row| view! { <tr>{row}</tr> }).collect_view();
        view! {
            <div class="table-frame dense" role="region" aria-labelledby=named tabindex="0">
                <table>
                    <thead>
                        <tr>{heads}</tr>
                    </thead>
                    <tbody>{each}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    view! {
        <section aria-labelledby=id.clone()>
            <h2 id=id.clone()>{title}</h2>
            {table}
        </section>
    }
}

/// Who did what, when and from where.
#[component]
pub fn Acts(
    /// The heading.
    title: &'static str,
    /// Newest first.
    acts: Vec<AuditRow>,
) -> impl IntoView {
    let row = |act: AuditRow| {
        let by_self = act.actor_id.is_some() && act.actor_id == act.user_id;
        let who = if by_self { Some("the customer".to_owned()) } else { act.actor.or(act.actor_id) };
        let about = act.user_id.map(|id| {
            let to = format!("/staff/person?id={id}");
            view! { <a href=to>"customer"</a> }
        });
        view! {
            <td class="when">{spell_time(act.at)}</td>
            <td>{who.unwrap_or_else(|| "command line".to_owned())}</td>
            <td>{in_words(&act.action)}</td>
            <td class="long">{act.details}</td>
            <td><code>{act.target}</code>" "{about}</td>
            <td>{act.ip}</td>
        }
        .into_any()
    };
    let rows = acts.into_iter().map(row).collect();
    let columns = &["When", "Who", "What", "Why", "About", "From"];
    view! { <Table title columns empty="Nothing yet." rows /> }
}

/// What belongs to nobody.
#[component]
pub fn Strays(
    /// The heading.
    title: &'static str,
    /// Newest first.
    strays: Vec<Stray>,
) -> impl IntoView {
    let row = |Stray { row, plan, price }: Stray| {
        let to = format!("/staff/quarantine?object={}:{}", row.kind, row.id);
        view! {
            <td>{plan}</td>
            <td>{if row.kind == "order" { "purchase" } else { "subscription" }}</td>
            <td>{row.status}</td>
            <td class="number">{price.map(|price| price.to_string())}</td>
            <td class="when">{spell_time(row.observed_us / 1000)}</td>
            <td><code>{row.id}</code></td>
            <td><a href=to>"Decide"</a></td>
        }
        .into_any()
    };
    let rows = strays.into_iter().map(row).collect();
    let columns = &["Plan", "What", "State", "Price", "Seen", "Id", ""];
    view! { <Table title columns empty="Nothing: everything that was bought belongs to somebody." rows /> }
}

/// The words for a case's kind.
#[must_use]
pub fn case_words(kind: &str) -> String {
    match kind {
        "owner_conflict" => "Two owners".to_owned(),
        "duplicate_subscription" => "Two subscriptions".to_owned(),
        "leaving" => "Somebody left".to_owned(),
        "retagged_product" => "Changed plan tag".to_owned(),
        "endpoint" => "Webhooks".to_owned(),
        other => other.replace('_', " "),
    }
}

/// Cases.
#[component]
pub fn CaseTable(
    /// The heading.
    title: &'static str,
    /// What is said where there are none.
    empty: &'static str,
    /// The cases.
    cases: Vec<Case>,
) -> impl IntoView {
    let row = |case: Case| {
        let to = format!("/staff/cases?id={}", case.id);
        view! {
            <td><a href=to>{case_words(&case.kind)}</a></td>
            <td class="when">{spell_time(case.opened_at)}</td>
            <td class="long">{case.details}</td>
            <td class="long">{case.outcome}</td>
        }
        .into_any()
    };
    let rows = cases.into_iter().map(row).collect();
    view! { <Table title columns=&["What", "Opened", "Details", "Outcome"] empty rows /> }
}

/// A badge for how a row of the inbox stands.
pub fn standing(state: &str) -> impl IntoView + use<> {
    let (class, word) = match state {
        "done" => ("badge good", "done"),
        "dead" => ("badge bad", "dead"),
        _ => ("badge warn", "waiting"),
    };
    view! { <span class=class>{word}</span> }
}

/// Rows of the inbox.
#[component]
pub fn ShelfTable(
    /// The heading.
    title: &'static str,
    /// Newest first.
    rows: Vec<ShelfRow>,
) -> impl IntoView {
    let row = |row: ShelfRow| {
        let to = format!("/staff/inbox?seq={}", row.seq);
        view! {
            <td><a href=to>{row.seq}</a></td>
            <td>{row.kind.unwrap_or_else(|| "not read yet".to_owned())}</td>
            <td>{standing(&row.state)}</td>
            <td>{row.verdict}</td>
            <td class="long">{row.error.or(row.effect)}</td>
            <td class="when">{spell_time(row.received_at)}</td>
            <td>{row.source}</td>
            <td><code>{row.object_id}</code></td>
        }
        .into_any()
    };
    let rows = rows.into_iter().map(row).collect();
    let columns = &["Row", "Kind", "State", "Verdict", "Effect", "Received", "From", "Object"];
    view! { <Table title columns empty="No row fits." rows /> }
}

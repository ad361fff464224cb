//! Bills, and what staff decided about one or about a subscription.

use super::tables::Table;
use crate::{
    components::account::bill_state,
    model::{
        instant::{spell_date, spell_time},
        remedy::Remedy,
    },
    server::services::{overview::Bill, staffing::RemedyRow},
};
use leptos::prelude::*;

/// A customer's bills, each with the way to pay it back.
#[component]
pub fn BillTable(
    /// The newest first.
    bills: Vec<Bill>,
) -> impl IntoView {
    let row = |bill: Bill| {
        let (class, word) = bill_state(&bill.status);
        let to = format!("/staff/refund?bill={}", bill.id);
        let gives = matches!(bill.status.as_str(), "paid" | "partially_refunded") && bill.total.amount > 0;
        view! {
            <td class="when">{bill.at.map(spell_date)}</td>
            <td>{bill.what}</td>
            <td>{bill.total.to_string()}</td>
            <td><span class=class>{word}</span></td>
            <td>{(bill.refunded.amount > 0).then(|| bill.refunded.to_string())}</td>
            <td><a href=to>{if gives { "Pay back" } else { "Look" }}</a></td>
        }
        .into_any()
    };
    let rows = bills.into_iter().map(row).collect();
    view! { <Table title="Bills" columns=&["Made", "What", "Total", "State", "Paid back", ""] empty="None." rows /> }
}

/// What was decided, and how far that is.
#[component]
pub fn Remedies(
    /// The newest first.
    decided: Vec<RemedyRow>,
) -> impl IntoView {
    let row = |decision: RemedyRow| {
        let (class, word) = match decision.state.as_str() {
            "done" => ("badge good", "done"),
            "refused" => ("badge bad", "not done"),
            _ => ("badge warn", "being carried out"),
        };
        view! {
            <td class="when">{spell_time(decision.created_at)}</td>
            <td>{Remedy::of_stored(&decision.remedy).map(|remedy| remedy.words())}</td>
            <td><span class=class>{word}</span></td>
            <td class="long">{went(&decision)}</td>
            <td class="long">{decision.reason}</td>
        }
        .into_any()
    };
    let rows = decided.into_iter().map(row).collect();
    let columns = &["When", "What", "State", "How it went", "Why"];
    view! { <Table title="What was decided" columns empty="Nothing yet." rows /> }
}

/// Why it waits or was not done; what is done needs no words.
fn went(decision: &RemedyRow) -> Option<String> {
    match decision.state.as_str() {
        "done" => None,
        "open" => Some(decision.outcome.clone().unwrap_or_else(|| "Polar is being asked.".to_owned())),
        _ => decision.outcome.clone(),
    }
}

//! Those who leave, as staff sees them.

use super::tables::Table;
use crate::{model::instant::spell_time, server::services::staffing::LeavingRow};
use leptos::prelude::*;

/// How far somebody is with leaving.
#[must_use]
pub fn leaving_sentence(leaving: &LeavingRow) -> String {
    let asked = spell_time(leaving.asked_at);
    let rest = leaving.waits_for.as_ref().map(|what| format!(" It waits: {what}.")).unwrap_or_default();
    match leaving.gone_at {
        None => format!("Is leaving since {asked}: what they pay for is being ended at Polar.{rest}"),
        Some(at) => {
            format!("Asked for their account to be deleted on {asked}; all was over on {}.{rest}", spell_time(at))
        }
    }
}

/// Those who are leaving; nothing where there is nobody.
#[component]
pub fn LeavingTable(
    /// The oldest first.
    leaving: Vec<LeavingRow>,
) -> impl IntoView {
    let row = |one: LeavingRow| {
        let to = format!("/staff/person?id={}", one.user_id);
        view! {
            <td class="when">{spell_time(one.asked_at)}</td>
            <td><a href=to><code>{one.user_id}</code></a></td>
            <td class="long">{one.waits_for.unwrap_or_else(|| "being ended".to_owned())}</td>
        }
        .into_any()
    };
    let columns = &["Asked", "Who", "Waits for"];
    (!leaving.is_empty()).then(|| {
        let rows = leaving.into_iter().map(row).collect();
        view! { <Table title="Accounts that are being deleted" columns empty="None." rows /> }
    })
}

//! The parts of the page about one customer.

use super::tables::Table;
use crate::{
    model::{
        instant::{Millis, spell_time},
        plan::Value,
    },
    server::{
        http::state,
        services::{
            explaining::{Because, Belief, Explained, Explanation, LedgerRow, Open},
            staffing::GiftRow,
        },
    },
};
use leptos::prelude::*;

fn amount(value: Value) -> String {
    match value {
        Value::Limit(limit) => limit.to_string(),
        Value::Switch(_) => "open".to_owned(),
    }
}

fn end(until: Option<Millis>) -> String {
    until.map_or_else(|| "no known end".to_owned(), spell_time)
}

/// What people call a feature or, as `plan:<slug>`, a plan.
fn named(thing: &str) -> String {
    let plans = &state().plans;
    match thing.strip_prefix("plan:") {
        Some(slug) => format!("Plan {}", plans.get(slug).map_or(slug, |plan| &plan.name)),
        None => plans.feature_name(thing).to_owned(),
    }
}

/// What is open, and the rule that decided.
#[component]
pub fn Has(
    /// The features.
    features: Vec<Open>,
) -> impl IntoView {
    let row = |open: Open| {
        view! {
            <td>{open.name}</td>
            <td>{amount(open.value)}</td>
            <td class="when">{end(open.by.until)}</td>
            <td class="long">{open.rule.map(|rule| rule.because())}</td>
            <td>{open.by.source_kind.replace('_', " ")}" "<code>{open.by.source_id}</code></td>
        }
        .into_any()
    };
    let rows = features.into_iter().map(row).collect();
    let columns = &["What", "How much", "Certain until", "Why", "From"];
    view! { <Table title="What they have" columns empty="Nothing beyond what everybody has." rows /> }
}

/// Everything that gives access or might, and what would change it.
#[component]
pub fn Sources(
    /// The explanation.
    explanation: Explanation,
) -> impl IntoView {
    let card = |source: Explained| {
        let end = (source.kind == "subscription").then(|| {
            let to = format!("/staff/revoke?subscription={}", source.id);
            view! { <p><a href=to>"End it at once"</a></p> }
        });
        let (class, word) = if source.told.rule.gives() { ("badge good", "gives") } else { ("badge", "gives nothing") };
        view! {
            <li class="card">
                <h3>{source.told.what.clone()} " " <span class=class>{word}</span></h3>
                <p>{source.told.rule.because()} " " {source.told.rule.changes_when()}</p>
                <p class="fine">"They read: “"{source.told.sentence()}"”"</p>
                <p class="fine">
                    {source.kind.replace('_', " ")} " " <code>{source.id}</code>
                    {source.owned_by.map(|rule| format!(", theirs by the rule “{rule}”"))}
                </p>
                {end}
            </li>
        }
    };
    let again = explanation.refold_at.map(|at| view! { <p class="fine">"Computed again on "{spell_time(at)}"."</p> });
    let none = explanation.sources.is_empty().then(|| view! { <p>"Nothing was bought and nothing was given."</p> });
    view! {
        <section aria-labelledby="sources">
            <h2 id="sources">"Sources"</h2>
            {none}
            <ul class="source-list">{explanation.sources.into_iter().map(card).collect_view()}</ul>
            {again}
        </section>
    }
}

/// What we believed at an earlier time.
#[component]
pub fn Beliefs(
    /// Feature by feature.
    beliefs: Vec<Belief>,
) -> impl IntoView {
    let row = |belief: Belief| {
        let (value, until) = match &belief.held {
            Some(held) => (Value::of_stored(&held.value).map(amount), end(held.until)),
            None => (Some("closed".to_owned()), String::new()),
        };
        view! {
            <td>{belief.name}</td>
            <td>{value}</td>
            <td>{until}</td>
            <td>{belief.line.rule}</td>
            <td class="when">{spell_time(belief.line.recorded_at)}</td>
            <td class="long">{cause(&belief.because)}</td>
        }
        .into_any()
    };
    let rows = beliefs.into_iter().map(row).collect();
    let columns = &["What", "How much", "Certain until", "Rule", "Recorded", "Because"];
    view! { <Table title="What we believed then" columns empty="Nothing beyond what everybody has." rows /> }
}

fn cause(because: &Because) -> impl IntoView + use<> {
    let words = because.sentence();
    match because {
        Because::Inbox(row) => {
            let to = format!("/staff/inbox?seq={}", row.seq);
            view! { <a href=to>{words}</a> }.into_any()
        }
        _ => words.into_any(),
    }
}

/// The ledger: each change of access and what caused it.
#[component]
pub fn Changes(
    /// Newest first.
    changes: Vec<(LedgerRow, Because)>,
) -> impl IntoView {
    let row = |(line, because): (LedgerRow, Because)| {
        let word = match (&line.before, &line.after) {
            (None, _) => "opened",
            (_, None) => "closed",
            _ => "changed",
        };
        view! {
            <td class="when">{spell_time(line.recorded_at)}</td>
            <td>{named(&line.feature)}</td>
            <td>{word}</td>
            <td>{line.rule}</td>
            <td class="long">{cause(&because)}</td>
            <td class="number">{line.rev}</td>
        }
        .into_any()
    };
    let rows = changes.into_iter().map(row).collect();
    let columns = &["Recorded", "Feature", "What", "Rule", "Because", "Revision"];
    view! { <Table title="Changes of access" columns empty="None." rows /> }
}

/// What staff gave.
#[component]
pub fn Gifts(
    /// Oldest first.
    gifts: Vec<GiftRow>,
) -> impl IntoView {
    let row = |gift: GiftRow| {
        let take = format!("/staff/withdraw?grant={}", gift.id);
        let what = match (gift.plan, gift.feature, gift.value.as_deref().and_then(Value::of_stored)) {
            (Some(plan), ..) => named(&format!("plan:{plan}")),
            (None, feature, Some(Value::Limit(limit))) => format!("{} ({limit})", named(&feature.unwrap_or_default())),
            (None, feature, _) => named(&feature.unwrap_or_default()),
        };
        let fate = match gift.withdrawn_at {
            Some(at) => format!("taken back on {}", spell_time(at)).into_any(),
            None => view! { <a href=take>"Take back"</a> }.into_any(),
        };
        view! {
            <td class="when">{spell_time(gift.created_at)}</td>
            <td>{what}</td>
            <td class="when">{end(gift.expires_at)}</td>
            <td class="long">{gift.reason}</td>
            <td>{fate}</td>
        }
        .into_any()
    };
    let rows = gifts.into_iter().map(row).collect();
    let columns = &["Given", "What", "Ends", "Why", ""];
    view! { <Table title="Given by staff" columns empty="Nothing was given." rows /> }
}

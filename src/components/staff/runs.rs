//! Comparisons with Polar: what it sent beside what we hold, and sweeps with what they repaired.

use super::tables::Table;
use crate::{
    model::instant::spell_time,
    server::services::{
        staffing::{Findings, RunRow},
        syncing::Line,
    },
};
use leptos::prelude::*;

/// The words for a sort of run.
#[must_use]
pub fn sort_words(kind: &str) -> String {
    match kind {
        "changed" => "what changed lately".to_owned(),
        "ending" => "what is about to end".to_owned(),
        "sample" => "some customers at random".to_owned(),
        "all" => "everything".to_owned(),
        "user" => "one customer".to_owned(),
        "usage" => "what was used".to_owned(),
        "webhooks" => "what Polar sent".to_owned(),
        other => other.replace('_', " "),
    }
}

/// How a run stands: a badge's class and a word, and the reason where it failed.
fn standing(run: &RunRow) -> (&'static str, &'static str, Option<String>) {
    match (&run.error, run.finished_at) {
        (Some(why), _) => ("badge bad", "failed", Some(why.clone())),
        (None, None) => ("badge warn", "running", None),
        (None, Some(_)) if run.unexplained > 0 => ("badge bad", "unexplained", None),
        (None, Some(_)) if run.dry_run == 1 => ("badge", "only looked", None),
        (None, Some(_)) => ("badge good", "done", None),
    }
}

/// "Polar sent 12 events, we hold 12": what a look found, in a sentence.
#[must_use]
pub fn sent_and_held(run: &RunRow) -> String {
    let missing = run.checked - run.equal;
    let events = |count: i64| if count == 1 { "1 event".to_owned() } else { format!("{count} events") };
    match (run.checked, missing) {
        (0, _) => "Polar sent nothing, so nothing is missing.".to_owned(),
        (sent, 0) => format!("Polar sent {}, we hold {sent}. Nothing is missing.", events(sent)),
        (sent, missing) => format!(
            "Polar sent {}, we hold {}. {} missing and asked for again.",
            events(sent),
            run.equal,
            if missing == 1 { "1 is".to_owned() } else { format!("{missing} are") }
        ),
    }
}

/// One run: when, of what sort where that is told, its counts, and how it stands.
fn line(run: &RunRow, sort: Option<String>) -> AnyView {
    let (class, word, why) = standing(run);
    let to = format!("/staff/polar?run={}", run.id);
    view! {
        <td class="when"><a href=to>{spell_time(run.started_at)}</a></td>
        {sort.map(|sort| view! { <td>{sort}</td> })}
        <td class="number">{run.checked}</td>
        <td class="number">{run.equal}</td>
        <td class="number">{run.repaired}</td>
        <td class="number">{run.unexplained}</td>
        <td><span class=class>{word}</span>" "{why}</td>
    }
    .into_any()
}

/// Sweeps and looks at one customer.
#[component]
pub fn Runs(
    /// Newest first.
    runs: Vec<RunRow>,
) -> impl IntoView {
    let rows = runs.iter().map(|run| line(run, Some(sort_words(&run.kind)))).collect();
    let columns = &["Begun", "Of what", "Checked", "Equal", "Repaired", "Unexplained", "State"];
    view! { <Table title="Comparisons with Polar" columns empty="None yet." rows /> }
}

/// Looks at what Polar sent.
#[component]
pub fn Looks(
    /// Newest first.
    looks: Vec<RunRow>,
) -> impl IntoView {
    let rows = looks.iter().map(|run| line(run, None)).collect();
    let columns = &["When", "Polar sent", "We hold", "Asked for again", "Taken and lost", "State"];
    view! { <Table title="Looks at what Polar sent" columns empty="Nobody has looked yet." rows /> }
}

/// What one run did.
#[component]
pub fn Found(
    /// Its repairs, what it could not explain, and what it could.
    findings: Findings,
    /// Whether it was only to say what it would do.
    dry: bool,
) -> impl IntoView {
    let Findings { repairs, unexplained, explained } = findings;
    let repaired = if dry { "What would be repaired" } else { "What was repaired" };
    let lines = |lines: Vec<Line>| lines.into_iter().map(|line| (None, line)).collect::<Vec<_>>();
    view! {
        <Lines title=repaired empty="Nothing." lines=lines(repairs) />
        <Lines title="What could not be explained" empty="Nothing." lines=lines(unexplained) />
        <Explained lines=lines(explained) />
    }
}

/// What differs for a reason that is no concern; nothing where there is none.
#[component]
pub fn Explained(
    /// Each with when its run began, where that is not the same for all.
    lines: Vec<(Option<i64>, Line)>,
) -> impl IntoView {
    let is_any = !lines.is_empty();
    is_any.then(|| view! { <Lines title="What differs for a reason, and counts as equal" empty="" lines /> })
}

/// Repairs, or things unexplained, in words.
#[component]
pub fn Lines(
    /// The heading.
    title: &'static str,
    /// What is said where there are none.
    empty: &'static str,
    /// Each with when its run began, where that is not the same for all.
    lines: Vec<(Option<i64>, Line)>,
) -> impl IntoView {
    let row = |(at, line): (Option<i64>, Line)| {
        let customer = line.user.map(|id| {
            let to = format!("/staff/person?id={id}");
            view! { <a href=to>"customer"</a> }
        });
        view! {
            <td class="when">{at.map(spell_time)}</td>
            <td>{line.kind.replace('_', " ")}</td>
            <td class="long">{line.words}</td>
            <td>{customer}</td>
            <td><code>{line.id}</code></td>
        }
        .into_any()
    };
    let rows = lines.into_iter().map(row).collect();
    view! { <Table title columns=&["When", "What", "In words", "Whose", "Id"] empty rows /> }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(checked: i64, equal: i64) -> RunRow {
        RunRow {
            id: "r".to_owned(),
            kind: "webhooks".to_owned(),
            dry_run: 0,
            started_at: 0,
            finished_at: Some(1),
            checked,
            equal,
            repaired: checked - equal,
            unexplained: 0,
            report: None,
            error: None,
        }
    }

    #[test]
    fn what_was_sent_stands_beside_what_is_held() {
        assert_eq!(sent_and_held(&run(0, 0)), "Polar sent nothing, so nothing is missing.");
        assert_eq!(sent_and_held(&run(1, 1)), "Polar sent 1 event, we hold 1. Nothing is missing.");
        assert_eq!(sent_and_held(&run(12, 11)), "Polar sent 12 events, we hold 11. 1 is missing and asked for again.");
        assert!(sent_and_held(&run(12, 9)).ends_with("3 are missing and asked for again."));
    }

    #[test]
    fn every_sort_and_every_end_of_a_run_has_words() {
        for kind in ["changed", "ending", "sample", "all", "user", "usage", "webhooks"] {
            assert!(sort_words(kind).contains(' ') || kind == "all", "{kind}");
        }
        let failed = RunRow { error: Some("Polar did not answer".to_owned()), ..run(1, 1) };
        assert_eq!(standing(&failed).2.as_deref(), Some("Polar did not answer"));
        assert_eq!(standing(&RunRow { finished_at: None, ..run(0, 0) }).1, "running");
        assert_eq!(standing(&RunRow { unexplained: 1, ..run(1, 0) }).1, "unexplained");
        assert_eq!(standing(&RunRow { dry_run: 1, ..run(1, 0) }).1, "only looked");
    }
}

//! `boreal explain USER [--at TIME]`: what somebody has and why, or what we believed then.

use crate::{
    model::instant::{Millis, parse_ms, spell_time},
    server::{
        config::Config,
        services::explaining::{self, Belief, Explanation, PersonRow},
        startup::{self, Error},
        state::State,
    },
};
use clap::Args;
use std::fmt::Write;

/// What is said on the command line.
#[derive(Args)]
pub(super) struct Arguments {
    /// E-mail address or id
    user: String,
    /// What we believed at this time: `2027-03-03`, `2027-03-03T14:05` or `2027-03-03T14:05:00Z`, in UTC
    #[arg(long, value_name = "TIME", value_parser = instant)]
    at: Option<Millis>,
    #[command(flatten)]
    config: Config,
}

fn instant(text: &str) -> Result<Millis, String> {
    let spellings = [text.to_owned(), format!("{text}Z"), format!("{text}:00Z"), format!("{text}T00:00:00Z")];
    spellings.iter().find_map(|text| parse_ms(text)).ok_or_else(|| "not a time like 2027-03-03T14:05".to_owned())
}

/// Whoever the command line names.
pub(super) async fn somebody(state: &State, who: &str) -> Result<PersonRow, Error> {
    let nobody = || Error::Mistakes(vec![format!("Nobody has the e-mail address or id {who}.")]);
    explaining::person(state, who).await?.ok_or_else(nobody)
}

/// Prints it.
pub(super) async fn run(arguments: Arguments) -> Result<(), Error> {
    let state = startup::open_alone(arguments.config).await?;
    let user = somebody(&state, &arguments.user).await?;
    let mut text = format!("{} ({}), {}\n", user.email.as_deref().unwrap_or("a deleted account"), user.id, user.role);
    text += &match arguments.at {
        Some(at) => beliefs(&explaining::then(&state, &user.id, at).await?, at),
        None => holdings(&explaining::now(&state, &user.id).await?, state.clock.billing()),
    };
    state.db.close().await;
    print!("{text}");
    Ok(())
}

fn holdings(explanation: &Explanation, now: Millis) -> String {
    let mut text = format!("\nNow, {}:\n", spell_time(now));
    if explanation.features.is_empty() {
        text += "  Nothing beyond what everybody has.\n";
    }
    for open in &explanation.features {
        let value = open.value.stored();
        let _ = writeln!(
            text,
            "  {} ({}): {value}, by the {} {}",
            open.name, open.feature, open.by.source_kind, open.by.source_id
        );
    }
    text += "\nSources:\n";
    if explanation.sources.is_empty() {
        text += "  None: nothing was bought and nothing was given.\n";
    }
    for source in &explanation.sources {
        let gives = if source.told.rule.gives() { "gives access" } else { "gives nothing" };
        let _ = writeln!(text, "  {} {} ({}), {gives}", source.kind, source.id, source.told.what);
        let _ = writeln!(text, "    {}", source.told.sentence());
        let _ = writeln!(text, "    {}", source.told.rule.because());
        let _ = writeln!(text, "    {}", source.told.rule.changes_when());
        if let Some(rule) = &source.owned_by {
            let _ = writeln!(text, "    Theirs by the rule: {rule}.");
        }
    }
    if let Some(at) = explanation.refold_at {
        let _ = writeln!(text, "\nLooked at again on {}.", spell_time(at));
    }
    text
}

fn beliefs(beliefs: &[Belief], at: Millis) -> String {
    let mut text = format!("\nOn {} we believed:\n", spell_time(at));
    if beliefs.iter().all(|belief| belief.held.is_none()) {
        text += "  Nothing beyond what everybody has.\n";
    }
    for Belief { name, line, held, because } in beliefs {
        let value = match held {
            Some(held) => {
                let until = held.until.map_or_else(String::new, |until| format!(", until {}", spell_time(until)));
                format!("{}, by the {} {}{until}", held.value, held.source_kind, held.source_id)
            }
            None => "closed".to_owned(),
        };
        let _ = writeln!(text, "  {name} ({}): {value}", line.feature);
        let _ = writeln!(text, "    Rule: {}. Recorded on {}.", line.rule, spell_time(line.recorded_at));
        let _ = writeln!(text, "    {}", because.sentence());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_may_be_short() {
        let noon = parse_ms("2027-03-03T12:00:00Z");
        assert_eq!(instant("2027-03-03T12:00").ok(), noon);
        assert_eq!(instant("2027-03-03T12:00:00").ok(), noon);
        assert_eq!(instant("2027-03-03T13:00:00+01:00").ok(), noon);
        assert_eq!(instant("2027-03-03").ok(), parse_ms("2027-03-03T00:00:00Z"));
        assert!(instant("yesterday").is_err());
    }
}

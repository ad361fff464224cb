//! `boreal polar plan|push`: what differs between Polar and `plans.toml`, and bringing Polar in line.

use crate::{
    model::setup,
    server::{
        config::Config,
        services::{
            binding,
            pushing::{self, Difference, Failure},
        },
        startup,
        state::State,
        telemetry,
    },
};
use clap::{Args, Subcommand};
use std::{
    io::{self, BufRead, IsTerminal, Write},
    process::ExitCode,
};

/// What is said on the command line.
#[derive(Subcommand)]
pub(super) enum Polar {
    /// Show what a push would do, and change nothing. The exit status is 0 if that is nothing, 2 if it is something, and 1 if
    /// it could not be found out
    Plan(Box<Plan>),
    /// Show what differs, and make Polar as plans.toml says. The exit status is 0 if nothing is left to do, 2 if something is
    /// because nobody agreed, and 1 if it failed
    Push(Box<Push>),
}

/// What `plan` takes.
#[derive(Args)]
pub(super) struct Plan {
    #[command(flatten)]
    config: Config,
}

/// What `push` takes.
#[derive(Args)]
pub(super) struct Push {
    /// Do it without asking
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    config: Config,
}

/// Something is to be done that was not done.
const LEFT: u8 = 2;

/// Why there is no answer, in sentences.
type Why = Vec<String>;

/// Runs it. The exit status is not that of other commands, where 2 is a wrong configuration.
pub(super) async fn run(line: Polar) -> ExitCode {
    let done = match line {
        Polar::Plan(plan) => with(plan.config, async |state| plan_of(state).await).await,
        Polar::Push(push) => {
            let yes = push.yes;
            with(push.config, async |state| make(state, yes).await).await
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(LEFT),
        Err(why) => {
            why.iter().for_each(|sentence| eprintln!("{sentence}"));
            ExitCode::FAILURE
        }
    }
}

/// Opens what is needed and closes it again.
async fn with(config: Config, work: impl AsyncFnOnce(&State) -> Result<bool, Why>) -> Result<bool, Why> {
    let mistakes = config.setup_mistakes();
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    telemetry::start(config.log_format);
    let state = startup::open_beside(config).await.map_err(|error| vec![error.to_string()])?;
    let done = work(&state).await;
    state.db.close().await;
    done
}

async fn plan_of(state: &State) -> Result<bool, Why> {
    let found = show(state).await?;
    if !found.is_none() {
        println!("Nothing was changed. `boreal polar push` does this.");
    }
    Ok(found.is_none())
}

/// Prints what differs.
async fn show(state: &State) -> Result<Difference, Why> {
    let found = look(state).await?;
    println!("{}, beside {}:\n", found.organization, state.config.plans.display());
    found.lines().iter().for_each(|line| println!("  {line}"));
    if found.is_none() {
        println!("  Nothing to do: Polar is as plans.toml says.");
    }
    found.notes().for_each(|note| println!("  ! {note}"));
    println!();
    Ok(found)
}

async fn look(state: &State) -> Result<Difference, Why> {
    let unfit = setup::unfit(&state.plans);
    if !unfit.is_empty() {
        return Err(unfit);
    }
    let said = |failure: Failure| vec![failure.sentence(state.config.uses_sandbox())];
    let found = pushing::difference(state).await.map_err(said)?;
    let other = binding::look(state).await.map_err(|error| vec![error.to_string()])?;
    other.map_or(Ok(found), |mismatch| Err(vec![mismatch]))
}

/// Shows it, and does it if that is agreed to; whether nothing is left to do.
async fn make(state: &State, yes: bool) -> Result<bool, Why> {
    let mut found = show(state).await?;
    if found.is_none() {
        return Ok(true);
    }
    if !yes {
        if !io::stdin().is_terminal() {
            println!(
                "Nothing was changed: nobody can be asked here. `boreal polar push --yes` does it without asking."
            );
            return Ok(false);
        }
        if !agreed() {
            println!("Nothing was changed.");
            return Ok(false);
        }
        let shown = std::mem::replace(&mut found, look(state).await?);
        if shown.lines() != found.lines() {
            println!("Nothing was changed: meanwhile something else is to be done. Push again to see it.");
            return Ok(false);
        }
    }
    let said = |failure: Failure| vec![failure.sentence(state.config.uses_sandbox())];
    let mismatch = pushing::push(state, &found, |line| println!("{line}")).await.map_err(said)?;
    if let Some(sentence) = mismatch {
        return Err(vec![sentence]);
    }
    let left = look(state).await?;
    if left.is_none() {
        println!("\nDone: Polar is as plans.toml says. A shop that runs shows it within five minutes.");
    } else {
        println!("\nStill to be done:");
        left.lines().iter().for_each(|line| println!("  {line}"));
    }
    Ok(left.is_none())
}

fn agreed() -> bool {
    print!("Do this? [y/N] ");
    let _ = io::stdout().flush();
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

//! `boreal sync`: looks everything up at Polar now, repairs what differs, and prints what was found.

use super::super::{
    config::Config,
    db::users,
    services::{
        binding,
        syncing::{self, Line, Run, Sweep, What},
    },
    startup::{self, Error},
    state::State,
    telemetry,
};
use clap::{Args, ValueEnum};

/// What `boreal sync` takes.
#[derive(Args)]
pub struct Sync {
    /// Which part of Polar is looked at.
    #[arg(long, value_enum, default_value = "all")]
    kind: Kind,
    /// Only everything of this user: their id or e-mail address.
    #[arg(long, conflicts_with = "kind")]
    user: Option<String>,
    /// Only say what would be repaired.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    config: Config,
}

/// [`Sweep`] on the command line.
#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// What changed lately.
    Changed,
    /// Subscriptions that should end or renew soon.
    Ending,
    /// Some users at random.
    Sample,
    /// Everything, also what belongs to customers never heard of.
    All,
}

impl From<Kind> for Sweep {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Changed => Self::Changed,
            Kind::Ending => Self::Ending,
            Kind::Sample => Self::Sample,
            Kind::All => Self::All,
        }
    }
}

/// Runs it.
pub async fn sync(line: Sync) -> Result<(), Error> {
    let mistakes = line.config.mistakes();
    if !mistakes.is_empty() {
        return Err(Error::Mistakes(mistakes));
    }
    if line.config.uses_sandbox() {
        return Err(mistake(
            "The built-in sandbox lives inside `boreal serve`, which looks things up by itself. To sync by hand, run `boreal \
             sandbox` and set POLAR_API_BASE, POLAR_ACCESS_TOKEN and POLAR_WEBHOOK_SECRETS to what it prints.",
        ));
    }
    telemetry::start(line.config.log_format);
    let (user, kind, dry) = (line.user, line.kind, line.dry_run);
    let state = startup::open(line.config).await?;
    let ran = run(&state, user, kind, dry).await;
    state.db.close().await;
    print(&ran?, dry);
    Ok(())
}

async fn run(state: &State, user: Option<String>, kind: Kind, dry: bool) -> Result<Run, Error> {
    if let binding::Bound::Mismatch(sentence) = binding::bind(state).await? {
        return Err(Error::Mistakes(vec![sentence]));
    }
    let what = match user {
        Some(named) => match users::find(&state.db, &named).await? {
            Some(id) => What::User(id),
            None => return Err(mistake("Nobody here has this id or e-mail address.")),
        },
        None => What::Sweep(kind.into()),
    };
    let busy = "Another sweep runs at this moment; try again when it has ended.";
    syncing::in_turn(state, &what, dry).await?.ok_or_else(|| mistake(busy))
}

fn mistake(sentence: &str) -> Error {
    Error::Mistakes(vec![sentence.to_owned()])
}

fn print(run: &Run, dry: bool) {
    let counts = run.report.counts();
    let verb = if dry { "would be repaired" } else { "repaired" };
    println!(
        "{} looked at in {}.{} s: {} equal, {} {verb}, {} unexplained",
        counts.checked,
        run.took / 1000,
        run.took % 1000 / 100,
        counts.equal,
        counts.repaired,
        counts.unexplained
    );
    run.report.repairs.iter().for_each(|line| println!("  {}", spelled(line)));
    run.report.unexplained.iter().for_each(|line| println!("  unexplained: {}", spelled(line)));
}

/// `subscription 1f…: active → canceled (user 0d…)`
fn spelled(line: &Line) -> String {
    let whose = line.user.as_ref().map(|user| format!(" (user {user})")).unwrap_or_default();
    format!("{} {}: {}{whose}", line.kind, line.id, line.words)
}

//! The command line: `serve` when nothing is said, `migrate`, `check`, `sync`, `polar`; `explain`, `role`, `replay`.

mod explain;
mod polar;
mod replay;
mod role;
mod sync;

use super::{
    config::{Config, is_here},
    db::Db,
    mail::Mailer,
    services::{binding, checking, watching},
    startup::{self, Error, Server},
    state::State,
    telemetry,
};
use clap::{Args, Parser, Subcommand};
use std::{env, path::Path, process::ExitCode};
use tokio::signal::unix::{SignalKind, signal};
use url::Url;

/// Sells plans through Polar, and knows who is entitled to what.
#[derive(Parser)]
#[command(name = "boreal", version, args_conflicts_with_subcommands = true)]
struct Line {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    config: Config,
}

#[derive(Subcommand)]
enum Command {
    /// Answer requests (the default)
    Serve(Box<Config>),
    /// Bring the database up to date and stop
    Migrate(Box<Config>),
    /// Say what is wrong with the configuration and what it points at
    Check(Box<Check>),
    /// Look everything up at Polar now, repair what differs, and say what that was
    Sync(Box<sync::Sync>),
    /// Hold products, prices, benefits and webhook endpoint at Polar against plans.toml, and bring them in line
    #[command(subcommand)]
    Polar(polar::Polar),
    /// Say what somebody has and why, or what we believed at an earlier time
    Explain(Box<explain::Arguments>),
    /// Make somebody owner, staff, or an ordinary member again
    Role(Box<role::Arguments>),
    /// Rebuild the mirror and all access from the inbox, and compare
    Replay(Box<replay::Arguments>),
    /// Run the built-in stand-in for Polar alone, or talk to the one that runs
    #[cfg(feature = "sandbox")]
    Sandbox(Box<SandboxLine>),
}

/// The sandbox alone, unless something is asked of one that runs.
#[cfg(feature = "sandbox")]
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
struct SandboxLine {
    #[command(subcommand)]
    ask: Option<crate::sandbox::command::Command>,
    #[command(flatten)]
    config: Config,
}

/// What `boreal check` takes.
#[derive(Args)]
struct Check {
    /// First mend what can be mended at Polar: switch our webhook endpoint on, and ask for deliveries that failed
    #[arg(long)]
    fix: bool,
    #[command(flatten)]
    config: Config,
}

/// What the process says when the configuration is wrong.
const WRONG_CONFIGURATION: u8 = 2;

/// Reads the command line and does as it says.
#[must_use]
pub fn main() -> ExitCode {
    read_env_file();
    let line = Line::parse();
    let command = line.command.unwrap_or_else(|| Command::Serve(Box::new(line.config)));
    // Two TLS libraries could be built in; the choice is made once, here, before anything connects.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(run(command)),
        Err(error) => {
            eprintln!("cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `.env` is for development: it is not read by a release build that serves another machine.
fn read_env_file() {
    let origin = env::var("BOREAL_ORIGIN").ok().and_then(|origin| Url::parse(&origin).ok());
    let elsewhere = origin.is_some_and(|origin| !is_here(&origin));
    if cfg!(debug_assertions) || !elsewhere {
        let _ = dotenvy::from_path(Path::new(".env"));
    }
}

async fn run(command: Command) -> ExitCode {
    let done = match command {
        Command::Serve(config) => serve(*config).await,
        Command::Migrate(config) => migrate(*config).await,
        Command::Check(line) => check(*line).await,
        Command::Sync(line) => sync::sync(*line).await,
        Command::Polar(line) => return polar::run(line).await,
        Command::Explain(arguments) => explain::run(*arguments).await,
        Command::Role(arguments) => role::run(*arguments).await,
        Command::Replay(arguments) => replay::run(*arguments).await,
        #[cfg(feature = "sandbox")]
        Command::Sandbox(line) => match line.ask {
            Some(ask) => return ask_sandbox(&ask).await,
            None => sandbox(line.config).await,
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Error::Mistakes(mistakes)) => {
            mistakes.iter().for_each(|mistake| eprintln!("{mistake}"));
            ExitCode::from(WRONG_CONFIGURATION)
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config) -> Result<(), Error> {
    telemetry::start(config.log_format);
    let server = Server::build(config).await?;
    let (addr, origin) = (server.addr(), server.state().config.origin().to_owned());
    tracing::info!(%addr, origin, "listening");
    println!("Boreal is at {origin}");
    server.run(asked_to_stop()).await.map_err(|error| Error::Listen(addr, error))
}

async fn migrate(config: Config) -> Result<(), Error> {
    telemetry::start(config.log_format);
    Db::open(&config.database_url).await?.close().await;
    println!("The database is up to date.");
    Ok(())
}

async fn check(Check { fix, config }: Check) -> Result<(), Error> {
    let mistakes = config.mistakes();
    if !mistakes.is_empty() {
        return Err(Error::Mistakes(mistakes));
    }
    if config.uses_sandbox() {
        Db::open(&config.database_url).await?.close().await;
        let mailer = Mailer::of(&config.mail()).map_err(Error::Mistakes)?;
        if let Some(wrong) = checking::mail(&mailer).await {
            return Err(Error::Mistakes(vec![wrong]));
        }
        println!("Configuration and database are in order. There is no Polar to check: the sandbox is used.");
        return Ok(());
    }
    let state = startup::open(config).await?;
    let findings = findings(&state, fix).await;
    state.db.close().await;
    let findings = findings?;
    if findings.is_empty() {
        println!("Configuration, database and Polar are in order.");
        return Ok(());
    }
    Err(Error::Mistakes(findings))
}

async fn findings(state: &State, fix: bool) -> Result<Vec<String>, Error> {
    let findings = checking::findings(state).await?;
    if !fix {
        return Ok(findings);
    }
    if let binding::Bound::Mismatch(sentence) = binding::bind(state).await? {
        return Ok(vec![sentence]);
    }
    watching::fix(state).await?.iter().for_each(|done| println!("{done}"));
    Ok(checking::findings(state).await?)
}

/// Prints what the sandbox that runs answers.
#[cfg(feature = "sandbox")]
async fn ask_sandbox(ask: &crate::sandbox::command::Command) -> ExitCode {
    match ask.run().await {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// Says in one line of JSON where it is and how to talk to it; delivers webhooks to the origin of the configuration.
#[cfg(feature = "sandbox")]
async fn sandbox(config: Config) -> Result<(), Error> {
    telemetry::start(config.log_format);
    if !config.uses_sandbox() {
        let refusal = "The sandbox does not start with POLAR_ACCESS_TOKEN set: it stands in for Polar.";
        return Err(Error::Mistakes(vec![refusal.to_owned()]));
    }
    let mistakes = config.mistakes();
    if !mistakes.is_empty() {
        return Err(Error::Mistakes(mistakes));
    }
    let sandbox = super::upstream::start_sandbox(&config, format!("{}/webhooks/polar", config.origin())).await?;
    let (origin, token, secret) = (sandbox.origin(), sandbox.token(), sandbox.webhook_secret());
    println!("{}", serde_json::json!({ "origin": origin, "token": token, "webhook_secret": secret }));
    asked_to_stop().await;
    sandbox.stop().await;
    Ok(())
}

/// Ends at the first SIGTERM or SIGINT.
async fn asked_to_stop() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: requests in flight finish first");
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_holds_together() {
        Line::command().debug_assert();
    }

    #[cfg(feature = "sandbox")]
    #[test]
    fn a_word_after_sandbox_asks_the_one_that_runs() {
        let asks = |words: &[&str]| match Line::try_parse_from([&["boreal", "sandbox"], words].concat()) {
            Ok(Line { command: Some(Command::Sandbox(line)), .. }) => line.ask.is_some(),
            other => panic!("{:?}", other.err().map(|error| error.to_string())),
        };
        assert!(!asks(&["--sandbox-listen", "127.0.0.1:3011"]));
        assert!(asks(&[
            "clock",
            "--to",
            "next renewal",
            "--origin",
            "http://127.0.0.1:3011",
            "--organization",
            "second"
        ]));
        assert!(asks(&["faults", "off"]));
    }
}

//! `boreal replay --check`: proves that the mirror and all access are what the inbox says.

use crate::server::{
    config::Config,
    services::replaying::{self, Report},
    startup::{self, Error},
};
use clap::Args;

/// What is said on the command line.
#[derive(Args)]
pub(super) struct Arguments {
    /// Compare in a scratch copy and change nothing; nothing else can be asked for
    #[arg(long, required = true)]
    check: bool,
    #[command(flatten)]
    config: Config,
}

/// Compares; any difference is an error, one sentence a line.
pub(super) async fn run(arguments: Arguments) -> Result<(), Error> {
    let state = startup::open_alone(arguments.config).await?;
    let report = replaying::check(&state).await?;
    state.db.close().await;
    let Report { rows, objects, entitlements, lines, due, differences } = report;
    println!(
        "Applied {rows} rows of the inbox anew; compared {objects} objects and {entitlements} entitlements, and added up \
         {lines} lines of the ledger."
    );
    if due > 0 {
        println!("Left out {due} users whose access is about to be computed again.");
    }
    if differences.is_empty() {
        println!("Everything is as the inbox says.");
        return Ok(());
    }
    Err(Error::Mistakes(differences))
}

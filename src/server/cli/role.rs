//! `boreal role USER owner|staff|member`: the first owner is made here, where nobody is signed in.

use super::explain::somebody;
use crate::{
    model::role::Role,
    server::{
        config::Config,
        services::staffing,
        startup::{self, Error},
    },
};
use clap::{Args, ValueEnum};

/// What is said on the command line.
#[derive(Args)]
pub(super) struct Arguments {
    /// E-mail address or id
    user: String,
    /// What they may do from now on
    role: Word,
    #[command(flatten)]
    config: Config,
}

#[derive(Clone, Copy, ValueEnum)]
enum Word {
    Owner,
    Staff,
    Member,
}

/// Gives the role.
pub(super) async fn run(arguments: Arguments) -> Result<(), Error> {
    let state = startup::open_alone(arguments.config).await?;
    let user = somebody(&state, &arguments.user).await?;
    let role = match arguments.role {
        Word::Owner => Role::Owner,
        Word::Staff => Role::Staff,
        Word::Member => Role::Member,
    };
    staffing::set_role(&state, &user.id, role).await?;
    println!("{} is {} now.", user.email.unwrap_or(user.id), role.stored());
    state.db.close().await;
    Ok(())
}

//! The command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    boreal::server::cli::main()
}

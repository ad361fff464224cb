//! Structured logs: for people in development, one JSON object a line in production. `RUST_LOG` chooses what is said.

use super::config::LogFormat;
use std::panic;
use tracing_subscriber::{EnvFilter, fmt};

const DEFAULT: &str = "info,sqlx=warn,tower_sessions=warn";

/// Begins logging to the standard error stream. A second call changes nothing.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let lines = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    let started = match format {
        LogFormat::Text => lines.compact().try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
    };
    if started.is_ok() {
        panic::set_hook(Box::new(|info| {
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            let message = info.payload_as_str().unwrap_or("no message");
            tracing::error!(place, error = message, "panic");
        }));
    }
}

//! The server's log: lines for people or JSON for machines, on stderr.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};
use crate::error::ConfigError;

/// Starts logging. Once per process.
///
/// # Errors
/// `log.level` is not a level and not a filter.
pub fn start(config: &Log) -> Result<(), ConfigError> {
    let filter =
        EnvFilter::try_new(&config.level).map_err(|error| ConfigError::Refused(format!("log.level: {error}")))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match config.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
    };
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "panicked: {}", panic.payload_as_str().unwrap_or_default());
    }));
    // Somebody who embeds the server may log already: then that log is the log.
    if let Err(error) = started {
        tracing::debug!(%error, "logging was started before");
    }
    Ok(())
}

//! What can be wrong with settings, arguments and the files they name. Shown to the operator, never to a client.

use std::path::PathBuf;

/// A setting or a file it names cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{}, line {line}: {message}", path.display())]
    Invalid { path: PathBuf, line: usize, message: String },
    #[error("{0}")]
    Refused(String),
}

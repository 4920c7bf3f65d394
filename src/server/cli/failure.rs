//! How the command fails: one line, and an exit code.

use std::path::Path;

use crate::error::{ConfigError, Error, ErrorKind, StorageError};

/// The list at the end of `kalam --help`.
pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed
  2  wrong arguments
  3  wrong settings
  4  the address or port cannot be used
  5  another process uses the data directory
  6  a key or certificate cannot be read";

/// What a script can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Anything without a code of its own.
    Failed = 1,
    /// A setting is unknown or has a value it cannot have.
    Settings = 3,
    /// The address cannot be listened on.
    Address = 4,
    /// Another process holds the data directory.
    Locked = 5,
    /// A key or certificate is missing, unreadable or unusable.
    Key = 6,
}

/// Why the command failed.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    pub exit: Exit,
    /// One line.
    pub message: String,
}

impl Failure {
    pub(super) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into().replace('\n', " ") }
    }

    /// A failure of loading keys or certificates.
    pub(super) fn key(error: &ConfigError) -> Self {
        Self::new(Exit::Key, error.to_string())
    }

    /// A failure of opening a data directory.
    pub(super) fn open(directory: &Path, error: &Error) -> Self {
        let directory = directory.display();
        match error.kind() {
            ErrorKind::Storage(StorageError::Locked { .. }) => {
                Self::new(Exit::Locked, format!("the data directory {directory} is in use by another process"))
            }
            ErrorKind::Config(error) => Self::new(Exit::Settings, error.to_string()),
            _ => Self::new(Exit::Failed, format!("cannot open the data directory {directory}: {}", chain(error))),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(Exit::Settings, error.to_string())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(Exit::Failed, chain(&error))
    }
}

/// An error with its causes: the operator may know everything.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locked_directory_has_its_own_code() {
        let error = Error::from(StorageError::Locked { path: "d".into() });
        let failure = Failure::open(Path::new("d"), &error);
        assert_eq!(failure, Failure::new(Exit::Locked, "the data directory d is in use by another process"));
    }

    #[test]
    fn a_failure_is_one_line_with_its_causes() {
        let io = std::io::Error::other("disk\non fire");
        let failure = Failure::open(Path::new("d"), &StorageError::Io { source: io }.into());
        assert_eq!(failure.message, "cannot open the data directory d: storage error: disk on fire");
    }
}

//! What can be wrong between a client and its session: names of statements, order of messages, rights.

use super::report::{Report, Severity};

/// An error of the session floor, and of the protocol above it.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error("current transaction is aborted, commands ignored until end of transaction block")]
    Aborted,
    #[error("prepared statement \"{0}\" does not exist")]
    UnknownStatement(String),
    #[error("prepared statement \"{0}\" already exists")]
    DuplicateStatement(String),
    #[error("portal \"{0}\" does not exist")]
    UnknownPortal(String),
    #[error("portal \"{0}\" already exists")]
    DuplicatePortal(String),
    #[error("cannot insert multiple commands into a prepared statement")]
    MultipleCommands,
    #[error("{0} cannot run inside a transaction block")]
    InTransactionBlock(String),
    #[error("unrecognized configuration parameter \"{0}\"")]
    UnknownSetting(String),
    #[error("invalid value for parameter \"{name}\": \"{value}\"")]
    InvalidSetting { name: String, value: String },
    #[error("parameter \"{0}\" cannot be changed now")]
    FixedSetting(String),
    #[error("permission denied {0}")]
    PermissionDenied(String),
    #[error("{message}")]
    ObjectInUse { message: String, detail: Option<String> },
    #[error("{0}")]
    InvalidName(String),
    #[error("{0}")]
    InvalidParameterValue(String),
    #[error("{0}")]
    ProtocolViolation(String),
    /// The client's bytes cannot be a message: where the next one begins is unknown, so the session ends.
    #[error("{0}")]
    BrokenProtocol(String),
    /// COPY data does not have the form that the options say: 22P04.
    #[error("{0}")]
    BadCopyFormat(String),
    #[error("COPY from stdin failed: {0}")]
    CopyFailed(String),
    #[error("{0}")]
    NotSupported(String),
    #[error("unsupported frontend protocol {major}.{minor}: server supports 3.0 to 3.0")]
    UnsupportedProtocol { major: i32, minor: i32 },
    #[error("replication connections are not supported")]
    ReplicationNotSupported,
    #[error("sorry, too many clients already")]
    TooManyConnections,
    #[error("terminating connection due to administrator command")]
    Shutdown,
    #[error("terminating connection due to idle-session timeout")]
    IdleTimeout,
    #[error("terminating connection due to idle-in-transaction timeout")]
    IdleInTransactionTimeout,
    #[error("canceling authentication due to timeout")]
    LoginTimeout,
    /// The session panicked. It ends; the others go on.
    #[error("internal error")]
    Panicked,
}

impl SessionError {
    pub(super) fn describe(&self, report: &mut Report) {
        match self {
            Self::BrokenProtocol(_)
            | Self::UnsupportedProtocol { .. }
            | Self::ReplicationNotSupported
            | Self::TooManyConnections
            | Self::Shutdown
            | Self::IdleTimeout
            | Self::IdleInTransactionTimeout
            | Self::LoginTimeout
            | Self::Panicked => report.severity = Severity::Fatal,
            Self::ObjectInUse { detail, .. } => report.detail = detail.clone(),
            _ => {}
        }
    }
}

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
    #[error("unnamed prepared statement does not exist")]
    UnknownUnnamedStatement,
    /// `query.max_prepared_statements` is reached.
    #[error("too many prepared statements")]
    TooManyStatements { maximum: usize },
    #[error("no schema has been selected to create in")]
    NoCreationSchema,
    /// A COPY option that cannot stand with the others: 42601.
    #[error("{0}")]
    CopyOption(String),
    #[error("cursor \"{0}\" does not exist")]
    UnknownCursor(String),
    #[error("wrong number of parameters for prepared statement \"{name}\"")]
    WrongParameterCount { name: String, expected: usize, found: usize },
    /// `notify.max_channels` is reached.
    #[error("too many channels")]
    TooManyChannels { maximum: usize },
    /// A portal that ran to its end and cannot be run again: 55000.
    #[error("portal \"{0}\" cannot be run")]
    PortalDone(String),
    /// A statement that only makes sense in a transaction block: 25P01.
    #[error("{0} can only be used in transaction blocks")]
    NoTransactionBlock(String),
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
    /// The value is none of an enumeration's: 22023 with the choices as HINT.
    #[error("invalid value for parameter \"{name}\": \"{value}\"")]
    InvalidChoice { name: String, value: String, choices: String },
    /// `why` follows the message: ` without restarting the server`.
    #[error("parameter \"{name}\" cannot be changed{why}")]
    FixedSetting { name: String, why: &'static str },
    /// SET TRANSACTION after the transaction's first query: 25001.
    #[error("{0}")]
    TransactionStarted(String),
    #[error("permission denied {0}")]
    PermissionDenied(String),
    #[error("must be owner of {0}")]
    NotOwner(String),
    #[error("cached plan must not change result type")]
    PlanChanged,
    /// The statement is not one that may be used here, such as DDL under EXPLAIN: 42601.
    #[error("{0}")]
    WrongStatement(String),
    /// A column that INSERT, COPY or ON CONFLICT names is not usable as named: 42P10.
    #[error("{0}")]
    InvalidColumnReference(String),
    #[error("column \"{column}\" is of type {expected} but expression is of type {found}")]
    WrongType { column: String, expected: String, found: String },
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
    /// A line of COPY data ends in another way than the first one: 22P04.
    #[error("{message}")]
    CopyLineEnd { message: String, hint: &'static str },
    /// A bound of the server is reached: 54000.
    #[error("{0}")]
    LimitExceeded(String),
    /// COPY with a file or a program: 42501, with PostgreSQL's HINT.
    #[error("{message}")]
    CopyPrivilege { message: &'static str },
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
    /// `pg_terminate_backend`, or the session's database was dropped with FORCE.
    #[error("terminating connection due to administrator command")]
    Terminated,
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
            | Self::Terminated
            | Self::IdleTimeout
            | Self::IdleInTransactionTimeout
            | Self::LoginTimeout
            | Self::Panicked => report.severity = Severity::Fatal,
            Self::ObjectInUse { detail, .. } => report.detail = detail.clone(),
            Self::TooManyStatements { maximum } => {
                report.detail = Some(format!("A session keeps at most {maximum} prepared statements."));
            }
            Self::WrongParameterCount { expected, found, .. } => {
                report.detail = Some(format!("Expected {expected} parameters but got {found}."));
            }
            Self::TooManyChannels { maximum } => {
                report.detail = Some(format!("A session listens on at most {maximum} channels."));
            }
            Self::InvalidChoice { choices, .. } => report.hint = Some(format!("Available values: {choices}.")),
            Self::WrongType { .. } => report.hint = Some("You will need to rewrite or cast the expression.".into()),
            Self::CopyLineEnd { hint, .. } => report.hint = Some((*hint).into()),
            Self::CopyPrivilege { .. } => {
                report.hint = Some(
                    "Anyone can COPY to stdout or from stdin. psql's \\copy command also works for anyone.".into(),
                );
            }
            _ => {}
        }
    }
}

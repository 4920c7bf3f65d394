//! What a client is told of an error: the fields of PostgreSQL's ErrorResponse.

use super::{ErrorKind, SqlState};

/// How bad it is. `Fatal` ends the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Error,
    Fatal,
}

/// The fields of an ErrorResponse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub severity: Severity,
    pub sqlstate: SqlState,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
    /// 1-based, in characters of the statement's text.
    pub position: Option<u32>,
    pub context: Option<String>,
    pub schema: Option<String>,
    pub table: Option<String>,
    pub column: Option<String>,
    pub constraint: Option<String>,
}

impl Report {
    /// A report with a message and nothing else.
    pub fn new(sqlstate: SqlState, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            sqlstate,
            message: message.into(),
            detail: None,
            hint: None,
            position: None,
            context: None,
            schema: None,
            table: None,
            column: None,
            constraint: None,
        }
    }
}

/// Folds an error into what the client may know of it. Text that could carry a server path or an
/// operating-system message is left to the log.
pub(super) fn report(kind: &ErrorKind) -> Report {
    let mut report = Report::new(SqlState::of(kind), kind.to_string());
    match kind {
        ErrorKind::Auth(error) => error.describe(&mut report),
        ErrorKind::Catalog(error) => error.describe(&mut report),
        ErrorKind::Config(_) => {}
        ErrorKind::Query(error) => error.describe(&mut report),
        ErrorKind::Session(error) => error.describe(&mut report),
        ErrorKind::Storage(error) => error.describe(&mut report),
        ErrorKind::Transaction(error) => error.describe(&mut report),
    }
    report
}

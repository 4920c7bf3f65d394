//! Errors: one enum per floor, folded into [`Error`] without loss, and one mapping to SQLSTATE.
//!
//! All enums live on floor 0, so that `sqlstate.rs` can map every variant of every floor in one file with
//! no `_` arm. What a client sees is a [`Report`]; what the log sees is the whole chain of causes. A
//! client's text never names another tenant, a file or a directory of the server.

mod auth;
mod catalog;
mod config;
mod query;
mod report;
mod session;
mod sqlstate;
mod storage;
mod transaction;

pub use auth::AuthError;
pub use catalog::CatalogError;
pub use config::ConfigError;
pub use query::{JsonFault, QueryError, Unresolved};
pub use report::{Report, Severity};
pub use session::SessionError;
pub use sqlstate::SqlState;
pub use storage::StorageError;
pub use transaction::TransactionError;

/// The result of everything that can fail towards a client.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Any error of the library, with the place in the statement's text it belongs to.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    position: Option<u32>,
    context: Option<String>,
    detail: Option<String>,
    hint: Option<String>,
}

/// What went wrong, by floor.
#[derive(Debug, thiserror::Error)]
pub enum ErrorKind {
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Transaction(#[from] TransactionError),
}

impl Error {
    /// What went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// What went wrong, for a caller that has its own kind of error.
    pub fn into_kind(self) -> ErrorKind {
        self.0.kind
    }

    /// The SQLSTATE, from the one mapping in `error/sqlstate.rs`.
    pub fn sqlstate(&self) -> SqlState {
        SqlState::of(&self.0.kind)
    }

    /// Adds the place in the statement's text: 1-based, in characters. The innermost place wins.
    #[must_use]
    pub fn at(mut self, position: u32) -> Self {
        self.0.position.get_or_insert(position);
        self
    }

    /// Moves the place by `characters`: the statement is a part of a longer text, and its client counts there.
    #[must_use]
    pub fn moved_by(mut self, characters: u32) -> Self {
        self.0.position = self.0.position.map(|position| position.saturating_add(characters));
        self
    }

    /// Adds PostgreSQL's CONTEXT line, such as `COPY messages, line 3`. The innermost one wins.
    #[must_use]
    pub fn context(mut self, context: impl Into<String>) -> Self {
        self.0.context.get_or_insert_with(|| context.into());
        self
    }

    /// Adds a DETAIL that depends on more than the kind of the error. The innermost one wins.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail.get_or_insert_with(|| detail.into());
        self
    }

    /// Adds a HINT that depends on more than the kind of the error. The innermost one wins.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// What a client is told.
    pub fn report(&self) -> Report {
        let mut report = report::report(&self.0.kind);
        report.position = self.0.position;
        report.context = self.0.context.clone();
        report.detail = self.0.detail.clone().or(report.detail);
        report.hint = self.0.hint.clone().or(report.hint);
        report
    }
}

impl<E: Into<ErrorKind>> From<E> for Error {
    fn from(error: E) -> Self {
        Self(Box::new(Inner { kind: error.into(), position: None, context: None, detail: None, hint: None }))
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.kind.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.kind.source()
    }
}

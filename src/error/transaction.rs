//! What can go wrong between BEGIN and COMMIT.

use super::report::Report;

/// An error of the transaction floor.
#[derive(Debug, thiserror::Error)]
pub enum TransactionError {
    #[error("duplicate key value violates unique constraint \"{constraint}\"")]
    DuplicateKey {
        schema: String,
        table: String,
        constraint: String,
        /// `Key (a, b)=(1, x) already exists.`
        detail: String,
    },
    #[error("null value in column \"{column}\" of relation \"{table}\" violates not-null constraint")]
    NotNull {
        schema: String,
        table: String,
        column: String,
        /// `Failing row contains (1, null).`
        detail: String,
    },
    #[error("new row for relation \"{table}\" violates check constraint \"{constraint}\"")]
    Check { schema: String, table: String, constraint: String, detail: String },
    #[error("deadlock detected")]
    Deadlock { detail: String },
    #[error("canceling statement due to lock timeout")]
    LockTimeout,
    /// The statement was canceled while it waited.
    #[error("canceling statement due to user request")]
    Canceled,
    #[error("could not serialize access due to concurrent update")]
    SerializationFailure,
    #[error("cannot execute {0} in a read-only transaction")]
    ReadOnly(String),
    /// NOTIFY with a channel or payload that PostgreSQL refuses, in its words.
    #[error("{0}")]
    InvalidNotification(String),
    /// `object` with its kind, such as `schema s`; `detail` names what depends on it.
    #[error("cannot drop {object} because other objects depend on it")]
    DependentObjects { object: String, detail: String },
    /// A table with CHECK constraints was written without anybody to evaluate them: a bug of the caller.
    #[error("internal error: nobody evaluates the table's checks")]
    NoRowCheck,
    /// The transaction's uncommitted writes exceed `transaction.max_bytes`.
    #[error("transaction is too large: its writes exceed {maximum_bytes} bytes")]
    TooLarge { maximum_bytes: usize },
}

impl TransactionError {
    pub(super) fn describe(&self, report: &mut Report) {
        match self {
            Self::DuplicateKey { schema, table, constraint, detail }
            | Self::Check { schema, table, constraint, detail } => {
                report.schema = Some(schema.clone());
                report.table = Some(table.clone());
                report.constraint = Some(constraint.clone());
                report.detail = Some(detail.clone());
            }
            Self::NotNull { schema, table, column, detail } => {
                report.schema = Some(schema.clone());
                report.table = Some(table.clone());
                report.column = Some(column.clone());
                report.detail = Some(detail.clone());
            }
            Self::Deadlock { detail } => {
                report.detail = Some(detail.clone());
                report.hint = Some("See server log for query details.".into());
            }
            Self::TooLarge { .. } => {
                report.hint = Some("Split the work into several transactions, or raise transaction.max_bytes.".into());
            }
            Self::DependentObjects { detail, .. } => {
                report.detail = Some(detail.clone());
                report.hint = Some("Use DROP ... CASCADE to drop the dependent objects too.".into());
            }
            Self::InvalidNotification(_) | Self::NoRowCheck => {}
            Self::LockTimeout | Self::Canceled | Self::SerializationFailure | Self::ReadOnly(_) => {}
        }
    }
}

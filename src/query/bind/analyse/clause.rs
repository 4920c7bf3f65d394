//! The clauses of a query, and what may not stand in them.

use crate::error::{Error, QueryError};

/// Which part of a query an expression belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clause {
    /// The condition of a join.
    JoinOn,
    /// A subquery in FROM, seen from the query around it.
    FromSubquery,
    FromFunction,
    Where,
    Having,
    Filter,
    PartitionBy,
    WindowOrder,
    /// The offset of a frame, with the word that begins the frame.
    WindowFrame(&'static str),
    SelectTarget,
    GroupBy,
    OrderBy,
    DistinctOn,
    Limit,
    Offset,
    Values,
    /// The only row of an INSERT with VALUES, which is as good as a SELECT.
    ValuesRow,
    /// An argument of EXECUTE.
    ExecuteParameter,
    /// DEFAULT of a column.
    Default,
    /// A CHECK constraint.
    Check,
    Returning,
    /// The new value of a column in UPDATE.
    UpdateSource,
}

impl Clause {
    /// What PostgreSQL calls the clause.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::JoinOn => "JOIN/ON",
            Self::FromSubquery | Self::FromFunction => "FROM",
            Self::Where => "WHERE",
            Self::Having => "HAVING",
            Self::Filter => "FILTER",
            Self::PartitionBy => "PARTITION BY",
            Self::WindowOrder | Self::OrderBy => "ORDER BY",
            Self::WindowFrame(units) => units,
            Self::SelectTarget => "SELECT",
            Self::GroupBy => "GROUP BY",
            Self::DistinctOn => "DISTINCT ON",
            Self::Limit => "LIMIT",
            Self::Offset => "OFFSET",
            Self::Values | Self::ValuesRow => "VALUES",
            Self::ExecuteParameter => "EXECUTE parameters",
            Self::Default => "DEFAULT",
            Self::Check => "CHECK",
            Self::Returning => "RETURNING",
            Self::UpdateSource => "UPDATE",
        }
    }

    /// Fails where no aggregate may stand; `what` is `aggregate functions` or `grouping operations`.
    pub(super) fn allow_aggregate(self, what: &str) -> Result<(), Error> {
        let place = match self {
            Self::Having
            | Self::SelectTarget
            | Self::OrderBy
            | Self::DistinctOn
            | Self::PartitionBy
            | Self::WindowOrder => return Ok(()),
            Self::JoinOn => "JOIN conditions",
            Self::FromSubquery => "FROM clause of their own query level",
            Self::FromFunction => "functions in FROM",
            Self::WindowFrame("RANGE") => "window RANGE",
            Self::WindowFrame("ROWS") => "window ROWS",
            Self::WindowFrame(_) => "window GROUPS",
            Self::Default => "DEFAULT expressions",
            Self::Check => "check constraints",
            other => other.name(),
        };
        Err(QueryError::Grouping(format!("{what} are not allowed in {place}")).into())
    }

    /// Fails where no window function may stand.
    pub(super) fn allow_window(self) -> Result<(), Error> {
        let place = match self {
            Self::SelectTarget | Self::OrderBy | Self::DistinctOn => return Ok(()),
            Self::JoinOn => "JOIN conditions",
            Self::FromFunction => "functions in FROM",
            Self::PartitionBy | Self::WindowOrder | Self::WindowFrame(_) => "window definitions",
            Self::Default => "DEFAULT expressions",
            Self::Check => "check constraints",
            other => other.name(),
        };
        Err(QueryError::Windowing(format!("window functions are not allowed in {place}")).into())
    }

    /// Fails where no subquery may stand.
    pub(super) fn allow_subquery(self) -> Result<(), Error> {
        match self {
            Self::Check => Err(QueryError::NotSupported("cannot use subquery in check constraint".into()).into()),
            Self::Default => Err(QueryError::NotSupported("cannot use subquery in DEFAULT expression".into()).into()),
            Self::ExecuteParameter => {
                Err(QueryError::NotSupported("cannot use subquery in EXECUTE parameter".into()).into())
            }
            _ => Ok(()),
        }
    }

    /// Fails where no column may stand.
    pub(super) fn allow_column(self) -> Result<(), Error> {
        match self {
            Self::Default => {
                Err(QueryError::NotSupported("cannot use column reference in DEFAULT expression".into()).into())
            }
            _ => Ok(()),
        }
    }
}

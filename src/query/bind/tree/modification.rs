//! Bound INSERT, UPDATE and DELETE.

use super::walk::Visit;
use super::{Expression, Query, TableHandle, Target};

/// What is done to the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Insert,
    Update,
    Delete,
}

/// A statement that changes rows of one table.
///
/// It is a query with a purpose: `query` has the statement's WITH queries and its relations, of which the first one is
/// the target, and finds the rows that are inserted, or those to change with their new values. An INSERT does not read
/// its target; UPDATE and DELETE do, and find with each row its key and its version.
#[derive(Clone, Debug, PartialEq)]
pub struct Modification {
    pub operation: Operation,
    pub table: TableHandle,
    /// INSERT: one target for each column of the table, unless there are `rows`. UPDATE: key, version and the new
    /// value of each column. DELETE: key and version, and all columns if they are returned.
    pub query: Query,
    /// The rows of an INSERT with VALUES: one expression for each column of the table.
    pub rows: Vec<Vec<Expression>>,
    /// The RETURNING list, over the relations of `query` at its own level. The target's columns are those of the rows
    /// as they were inserted, changed or deleted.
    pub returning: Option<Vec<Target>>,
}

impl Modification {
    /// Shows `visit` every expression of the statement.
    pub fn walk(&self, visit: Visit<'_>) {
        self.query.walk(0, visit);
        self.rows.iter().flatten().for_each(|value| value.walk(0, visit));
        self.returning.iter().flatten().for_each(|target| target.expression.walk(0, visit));
    }
}

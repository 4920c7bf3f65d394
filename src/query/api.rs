//! What the session calls. Until each of them is built it answers 0A000.

use std::sync::Arc;

use arrow::array::RecordBatch;

use super::bind::{Bound, BoundDelete, BoundInsert, BoundUpdate, Returning};
use super::environment::Environment;
use super::planner::Planner;
use super::{ScalarValue, SendableRecordBatchStream, ast};
use crate::base::shutdown::CancellationToken;
use crate::catalog::Table;
use crate::catalog::types::PgType;
use crate::error::{QueryError, Result};
use crate::storage::{TenantStore, View};

fn not_built<T>(what: &str) -> Result<T> {
    Err(QueryError::NotSupported(format!("{what} is not built yet")).into())
}

impl Planner {
    /// Binds a query. `parameter_types` are the types that the client declared; the others are inferred.
    ///
    /// # Errors
    /// PostgreSQL's errors of parse analysis, with their position.
    pub fn bind(
        &self,
        environment: &Arc<Environment>,
        query: &ast::Query,
        parameter_types: &[Option<PgType>],
    ) -> Result<Bound> {
        let _ = (environment, query, parameter_types);
        not_built("SELECT")
    }

    /// Binds INSERT: targets, defaults, conversions, ON CONFLICT DO NOTHING, RETURNING.
    ///
    /// # Errors
    /// As [`Planner::bind`]; 42804 when an expression does not fit its column.
    pub fn bind_insert(
        &self,
        environment: &Arc<Environment>,
        insert: &ast::Insert,
        parameter_types: &[Option<PgType>],
    ) -> Result<BoundInsert> {
        let _ = (environment, insert, parameter_types);
        not_built("INSERT")
    }

    /// Binds UPDATE.
    ///
    /// # Errors
    /// As [`Planner::bind_insert`].
    pub fn bind_update(
        &self,
        environment: &Arc<Environment>,
        update: &ast::Update,
        parameter_types: &[Option<PgType>],
    ) -> Result<BoundUpdate> {
        let _ = (environment, update, parameter_types);
        not_built("UPDATE")
    }

    /// Binds DELETE.
    ///
    /// # Errors
    /// As [`Planner::bind`].
    pub fn bind_delete(
        &self,
        environment: &Arc<Environment>,
        delete: &ast::Delete,
        parameter_types: &[Option<PgType>],
    ) -> Result<BoundDelete> {
        let _ = (environment, delete, parameter_types);
        not_built("DELETE")
    }

    /// Runs a bound query. The stream's schema has the columns of [`Bound::columns`].
    ///
    /// # Errors
    /// 57014 when `cancel` fires, also in the middle of the stream; 53200; errors of evaluation.
    pub async fn execute(
        &self,
        environment: &Arc<Environment>,
        bound: &Bound,
        parameters: &[ScalarValue],
        view: View,
        store: &TenantStore,
        cancel: CancellationToken,
    ) -> Result<SendableRecordBatchStream> {
        let _ = (environment, bound, parameters, view, store, cancel);
        not_built("SELECT")
    }

    /// The rows that a bound INSERT wants to insert: batches of all columns of the table (without the
    /// hidden row id), defaults applied.
    ///
    /// # Errors
    /// As [`Planner::execute`].
    pub async fn execute_insert(
        &self,
        environment: &Arc<Environment>,
        insert: &BoundInsert,
        parameters: &[ScalarValue],
        view: View,
        store: &TenantStore,
        cancel: CancellationToken,
    ) -> Result<SendableRecordBatchStream> {
        let _ = (environment, insert, parameters, view, store, cancel);
        not_built("INSERT")
    }

    /// Evaluates a RETURNING list over rows of its table (all columns in attnum order).
    ///
    /// # Errors
    /// Errors of evaluation.
    pub fn returning(
        &self,
        environment: &Arc<Environment>,
        returning: &Returning,
        parameters: &[ScalarValue],
        rows: &RecordBatch,
    ) -> Result<RecordBatch> {
        let _ = (environment, returning, parameters, rows);
        not_built("RETURNING")
    }

    /// Completes rows of some columns to rows of all columns by the columns' defaults: what COPY FROM needs.
    /// `given[i]` is the index in [`Table::columns`] of column `i` of `rows`.
    ///
    /// # Errors
    /// Errors of evaluation.
    pub fn fill_defaults(
        &self,
        environment: &Arc<Environment>,
        table: &Arc<Table>,
        given: &[usize],
        rows: &RecordBatch,
    ) -> Result<RecordBatch> {
        let _ = (environment, table, given, rows);
        not_built("DEFAULT")
    }

    /// Checks that an expression of CREATE TABLE binds: a DEFAULT (`columns` empty: it may mention none) of
    /// the type `target`, or a CHECK over `columns` (target bool). Answers the names of the columns it mentions, in order.
    ///
    /// # Errors
    /// As [`Planner::bind`]; 42804 when it cannot be converted to `target`.
    pub fn check_expression(
        &self,
        environment: &Arc<Environment>,
        expression: &ast::Expr,
        columns: &[(String, PgType)],
        target: &PgType,
    ) -> Result<Vec<String>> {
        let _ = (environment, expression, columns, target);
        not_built("DEFAULT")
    }

    /// Evaluates an expression that mentions no column, such as an argument of EXECUTE, as the type `target`.
    ///
    /// # Errors
    /// As [`Planner::bind`], and errors of evaluation.
    pub fn evaluate_constant(
        &self,
        environment: &Arc<Environment>,
        expression: &ast::Expr,
        target: &PgType,
    ) -> Result<ScalarValue> {
        let _ = (environment, expression, target);
        not_built("EXECUTE")
    }
}

//! Binding of INSERT, UPDATE and DELETE: which rows, which values.
//!
//! DataFusion's own DML is not used: its hooks lose conditions (`WHERE x IN (SELECT …)` reaches them as no
//! condition at all). An UPDATE is the query `SELECT _key, _seq, <new values> FROM target … WHERE …`, with
//! the target read by a scan that also yields each row's key and commit; the transaction applies its rows.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{SetExpr, Statement, With};

use super::bound::{Bound, BoundDelete, BoundInsert, BoundStatement, BoundUpdate, InsertSource};
use super::tree::{Modification, Operation};
use super::{analyse, conflict};
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::environment::Environment;
use crate::query::lower;
use crate::query::planner::Planner;

impl Planner {
    /// Binds a statement that has a plan; `None` for all others. `parameter_types` are the types that the client
    /// declared; the others are inferred.
    ///
    /// # Errors
    /// PostgreSQL's errors of parse analysis, with their position.
    pub fn bind_statement(
        &self,
        environment: &Arc<Environment>,
        statement: &Statement,
        parameter_types: &[Option<PgType>],
    ) -> Result<Option<BoundStatement>> {
        let (statement, with) = match statement {
            Statement::Query(query) => match query.body.as_ref() {
                SetExpr::Insert(inner) | SetExpr::Update(inner) | SetExpr::Delete(inner) => {
                    (inner, query.with.as_ref())
                }
                _ => return Ok(Some(BoundStatement::Query(self.bind(environment, query, parameter_types)?))),
            },
            Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) => (statement, None),
            _ => return Ok(None),
        };
        self.bind_modification(environment, statement, with, parameter_types).map(Some)
    }

    fn bind_modification(
        &self,
        environment: &Arc<Environment>,
        statement: &Statement,
        with: Option<&With>,
        parameter_types: &[Option<PgType>],
    ) -> Result<BoundStatement> {
        let (bound, parameters) = Self::analysed(environment, parameter_types, |context| {
            let bound = analyse::modification(context, statement, with)?;
            let on_conflict = match statement {
                Statement::Insert(insert) => conflict::action(context, &bound.table.0, insert.on.as_ref())?,
                _ => conflict::ConflictAction::Error,
            };
            Ok((bound, on_conflict))
        })?;
        let (modification, on_conflict) = bound;
        let (returning, others) = lower::returning(self, environment, &modification)?.unzip();
        let others = others.unwrap_or_default();
        let table = Arc::clone(&modification.table.0);
        let find = |parameters| self.rows_of(environment, &modification, &others, parameters);
        Ok(match modification.operation {
            Operation::Insert => {
                let source = if modification.rows.is_empty() {
                    InsertSource::Query(find(parameters.clone())?)
                } else {
                    InsertSource::Values(Arc::new(lower::rows(self, environment, &modification)?))
                };
                BoundStatement::Insert(BoundInsert { table, source, on_conflict, returning, parameters })
            }
            Operation::Update => {
                let source = find(parameters.clone())?;
                BoundStatement::Update(BoundUpdate { table, source, returning, parameters })
            }
            Operation::Delete => {
                let source = find(parameters.clone())?;
                BoundStatement::Delete(BoundDelete { table, source, returning, parameters })
            }
        })
    }

    /// The query that finds the rows, ready to run.
    fn rows_of(
        &self,
        environment: &Arc<Environment>,
        modification: &Modification,
        others: &[super::tree::Column],
        parameters: Vec<PgType>,
    ) -> Result<Bound> {
        let (plan, columns) = lower::source(self, environment, modification, others)?;
        let mut bound = self.finish(environment, plan, columns, parameters)?;
        bound.identified = modification.operation != Operation::Insert;
        Ok(bound)
    }
}

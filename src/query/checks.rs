//! CHECK constraints, evaluated over rows on their way into a table.
//!
//! A check is bound once per definition of its table, unless it has a literal that is read in the session's way, such
//! as a time. Most checks compare columns with constants and are compiled once, too; the others call functions,
//! which may ask the session who or when.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::PhysicalExpr;

use super::bind::errors;
use super::environment::Environment;
use super::evaluate::Evaluation;
use super::lower;
use super::planner::Planner;
use crate::catalog::Table;
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::transaction::{RowCheck, Violation};

/// The checks of one definition of a table.
pub(crate) struct TableChecks {
    /// Its address is the key under which this is remembered: as long as it lives, no other table has it.
    table: Arc<Table>,
    schema: DFSchema,
    /// In the order of [`Table::checks`].
    compiled: Vec<Compiled>,
}

enum Compiled {
    /// Asks nothing of the session.
    Constant(Arc<dyn PhysicalExpr>),
    /// May ask the session.
    Bound(Expr),
}

impl Planner {
    /// Evaluates CHECK constraints for a transaction of this environment.
    pub fn row_check(self: &Arc<Self>, environment: &Arc<Environment>) -> Arc<dyn RowCheck> {
        Arc::new(Checks { planner: Arc::clone(self), environment: Arc::clone(environment) })
    }

    fn checks_of(&self, environment: &Arc<Environment>, table: &Arc<Table>) -> Result<Arc<TableChecks>> {
        let key = Arc::as_ptr(table).addr();
        if let Some(known) = self.checks().get(&key) {
            return Ok(known);
        }
        let columns: Vec<(String, PgType)> =
            table.columns.iter().map(|column| (column.name.clone(), column.data_type.clone())).collect();
        let schema = lower::schema(&table.name, &columns)?;
        let mut evaluation = Evaluation::new(self, environment);
        let mut compiled = Vec::with_capacity(table.checks.len());
        let mut for_everybody = true;
        for check in &table.checks {
            let (bound, is_same) = self.check_of(environment, &check.expression, &table.name, &columns, &schema)?;
            for_everybody &= is_same;
            compiled.push(if is_constant(&bound)? {
                Compiled::Constant(evaluation.timeless(&bound, &schema)?)
            } else {
                Compiled::Bound(bound)
            });
        }
        let checks = Arc::new(TableChecks { table: Arc::clone(table), schema, compiled });
        if for_everybody {
            self.checks().insert(key, Arc::clone(&checks));
        }
        Ok(checks)
    }
}

/// Does a bound check ask nothing of the session? True for columns, comparisons, and constants.
fn is_constant(bound: &Expr) -> Result<bool> {
    let mut constant = true;
    bound
        .apply(|expr| {
            constant &= match expr {
                Expr::Column(_)
                | Expr::BinaryExpr(_)
                | Expr::InList(_)
                | Expr::Between(_)
                | Expr::Not(_)
                | Expr::IsNull(_)
                | Expr::IsNotNull(_)
                | Expr::IsTrue(_)
                | Expr::IsFalse(_)
                | Expr::IsNotTrue(_)
                | Expr::IsNotFalse(_) => true,
                Expr::Literal(value, _) => matches!(
                    value,
                    ScalarValue::Boolean(_)
                        | ScalarValue::Int16(_)
                        | ScalarValue::Int32(_)
                        | ScalarValue::Int64(_)
                        | ScalarValue::Float32(_)
                        | ScalarValue::Float64(_)
                        | ScalarValue::Utf8(_)
                ),
                _ => false,
            };
            Ok(if constant { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
        })
        .map_err(errors::translate)?;
    Ok(constant)
}

/// CHECK constraints of one transaction.
struct Checks {
    planner: Arc<Planner>,
    environment: Arc<Environment>,
}

impl RowCheck for Checks {
    fn first_violation(&self, table: &Arc<Table>, rows: &RecordBatch) -> Result<Option<Violation>> {
        if table.checks.is_empty() {
            return Ok(None);
        }
        let checks = self.planner.checks_of(&self.environment, table)?;
        let mut evaluation = Evaluation::new(&self.planner, &self.environment);
        let mut first: Option<Violation> = None;
        for (check, compiled) in checks.table.checks.iter().zip(&checks.compiled) {
            let outcome = match compiled {
                Compiled::Constant(expr) => evaluated(expr, rows)?,
                Compiled::Bound(expr) => evaluation.over(expr, &checks.schema, rows, &DataType::Boolean)?,
            };
            let outcome: &BooleanArray = outcome.as_boolean();
            let row = (0..outcome.len()).find(|&row| outcome.is_valid(row) && !outcome.value(row));
            if let Some(row) = row {
                if first.as_ref().is_none_or(|first| row < first.row) {
                    first = Some(Violation { row, constraint: check.name.clone() });
                }
            }
        }
        Ok(first)
    }
}

/// The columns of a check are those of its table by position, and `rows` has them in the same places.
fn evaluated(expr: &Arc<dyn PhysicalExpr>, rows: &RecordBatch) -> Result<ArrayRef> {
    let value = expr.evaluate(rows).map_err(errors::translate)?;
    value.into_array(rows.num_rows()).map_err(errors::translate)
}

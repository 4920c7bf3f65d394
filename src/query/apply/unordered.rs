//! A border that no order passes.
//!
//! DataFusion moves a sort below UNION ALL, into its branches, and then forgets which of their columns were constant:
//! it refuses its own plan. Above a set operation that is sorted stands this operator, which promises no order and
//! keeps none, so that the sort stays where it is.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::{DFSchemaRef, Result as DataFusionResult};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore};
use datafusion::physical_expr::PhysicalExpr;

use crate::query::operator::Operator;

/// The rows of its input, in no order that anybody may know.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unordered {
    input: LogicalPlan,
}

impl Unordered {
    /// The operator as a plan.
    pub fn plan(input: LogicalPlan) -> LogicalPlan {
        LogicalPlan::Extension(Extension { node: Arc::new(Self { input }) })
    }
}

impl PartialOrd for Unordered {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self == other).then_some(Ordering::Equal)
    }
}

impl UserDefinedLogicalNodeCore for Unordered {
    fn name(&self) -> &'static str {
        "Unordered"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        self.input.schema()
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn prevent_predicate_push_down_columns(&self) -> HashSet<String> {
        HashSet::new()
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        Some(vec![output_columns.to_vec()])
    }

    fn supports_limit_pushdown(&self) -> bool {
        true
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unordered")
    }

    fn with_exprs_and_inputs(&self, _exprs: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> DataFusionResult<Self> {
        Ok(Self { input: inputs.swap_remove(0) })
    }
}

/// The operator at work.
#[derive(Clone, Debug)]
pub(super) struct UnorderedWork;

impl fmt::Display for UnorderedWork {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl Operator for UnorderedWork {
    const NAME: &'static str = "UnorderedExec";

    fn expressions(&self) -> Vec<Arc<dyn PhysicalExpr>> {
        Vec::new()
    }

    fn execute(
        &self,
        input: SendableRecordBatchStream,
        _schema: &SchemaRef,
        _context: &Arc<TaskContext>,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        Ok(input)
    }
}

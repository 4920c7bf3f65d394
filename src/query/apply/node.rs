//! The logical operator.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchemaRef, JoinType, Result as DataFusionResult};
use datafusion::logical_expr::logical_plan::builder::build_join_schema;
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, LogicalPlanBuilder, UserDefinedLogicalNodeCore};

use super::Correlated;

/// Every row of the input beside every row that the correlated plan has for it.
#[derive(Clone, Debug)]
pub struct Apply {
    input: LogicalPlan,
    correlated: Correlated,
    /// What the correlated plan's inputs are for a row of the input.
    arguments: Vec<Expr>,
    /// Does a row of the input without a match come once, with NULLs, as in a left join?
    outer: bool,
    schema: DFSchemaRef,
}

impl Apply {
    /// The operator as a plan: `input` joined laterally with `plan` on a condition over both.
    ///
    /// # Errors
    /// When the columns of both do not have different names.
    pub fn plan(
        input: LogicalPlan,
        plan: LogicalPlan,
        outer: bool,
        condition: Option<Expr>,
    ) -> DataFusionResult<LogicalPlan> {
        // The condition belongs to the inner side: a row of the outer one that it leaves alone comes with NULLs.
        let plan = match condition {
            None => plan,
            Some(condition) => {
                let own = Arc::clone(plan.schema());
                let outer_columns = |expr: Expr| match expr {
                    Expr::Column(column) if !own.has_column(&column) => {
                        let field = Arc::clone(input.schema().qualified_field_from_column(&column)?.1);
                        Ok(Transformed::yes(Expr::OuterReferenceColumn(field, column)))
                    }
                    other => Ok(Transformed::no(other)),
                };
                let condition = condition.transform_up(outer_columns)?.data;
                LogicalPlanBuilder::from(plan).filter(condition)?.build()?
            }
        };
        let (correlated, arguments) = Correlated::new(Arc::new(plan), input.schema())?;
        let kind = if outer { JoinType::Left } else { JoinType::Inner };
        let schema = Arc::new(build_join_schema(input.schema(), correlated.plan.schema(), &kind)?);
        let node = Self { input, correlated, arguments, outer, schema };
        Ok(LogicalPlan::Extension(Extension { node: Arc::new(node) }))
    }

    pub(super) fn correlated(&self) -> &Correlated {
        &self.correlated
    }

    pub(super) fn arguments(&self) -> &[Expr] {
        &self.arguments
    }

    pub(super) fn is_outer(&self) -> bool {
        self.outer
    }
}

impl PartialEq for Apply {
    fn eq(&self, other: &Self) -> bool {
        self.input == other.input
            && self.correlated == other.correlated
            && self.arguments == other.arguments
            && self.outer == other.outer
    }
}

impl Eq for Apply {}

impl Hash for Apply {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.input.hash(state);
        self.correlated.hash(state);
        self.arguments.hash(state);
        self.outer.hash(state);
    }
}

impl PartialOrd for Apply {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        if self == other { Some(Ordering::Equal) } else { None }
    }
}

impl UserDefinedLogicalNodeCore for Apply {
    fn name(&self) -> &'static str {
        "Apply"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        self.arguments.clone()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Apply")
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> DataFusionResult<Self> {
        let input = inputs.swap_remove(0);
        let kind = if self.outer { JoinType::Left } else { JoinType::Inner };
        let schema = Arc::new(build_join_schema(input.schema(), self.correlated.plan.schema(), &kind)?);
        Ok(Self { input, correlated: self.correlated.clone(), arguments: exprs, outer: self.outer, schema })
    }
}

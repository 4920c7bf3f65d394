//! A plan with places for values of another query.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::Apply;

/// What a value stands for in the plan.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// A column of the surrounding query.
    Column(Column),
    /// A parameter of the statement: `$1`.
    Parameter(String),
}

/// A plan that mentions columns of a query around it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Correlated {
    pub plan: Arc<LogicalPlan>,
    /// What has to be put into it, each once.
    pub inputs: Vec<Input>,
    /// May it have other rows every time that it is run with the same values?
    pub volatile: bool,
}

impl Correlated {
    /// A plan with its inputs, and the expressions that give these where `outer` is in sight. A column of a query
    /// further out stays an outer column there.
    ///
    /// # Errors
    /// Those of walking a plan.
    pub fn new(plan: Arc<LogicalPlan>, outer: &DFSchema) -> DataFusionResult<(Self, Vec<Expr>)> {
        let mut inputs = Vec::new();
        let mut arguments = Vec::new();
        for reference in plan.all_out_ref_exprs() {
            let Expr::OuterReferenceColumn(_, column) = &reference else { continue };
            let input = Input::Column(column.clone());
            if inputs.contains(&input) {
                continue;
            }
            inputs.push(input);
            arguments.push(if outer.has_column(column) { Expr::Column(column.clone()) } else { reference });
        }
        let mut seen = HashSet::new();
        plan.apply_with_subqueries(|node| {
            node.apply_expressions(|expr| {
                expr.apply(|expr| {
                    if let Expr::Placeholder(placeholder) = expr {
                        if seen.insert(placeholder.id.clone()) {
                            inputs.push(Input::Parameter(placeholder.id.clone()));
                            arguments.push(expr.clone());
                        }
                    }
                    Ok(TreeNodeRecursion::Continue)
                })
            })
        })?;
        let volatile = is_volatile(&plan)?;
        Ok((Self { plan, inputs, volatile }, arguments))
    }

    /// The plan with one value for each input.
    ///
    /// # Errors
    /// Those of rewriting a plan.
    pub fn with_values(&self, values: &[ScalarValue]) -> DataFusionResult<LogicalPlan> {
        let replace = |expr: Expr| {
            let (input, field) = match &expr {
                Expr::OuterReferenceColumn(field, column) => (Input::Column(column.clone()), Some(field)),
                Expr::Placeholder(placeholder) => {
                    (Input::Parameter(placeholder.id.clone()), placeholder.field.as_ref())
                }
                _ => return Ok(Transformed::no(expr)),
            };
            match self.inputs.iter().position(|own| *own == input) {
                Some(index) => {
                    let metadata = field.map(|field| field.as_ref().into());
                    Ok(Transformed::yes(Expr::Literal(values[index].clone(), metadata)))
                }
                None => Ok(Transformed::no(expr)),
            }
        };
        let plan = self.plan.as_ref().clone().transform_up_with_subqueries(|node| {
            let node = node.map_expressions(|expr| expr.transform_up(replace))?;
            node.map_data(LogicalPlan::recompute_schema)
        })?;
        // What was lateral to the outer row is a plain relation once the row is known.
        let plan = plan.data.transform_up(|node| match node {
            LogicalPlan::Subquery(subquery) if subquery.subquery.all_out_ref_exprs().is_empty() => {
                Ok(Transformed::yes(Arc::unwrap_or_clone(subquery.subquery)))
            }
            other => Ok(Transformed::no(other)),
        })?;
        Ok(plan.data)
    }
}

/// Is there a function in the plan that answers something else every time?
pub fn is_volatile(plan: &LogicalPlan) -> DataFusionResult<bool> {
    let mut volatile = false;
    plan.apply_with_subqueries(|node| {
        volatile |= node.expressions().iter().any(Expr::is_volatile);
        if let LogicalPlan::Extension(extension) = node {
            if let Some(apply) = extension.node.as_any().downcast_ref::<Apply>() {
                volatile |= apply.correlated().volatile;
            }
        }
        Ok(if volatile { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(volatile)
}

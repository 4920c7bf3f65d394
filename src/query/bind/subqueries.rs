//! Subqueries that DataFusion's optimiser would refuse or get wrong.
//!
//! DataFusion turns correlated scalar subqueries into joins, which it can only do for aggregates over
//! equalities. All others become calls of [`apply`], which runs them row by row. Before that, what reads a
//! relation that is always empty is recognised as empty, so that clients' queries over catalogs we have no
//! rows for are not planned at all.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, Result as DataFusionResult};
use datafusion::datasource::source_as_provider;
use datafusion::functions_aggregate::expr_fn::{array_agg, count};
use datafusion::logical_expr::expr::{BinaryExpr, Exists, InSubquery};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::{merge_schema, split_conjunction};
use datafusion::logical_expr::{EmptyRelation, Expr, LogicalPlan, LogicalPlanBuilder, Operator, Subquery, lit};
use datafusion::optimizer::propagate_empty_relation::PropagateEmptyRelation;
use datafusion::optimizer::{AnalyzerRule, OptimizerContext, OptimizerRule};

use super::output::{type_of, type_of_field};
use super::{errors, refuse};
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::apply::Correlated;
use crate::query::functions::apply;
use crate::query::functions::array::{self, Quantifier};
use crate::query::functions::kernel;
use crate::query::system;

/// The rule.
#[derive(Debug)]
pub struct Subqueries;

impl AnalyzerRule for Subqueries {
    fn name(&self) -> &'static str {
        "kalam_subqueries"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> DataFusionResult<LogicalPlan> {
        let plan = plan.transform_up_with_subqueries(empty)?.data;
        let plan = plan.transform_up_with_subqueries(|node| {
            let schema = merge_schema(&node.inputs());
            // DataFusion makes joins of EXISTS and IN where they filter rows, and only there.
            let filters = matches!(node, LogicalPlan::Filter(_));
            let names = NamePreserver::new(&node);
            let node = node.map_expressions(|expr| {
                let name = names.save(&expr);
                let rewritten = expr.transform_up(|expr| {
                    if filters {
                        return rewrite(expr, &schema);
                    }
                    as_value(expr, &schema)?.transform_data(|expr| expr.transform_up(|expr| rewrite(expr, &schema)))
                })?;
                Ok(if rewritten.transformed { rewritten.update_data(|expr| name.restore(expr)) } else { rewritten })
            })?;
            if node.transformed { node.map_data(LogicalPlan::recompute_schema) } else { Ok(node) }
        })?;
        Ok(plan.data)
    }
}

/// An always empty relation, and what follows from its being empty.
fn empty(node: LogicalPlan) -> DataFusionResult<Transformed<LogicalPlan>> {
    if let LogicalPlan::TableScan(scan) = &node {
        let provider = source_as_provider(&scan.source)?;
        if system::is_always_empty(provider.as_ref()) {
            let schema = Arc::clone(&scan.projected_schema);
            let empty = EmptyRelation { produce_one_row: false, schema };
            return Ok(Transformed::yes(LogicalPlan::EmptyRelation(empty)));
        }
        return Ok(Transformed::no(node));
    }
    let is_empty = |input: &&LogicalPlan| matches!(input, LogicalPlan::EmptyRelation(empty) if !empty.produce_one_row);
    if node.inputs().iter().any(is_empty) {
        return PropagateEmptyRelation::new().rewrite(node, &OptimizerContext::new());
    }
    Ok(Transformed::no(node))
}

/// EXISTS and IN as values: `EXISTS (q)` is `(SELECT count(*) FROM (q LIMIT 1)) > 0`, `x IN (q)` is
/// `x = ANY (ARRAY(q))`.
fn as_value(expr: Expr, schema: &DFSchema) -> DataFusionResult<Transformed<Expr>> {
    match expr {
        Expr::Exists(Exists { subquery, negated }) => {
            let plan = LogicalPlanBuilder::from(Arc::unwrap_or_clone(subquery.subquery))
                .limit(0, Some(1))?
                .aggregate(Vec::<Expr>::new(), [count(lit(1))])?
                .build()?;
            let rows = Expr::ScalarSubquery(Subquery { subquery: Arc::new(plan), ..subquery });
            Ok(Transformed::yes(if negated { rows.eq(lit(0i64)) } else { rows.gt(lit(0i64)) }))
        }
        Expr::InSubquery(InSubquery { expr, subquery, negated }) => {
            let found = type_of_field(subquery.subquery.schema().field(0));
            check_comparable(&type_of(&expr, schema), &found).map_err(errors::external)?;
            let column = Expr::Column(Column::from(subquery.subquery.schema().qualified_field(0)));
            let plan = LogicalPlanBuilder::from(Arc::unwrap_or_clone(subquery.subquery))
                .aggregate(Vec::<Expr>::new(), [array_agg(column)])?
                .build()?;
            let list = Expr::ScalarSubquery(Subquery { subquery: Arc::new(plan), ..subquery });
            let any =
                kernel::call(array::quantified(Quantifier::Any, Operator::Eq), vec![*expr, array::or_empty(list)]);
            Ok(Transformed::yes(if negated { Expr::Not(Box::new(any)) } else { any }))
        }
        other => Ok(Transformed::no(other)),
    }
}

/// Refuses what would not be compared as PostgreSQL does: documents by their text, intervals by their fields.
fn check_comparable(left: &PgType, right: &PgType) -> Result<()> {
    for data_type in [PgType::Jsonb, PgType::Interval] {
        if *left == data_type || *right == data_type {
            return Err(refuse::not_supported(format!("a comparison of {left} with a subquery of {right}")));
        }
    }
    Ok(())
}

fn rewrite(expr: Expr, schema: &DFSchema) -> DataFusionResult<Transformed<Expr>> {
    let Expr::ScalarSubquery(subquery) = &expr else { return Ok(Transformed::no(expr)) };
    if subquery.outer_ref_columns.is_empty() || can_be_joined(&subquery.subquery)? {
        return Ok(Transformed::no(expr));
    }
    let (correlated, arguments) = Correlated::new(Arc::clone(&subquery.subquery), schema)?;
    let name = expr.schema_name().to_string();
    Ok(Transformed::yes(apply::call(correlated, arguments).alias(name)))
}

/// Can DataFusion make a join of it? Only when one aggregate row is certain and every mention of an outer
/// column is an equality in a filter.
fn can_be_joined(plan: &LogicalPlan) -> DataFusionResult<bool> {
    let mut top = plan;
    while let LogicalPlan::Projection(_) | LogicalPlan::SubqueryAlias(_) = top {
        top = top.inputs()[0];
    }
    if !matches!(top, LogicalPlan::Aggregate(aggregate) if aggregate.group_expr.is_empty()) {
        return Ok(false);
    }
    let mut joinable = true;
    plan.apply_with_subqueries(|node| {
        let allowed = match node {
            LogicalPlan::Filter(filter) => split_conjunction(&filter.predicate)
                .into_iter()
                .all(|condition| !condition.contains_outer() || is_equality(condition)),
            LogicalPlan::Projection(_)
            | LogicalPlan::Aggregate(_)
            | LogicalPlan::Join(_)
            | LogicalPlan::SubqueryAlias(_)
            | LogicalPlan::TableScan(_)
            | LogicalPlan::EmptyRelation(_) => !node.contains_outer_reference(),
            _ => false,
        };
        joinable &= allowed;
        Ok(if allowed { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    })?;
    Ok(joinable)
}

fn is_equality(condition: &Expr) -> bool {
    let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = condition else { return false };
    matches!(
        (left.as_ref(), right.as_ref()),
        (Expr::Column(_), Expr::OuterReferenceColumn(..)) | (Expr::OuterReferenceColumn(..), Expr::Column(_))
    )
}

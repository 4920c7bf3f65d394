//! Relations that are always empty.
//!
//! Clients ask catalogs of which we have no rows. What reads them is recognised as empty first, so that such queries
//! are hardly planned at all.

use std::sync::Arc;

use datafusion::common::Result as DataFusionResult;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::{EmptyRelation, LogicalPlan};
use datafusion::optimizer::propagate_empty_relation::PropagateEmptyRelation;
use datafusion::optimizer::{AnalyzerRule, OptimizerContext, OptimizerRule};

use crate::query::system;

/// The rule.
#[derive(Debug)]
pub struct Empty;

impl AnalyzerRule for Empty {
    fn name(&self) -> &'static str {
        "kalam_empty"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> DataFusionResult<LogicalPlan> {
        Ok(plan.transform_up_with_subqueries(empty)?.data)
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

//! Rows that a subquery has put in order stay in order.
//!
//! SQL promises the order of a subquery to nobody, and DataFusion therefore deals ordered rows out to several
//! threads as soon as something above them could use more than one. PostgreSQL promises that
//! `INSERT … SELECT … ORDER BY` computes defaults in that order, and `messages` depends on it: the order of its
//! ids (`uuidv7()`) is the order of a conversation.

use std::sync::Arc;

use datafusion::common::Result as DataFusionResult;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, Partitioning};

/// Removes the dealing out of rows that come in one ordered stream.
#[derive(Debug)]
pub struct KeepOrder;

impl PhysicalOptimizerRule for KeepOrder {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            Ok(match plan.downcast_ref::<RepartitionExec>() {
                Some(repartition) if deals_out_ordered_rows(repartition) => {
                    Transformed::yes(Arc::clone(repartition.input()))
                }
                _ => Transformed::no(plan),
            })
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "kalam_keep_order"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// No operator asks for rows dealt out in turns, so that nothing misses them; a distribution by hash stays.
fn deals_out_ordered_rows(repartition: &RepartitionExec) -> bool {
    let input = repartition.input();
    matches!(repartition.partitioning(), Partitioning::RoundRobinBatch(_))
        && input.output_partitioning().partition_count() == 1
        && is_ordered(input)
}

/// Do the rows come in an order? A projection may have dropped the columns that they are ordered by.
fn is_ordered(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let mut plan = plan;
    while plan.output_ordering().is_none() {
        match (plan.children().as_slice(), plan.maintains_input_order().as_slice()) {
            ([input], [true]) => plan = input,
            _ => return false,
        }
    }
    true
}

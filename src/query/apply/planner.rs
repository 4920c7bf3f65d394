//! Planning of the operator.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};

use super::{Apply, ApplyExec};
use crate::query::window::Windows;

/// DataFusion's planner, which also knows [`Apply`] and [`Windowed`](crate::query::window::Windowed).
#[derive(Debug)]
pub struct QueryPlanner;

#[async_trait]
impl datafusion::execution::context::QueryPlanner for QueryPlanner {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        session: &dyn Session,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(Applies), Arc::new(Windows)]);
        planner.create_physical_plan(plan, session).await
    }
}

struct Applies;

#[async_trait]
impl ExtensionPlanner for Applies {
    async fn plan_extension(
        &self,
        planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        logical: &[&LogicalPlan],
        physical: &[Arc<dyn ExecutionPlan>],
        session: &dyn Session,
        context: &PhysicalPlanningContext,
    ) -> DataFusionResult<Option<Arc<dyn ExecutionPlan>>> {
        let Some(apply) = node.as_any().downcast_ref::<Apply>() else { return Ok(None) };
        let schema = logical[0].schema();
        let arguments = apply
            .arguments()
            .iter()
            .map(|argument| planner.create_physical_expr(argument, schema, session, context))
            .collect::<DataFusionResult<Vec<_>>>()?;
        let exec = ApplyExec::new(
            Arc::clone(&physical[0]),
            apply.correlated().clone(),
            arguments,
            apply.is_outer(),
            Arc::clone(UserDefinedLogicalNode::schema(apply).inner()),
        );
        Ok(Some(Arc::new(exec)))
    }
}

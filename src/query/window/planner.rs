//! Planning of the operator.

use std::sync::Arc;

use arrow::compute::SortOptions;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_expr::aggregate::AggregateExprBuilder;
use datafusion::physical_expr::{PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};

use super::exec::{Call, Computed, WindowedWork};
use super::{Function, Windowed};
use crate::query::operator::Unary;

/// Makes [`WindowedWork`] of [`Windowed`].
pub struct Windows;

#[async_trait]
impl ExtensionPlanner for Windows {
    async fn plan_extension(
        &self,
        planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        logical: &[&LogicalPlan],
        physical: &[Arc<dyn ExecutionPlan>],
        session: &dyn Session,
        context: &PhysicalPlanningContext,
    ) -> DataFusionResult<Option<Arc<dyn ExecutionPlan>>> {
        let Some(windowed) = node.as_any().downcast_ref::<Windowed>() else { return Ok(None) };
        let schema = logical[0].schema();
        let mut lower = |expr: &Expr| planner.create_physical_expr(expr, schema, session, context);
        let partition_by = windowed.partition_by.iter().map(&mut lower).collect::<DataFusionResult<Vec<_>>>()?;
        let mut order_by = Vec::with_capacity(windowed.order_by.len());
        for key in &windowed.order_by {
            let options = SortOptions::new(!key.asc, key.nulls_first);
            order_by.push(PhysicalSortExpr::new(lower(&key.expr)?, options));
        }
        let mut calls = Vec::with_capacity(windowed.calls.len());
        for call in &windowed.calls {
            let arguments: Vec<Arc<dyn PhysicalExpr>> =
                call.arguments.iter().map(&mut lower).collect::<DataFusionResult<_>>()?;
            let computed = match &call.function {
                Function::Builtin(builtin) => Computed::Builtin(*builtin),
                Function::Aggregate(aggregate) => {
                    let builder = AggregateExprBuilder::new(Arc::clone(aggregate), arguments.clone());
                    let builder = builder.schema(physical[0].schema()).alias(call.field.name());
                    Computed::Aggregate(Arc::new(builder.build()?))
                }
            };
            calls.push(Call {
                computed,
                arguments,
                filter: call.filter.as_ref().map(&mut lower).transpose()?,
                frame: call.frame.map(&mut lower)?,
            });
        }
        let schema = Arc::clone(UserDefinedLogicalNode::schema(windowed).inner());
        let work = WindowedWork { partition_by, order_by, calls };
        Ok(Some(Unary::plan(Arc::clone(&physical[0]), work, schema)))
    }
}

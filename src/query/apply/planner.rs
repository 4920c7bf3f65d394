//! Planning of the operator.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};

use super::exec::{ApplyWork, Expressions};
use super::series::{Series, SeriesWork};
use super::set::PhysicalTest;
use super::unordered::{Unordered, UnorderedWork};
use super::{Apply, Gives};
use crate::query::bind::errors;
use crate::query::evaluate;
use crate::query::operator::Unary;
use crate::query::window::Windows;

/// DataFusion's planner, which also knows the operators of this module and
/// [`Windowed`](crate::query::window::Windowed).
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
        if node.as_any().downcast_ref::<Unordered>().is_some() {
            let schema = physical[0].schema();
            return Ok(Some(Unary::plan(Arc::clone(&physical[0]), UnorderedWork, schema)));
        }
        let input = logical[0].schema();
        let compile = |expression| planner.create_physical_expr(expression, input, session, context);
        let schema = Arc::clone(node.schema().inner());
        if let Some(series) = node.as_any().downcast_ref::<Series>() {
            let arguments = series.arguments().iter().map(compile).collect::<DataFusionResult<_>>()?;
            return Ok(Some(Unary::plan(Arc::clone(&physical[0]), SeriesWork { arguments }, schema)));
        }
        let Some(apply) = node.as_any().downcast_ref::<Apply>() else { return Ok(None) };
        let test = match apply.gives() {
            Gives::Any(test) => {
                let condition = evaluate::physical(&test.condition, &test.schema, session.execution_props());
                // Values come without a promise: what is not NULL to the optimiser may be to the test.
                let fields = test.schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
                Some(Arc::new(PhysicalTest {
                    condition: condition.map_err(errors::external)?,
                    schema: Arc::new(Schema::new(fields.collect::<Vec<Field>>())),
                    operands: apply.operands().len(),
                    keys: test.keys.clone(),
                }))
            }
            _ => None,
        };
        let expressions = Expressions {
            arguments: apply.arguments().iter().map(compile).collect::<DataFusionResult<_>>()?,
            operands: apply.operands().iter().map(compile).collect::<DataFusionResult<_>>()?,
            guard: apply.guard().map(compile).transpose()?,
            test,
        };
        let (correlated, gives) = (apply.correlated().clone(), apply.gives().clone());
        let work = ApplyWork::new(correlated, gives, expressions);
        Ok(Some(Unary::plan(Arc::clone(&physical[0]), work, schema)))
    }
}

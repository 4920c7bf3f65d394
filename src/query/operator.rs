//! Operators of ours over one input.
//!
//! What they all tell DataFusion in the same way stands here once: [`Unary`] is the plan, an [`Operator`] the work.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::Result as DataFusionResult;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{Distribution, EquivalenceProperties, OrderingRequirements, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties};

/// Batches that may wait for whoever reads what an operator makes.
pub const WAITING_BATCHES: usize = 2;

/// What an operator does with the rows of its input. Its text is its line in EXPLAIN, behind its name.
pub trait Operator: fmt::Debug + fmt::Display + Clone + Send + Sync + 'static {
    /// The name in EXPLAIN.
    const NAME: &'static str;

    /// What is computed over the columns of the input.
    fn expressions(&self) -> Vec<Arc<dyn PhysicalExpr>>;

    /// What is known of the rows that come out. Without more, only their columns.
    fn equivalences(&self, _input: &dyn ExecutionPlan, schema: SchemaRef) -> EquivalenceProperties {
        EquivalenceProperties::new(schema)
    }

    /// Do the rows leave in the order in which they came?
    fn maintains_order(&self) -> bool {
        false
    }

    /// The order in which the rows must come.
    fn required_order(&self) -> Option<OrderingRequirements> {
        None
    }

    /// Which rows must come in the same partition.
    fn required_distribution(&self, _input: &dyn ExecutionPlan) -> Distribution {
        Distribution::UnspecifiedDistribution
    }

    /// Is it worth while to spread the rows over more partitions?
    fn benefits_from_partitions(&self) -> bool {
        false
    }

    /// The same work for another run: nothing of an earlier one is known to it.
    fn renewed(&self) -> Self {
        self.clone()
    }

    /// The rows of one partition.
    ///
    /// # Errors
    /// Of the input; those of the work itself come with the stream.
    fn execute(
        &self,
        input: SendableRecordBatchStream,
        schema: &SchemaRef,
        context: &Arc<TaskContext>,
    ) -> DataFusionResult<SendableRecordBatchStream>;
}

/// An operator over its input.
#[derive(Debug)]
pub struct Unary<O> {
    input: Arc<dyn ExecutionPlan>,
    operator: O,
    properties: Arc<PlanProperties>,
}

impl<O: Operator> Unary<O> {
    /// The operator over an input, with the columns that come out.
    pub fn plan(input: Arc<dyn ExecutionPlan>, operator: O, schema: SchemaRef) -> Arc<dyn ExecutionPlan> {
        let properties = Arc::new(PlanProperties::new(
            operator.equivalences(input.as_ref(), schema),
            input.output_partitioning().clone(),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Arc::new(Self { input, operator, properties })
    }
}

impl<O: Operator> DisplayAs for Unary<O> {
    fn fmt_as(&self, _kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", O::NAME, self.operator)
    }
}

impl<O: Operator> ExecutionPlan for Unary<O> {
    fn name(&self) -> &'static str {
        O::NAME
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![self.operator.maintains_order()]
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        vec![self.operator.required_order()]
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        vec![self.operator.required_distribution(self.input.as_ref())]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![self.operator.benefits_from_partitions()]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> DataFusionResult<TreeNodeRecursion>,
    ) -> DataFusionResult<TreeNodeRecursion> {
        for expression in &self.operator.expressions() {
            if f(expression)? == TreeNodeRecursion::Stop {
                return Ok(TreeNodeRecursion::Stop);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        Ok(Self::plan(children.swap_remove(0), self.operator.renewed(), self.schema()))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> DataFusionResult<SendableRecordBatchStream> {
        let input = self.input.execute(partition, Arc::clone(&context))?;
        self.operator.execute(input, &self.schema(), &context)
    }
}

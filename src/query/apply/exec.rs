//! The operator at work.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::Result as DataFusionResult;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Literal;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties, execute_stream,
};
use futures::StreamExt;
use tokio::sync::OnceCell;

use super::rows::Rows;
use super::set::PhysicalTest;
use super::values::{Answer, Values};
use super::{Correlated, Gives};
use crate::query::planner::{EnvironmentExtension, running_state, task};
use crate::query::scan::ScanContext;

/// Batches that may wait for whoever reads.
const WAITING_BATCHES: usize = 2;

/// What the operator computes over the columns of its input.
#[derive(Clone, Debug, Default)]
pub(super) struct Expressions {
    /// What the correlated plan's inputs are.
    pub arguments: Vec<Arc<dyn PhysicalExpr>>,
    /// The operands of the test.
    pub operands: Vec<Arc<dyn PhysicalExpr>>,
    pub guard: Option<Arc<dyn PhysicalExpr>>,
    pub test: Option<Arc<PhysicalTest>>,
}

impl Expressions {
    fn all(&self) -> impl Iterator<Item = &Arc<dyn PhysicalExpr>> {
        self.arguments.iter().chain(&self.operands).chain(&self.guard)
    }

    /// Is the plan the same for every row?
    fn is_uncorrelated(&self) -> bool {
        self.arguments.iter().all(|argument| argument.downcast_ref::<Literal>().is_some())
    }
}

/// Runs a plan for every row of its input. See [`super::Apply`].
#[derive(Debug)]
pub struct ApplyExec {
    input: Arc<dyn ExecutionPlan>,
    correlated: Correlated,
    gives: Gives,
    expressions: Expressions,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
    /// The answer of a plan that is the same for every row.
    only: Arc<OnceCell<Answer>>,
}

impl ApplyExec {
    /// The operator over an input. `schema` has the input's columns, then what it gives.
    pub(super) fn new(
        input: Arc<dyn ExecutionPlan>,
        correlated: Correlated,
        gives: Gives,
        expressions: Expressions,
        schema: SchemaRef,
    ) -> Self {
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            input.output_partitioning().clone(),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Self { input, correlated, gives, expressions, schema, properties, only: Arc::default() }
    }
}

impl DisplayAs for ApplyExec {
    fn fmt_as(&self, _kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApplyExec: {}, keys=[", self.gives)?;
        for (index, argument) in self.expressions.arguments.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{argument}")?;
        }
        f.write_str("]")?;
        match &self.expressions.guard {
            Some(guard) => write!(f, ", guard={guard}"),
            None => Ok(()),
        }
    }
}

impl ExecutionPlan for ApplyExec {
    fn name(&self) -> &'static str {
        "ApplyExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![!self.expressions.is_uncorrelated()]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> DataFusionResult<TreeNodeRecursion>,
    ) -> DataFusionResult<TreeNodeRecursion> {
        for expression in self.expressions.all() {
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
        Ok(Arc::new(Self::new(
            children.swap_remove(0),
            self.correlated.clone(),
            self.gives.clone(),
            self.expressions.clone(),
            Arc::clone(&self.schema),
        )))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> DataFusionResult<SendableRecordBatchStream> {
        let mut input = self.input.execute(partition, Arc::clone(&context))?;
        let mut builder = RecordBatchReceiverStreamBuilder::new(Arc::clone(&self.schema), WAITING_BATCHES);
        let inner = Inner {
            scan: Arc::clone(EnvironmentExtension::context_of(context.session_config().options())?),
            correlated: self.correlated.clone(),
        };
        let (expressions, schema, sender) = (self.expressions.clone(), Arc::clone(&self.schema), builder.tx());
        let batch_rows = context.session_config().batch_size();
        match &self.gives {
            Gives::Rows { outer } => {
                let mut work = Rows::new(inner, expressions.arguments, *outer, schema, batch_rows, sender);
                builder.spawn(async move {
                    while let Some(batch) = input.next().await {
                        if !work.batch(&batch?).await? {
                            return Ok(());
                        }
                    }
                    work.finish().await
                });
            }
            gives => {
                let only = expressions.is_uncorrelated().then(|| Arc::clone(&self.only));
                let memory = MemoryConsumer::new("ApplyExec").register(context.memory_pool());
                let mut work = Values::new(inner, expressions, gives.clone(), schema, only, memory);
                builder.spawn(async move {
                    while let Some(batch) = input.next().await {
                        let batch = work.batch(&batch?).await?;
                        if sender.send(Ok(batch)).await.is_err() {
                            return Ok(());
                        }
                    }
                    Ok(())
                });
            }
        }
        Ok(builder.build())
    }
}

/// The correlated plan, ready to run.
pub(super) struct Inner {
    pub scan: Arc<ScanContext>,
    pub correlated: Correlated,
}

impl Inner {
    /// The rows for one value of each input.
    pub async fn rows(&self, key: &[datafusion::common::ScalarValue]) -> DataFusionResult<SendableRecordBatchStream> {
        let state = running_state(&self.scan.base, Arc::clone(&self.scan));
        let physical = state.create_physical_plan(&self.correlated.with_values(key)?).await?;
        execute_stream(physical, task(&state))
    }
}

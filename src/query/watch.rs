//! What lets a cancel end a query that only computes.
//!
//! The token of a statement is looked at where its result leaves and where the storage is read. A join
//! multiplies rows: between one batch that it reads and the next one it may compute for hours, and with a
//! condition that no pair passes it gives nothing back meanwhile. So the last step of planning does two
//! things to a plan that is about to run:
//!
//! - Above every operator that may give more rows than it takes stands a [`Watch`]: each batch costs one look
//!   at the token, and a share of the task's budget, so that whoever reads in a loop goes back to the runtime.
//! - The condition of a join becomes a [`WatchedCondition`], the only code of ours that runs inside the join's
//!   loops. It looks at the token before every batch of pairs, and now and then it evaluates as a blocking
//!   section: the runtime then gives this thread's other tasks to another thread, and a join that computes for
//!   seconds within one poll does not keep anybody waiting.
//!
//! EXPLAIN does not show what was added.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use datafusion::common::Result as DataFusionResult;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{ColumnarValue, LogicalPlan};
use datafusion::optimizer::{AnalyzerRule, OptimizerConfig, OptimizerRule};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::CardinalityEffect;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{
    HashJoinExec, HashJoinExecBuilder, NestedLoopJoinExec, NestedLoopJoinExecBuilder,
};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::Stream;
use tokio::runtime::{Handle, RuntimeFlavor};

use super::bind::errors;
use super::planner::EnvironmentExtension;
use crate::base::shutdown::CancellationToken;
use crate::error::QueryError;

/// How many batches of pairs a join evaluates before its thread is given to others: about half a million
/// pairs, a few milliseconds.
const BLOCKING_EVERY: u32 = 64;

/// The step of planning.
#[derive(Debug)]
pub struct Watches;

impl PhysicalOptimizerRule for Watches {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        config: &ConfigOptions,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        // A plan that is made without an execution is never run.
        let Ok(context) = EnvironmentExtension::context_of(config) else { return Ok(plan) };
        let cancel = &context.cancel;
        let watched = plan.transform_up(|node| {
            if node.children().is_empty() || !multiplies(node.as_ref()) {
                return Ok(Transformed::no(node));
            }
            let input = watch_condition(&node, cancel)?.unwrap_or(node);
            Ok(Transformed::yes(Arc::new(Watch { input, cancel: cancel.clone() })))
        })?;
        Ok(watched.data)
    }

    fn name(&self) -> &'static str {
        "kalam_watches"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// A step between the steps of planning: planning does not wait for anything, so that only a look at the token
/// can end it. The bounds of [`super::extent`] keep what is between two looks short.
#[derive(Debug)]
pub struct Checkpoint;

impl Checkpoint {
    fn look(config: &ConfigOptions) -> DataFusionResult<()> {
        match EnvironmentExtension::of(config) {
            Ok(environment) if environment.cancel.is_cancelled() => Err(errors::external(QueryError::Canceled)),
            _ => Ok(()),
        }
    }

    /// The optimiser's steps with one of these before each.
    pub fn between(rules: Vec<Arc<dyn OptimizerRule + Send + Sync>>) -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
        rules.into_iter().flat_map(|rule| [Arc::new(Self) as Arc<dyn OptimizerRule + Send + Sync>, rule]).collect()
    }

    /// The physical optimiser's steps with one of these before each.
    pub fn between_physical(
        rules: Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>>,
    ) -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
        rules
            .into_iter()
            .flat_map(|rule| [Arc::new(Self) as Arc<dyn PhysicalOptimizerRule + Send + Sync>, rule])
            .collect()
    }
}

impl AnalyzerRule for Checkpoint {
    fn name(&self) -> &'static str {
        "kalam_checkpoint"
    }

    fn analyze(&self, plan: LogicalPlan, config: &ConfigOptions) -> DataFusionResult<LogicalPlan> {
        Self::look(config)?;
        Ok(plan)
    }
}

impl OptimizerRule for Checkpoint {
    fn name(&self) -> &'static str {
        "kalam_checkpoint"
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> DataFusionResult<Transformed<LogicalPlan>> {
        Self::look(&config.options())?;
        Ok(Transformed::no(plan))
    }
}

impl PhysicalOptimizerRule for Checkpoint {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        config: &ConfigOptions,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        Self::look(config)?;
        Ok(plan)
    }

    fn name(&self) -> &'static str {
        "kalam_checkpoint"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// May the operator give more rows than it takes?
fn multiplies(plan: &dyn ExecutionPlan) -> bool {
    matches!(plan.cardinality_effect(), CardinalityEffect::Unknown | CardinalityEffect::GreaterEqual)
}

/// The same join with a condition that can be cancelled.
fn watch_condition(
    plan: &Arc<dyn ExecutionPlan>,
    cancel: &CancellationToken,
) -> DataFusionResult<Option<Arc<dyn ExecutionPlan>>> {
    let watched = |filter: &JoinFilter| {
        let condition = WatchedCondition {
            inner: Arc::clone(filter.expression()),
            cancel: cancel.clone(),
            evaluated: Arc::default(),
        };
        Some(JoinFilter::new(Arc::new(condition), filter.column_indices().to_vec(), Arc::clone(filter.schema())))
    };
    if let Some(join) = plan.downcast_ref::<HashJoinExec>()
        && let Some(filter) = join.filter()
    {
        return Ok(Some(Arc::new(HashJoinExecBuilder::from(join).with_filter(watched(filter)).build()?)));
    }
    if let Some(join) = plan.downcast_ref::<NestedLoopJoinExec>()
        && let Some(filter) = join.filter()
    {
        return Ok(Some(Arc::new(NestedLoopJoinExecBuilder::from(join).with_filter(watched(filter)).build()?)));
    }
    Ok(None)
}

/// Ends the stream of its input when the statement is cancelled.
#[derive(Debug)]
pub struct Watch {
    input: Arc<dyn ExecutionPlan>,
    cancel: CancellationToken,
}

impl Watch {
    /// The operator that is watched.
    pub fn input(&self) -> &Arc<dyn ExecutionPlan> {
        &self.input
    }
}

impl DisplayAs for Watch {
    fn fmt_as(&self, _kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

impl ExecutionPlan for Watch {
    fn name(&self) -> &'static str {
        "Watch"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> DataFusionResult<TreeNodeRecursion>,
    ) -> DataFusionResult<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self { input: children.swap_remove(0), cancel: self.cancel.clone() }))
    }

    fn execute(&self, partition: usize, task: Arc<TaskContext>) -> DataFusionResult<SendableRecordBatchStream> {
        let inner = self.input.execute(partition, task)?;
        Ok(Box::pin(WatchStream { inner, cancel: self.cancel.clone(), held: None }))
    }

    fn cardinality_effect(&self) -> CardinalityEffect {
        CardinalityEffect::Equal
    }
}

/// Takes a share of the task's budget for every batch that came, not for every question: with more watches on
/// top of each other than the budget has shares, the innermost one would never be asked.
struct WatchStream {
    inner: SendableRecordBatchStream,
    cancel: CancellationToken,
    /// What came when the budget was used up: it is given back in the task's next turn.
    held: Option<DataFusionResult<RecordBatch>>,
}

impl Stream for WatchStream {
    type Item = DataFusionResult<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.cancel.is_cancelled() {
            return Poll::Ready(Some(Err(errors::external(QueryError::Canceled))));
        }
        if let Some(held) = self.held.take() {
            return Poll::Ready(Some(held));
        }
        match self.inner.as_mut().poll_next(context) {
            Poll::Ready(Some(batch)) => match tokio::task::coop::poll_proceed(context) {
                Poll::Ready(share) => {
                    share.made_progress();
                    Poll::Ready(Some(batch))
                }
                Poll::Pending => {
                    self.held = Some(batch);
                    Poll::Pending
                }
            },
            other => other,
        }
    }
}

impl RecordBatchStream for WatchStream {
    fn schema(&self) -> SchemaRef {
        self.inner.schema()
    }
}

/// The condition of a join that fails when the statement is cancelled.
#[derive(Debug)]
struct WatchedCondition {
    inner: Arc<dyn PhysicalExpr>,
    cancel: CancellationToken,
    /// Batches of pairs so far, in all partitions.
    evaluated: Arc<AtomicU32>,
}

impl fmt::Display for WatchedCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl PartialEq for WatchedCondition {
    fn eq(&self, other: &Self) -> bool {
        self.inner.eq(&other.inner)
    }
}

impl Eq for WatchedCondition {}

impl Hash for WatchedCondition {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

impl PhysicalExpr for WatchedCondition {
    fn data_type(&self, schema: &Schema) -> DataFusionResult<DataType> {
        self.inner.data_type(schema)
    }

    fn nullable(&self, schema: &Schema) -> DataFusionResult<bool> {
        self.inner.nullable(schema)
    }

    fn return_field(&self, schema: &Schema) -> DataFusionResult<FieldRef> {
        self.inner.return_field(schema)
    }

    fn evaluate(&self, batch: &RecordBatch) -> DataFusionResult<ColumnarValue> {
        if self.cancel.is_cancelled() {
            return Err(errors::external(QueryError::Canceled));
        }
        let evaluated = self.evaluated.fetch_add(1, Ordering::Relaxed);
        if evaluated % BLOCKING_EVERY == BLOCKING_EVERY - 1 && has_other_threads() {
            return tokio::task::block_in_place(|| self.inner.evaluate(batch));
        }
        self.inner.evaluate(batch)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.inner]
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> DataFusionResult<Arc<dyn PhysicalExpr>> {
        let inner = children.swap_remove(0);
        Ok(Arc::new(Self { inner, cancel: self.cancel.clone(), evaluated: Arc::clone(&self.evaluated) }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_sql(f)
    }
}

/// A runtime of one thread, which an embedding program may use, has nobody to take over.
fn has_other_threads() -> bool {
    Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread)
}

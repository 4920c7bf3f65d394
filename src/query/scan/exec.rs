//! The physical scan of one table.
//!
//! It reads fresh rows and history files at the same time when nobody asked for an order, and walks the
//! key, forward or back, when a sort by the key (or its first columns) can be saved.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::{RecordBatchReceiverStreamBuilder, RecordBatchStreamAdapter};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, SortOrderPushdownResult,
};
use futures::StreamExt;
use tokio::task::JoinSet;

use super::context::ScanContext;
use super::filters::Pruning;
use super::leaf::leaf_plan;
use crate::catalog::Table;
use crate::query::bind::errors;
use crate::storage::{KeyRange, ScanOrder, ScanRequest};

/// Batches that the parts of a parallel scan may have waiting, per part.
const WAITING_BATCHES: usize = 2;

/// Brings a batch of the storage into the form of the output.
type Finish = dyn Fn(crate::Result<RecordBatch>) -> DataFusionResult<RecordBatch> + Send + Sync;

/// Reads one table.
#[derive(Clone, Debug)]
pub struct ScanExec {
    table: Arc<Table>,
    /// The columns of the output, as indexes into the table's columns; the two after the last are `_key`
    /// and `_seq`.
    projection: Vec<usize>,
    /// The number of visible columns, when the scan has `_key` and `_seq`.
    identity: Option<usize>,
    pruning: Pruning,
    order: ScanOrder,
    limit: Option<usize>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl ScanExec {
    /// A scan in no order.
    ///
    /// # Errors
    /// When the projection names a column that is not there.
    pub fn new(
        table: Arc<Table>,
        schema: &SchemaRef,
        projection: Vec<usize>,
        identity: Option<usize>,
        pruning: Pruning,
        limit: Option<usize>,
    ) -> DataFusionResult<Self> {
        let schema = Arc::new(schema.project(&projection)?);
        let properties = Arc::new(properties(EquivalenceProperties::new(schema)));
        let order = ScanOrder::Unordered;
        let metrics = ExecutionPlanMetricsSet::new();
        Ok(Self { table, projection, identity, pruning, order, limit, properties, metrics })
    }

    /// The table that is read.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Is only a part of the key's range read?
    pub fn has_range(&self) -> bool {
        self.pruning.range != KeyRange::all()
    }

    /// The same scan in the order of the key, if `order` is that.
    fn ordered(&self, order: &[PhysicalSortExpr]) -> Option<Self> {
        let key = &self.table.shape.key;
        let descending = order.first()?.options.descending;
        let mut next = 0;
        for sort in order {
            let column = (sort.expr.as_ref() as &dyn Any).downcast_ref::<Column>()?;
            // Key columns are never NULL, so where NULLs would go does not matter.
            if sort.options.descending != descending {
                return None;
            }
            let wanted = *self.projection.get(column.index())?;
            // A column that the range fixes to one value is in every order already.
            while next < self.pruning.fixed && key[next] != wanted {
                next += 1;
            }
            if key.get(next) != Some(&wanted) {
                return None;
            }
            next += 1;
        }
        let mut equivalence = EquivalenceProperties::new(self.schema());
        equivalence.add_ordering(order.iter().cloned());
        let order = if descending { ScanOrder::Reverse } else { ScanOrder::Forward };
        Some(Self { order, properties: Arc::new(properties(equivalence)), ..self.clone() })
    }

    /// What the storage is asked for, and how its columns become the output's.
    fn request(&self, context: &ScanContext) -> (ScanRequest, Vec<usize>) {
        let mut stored = Vec::new();
        let mut output = Vec::with_capacity(self.projection.len());
        let visible = self.identity.unwrap_or(usize::MAX);
        for &column in &self.projection {
            if column < visible {
                output.push(stored.len());
                stored.push(column);
            }
        }
        let mut with_identity = false;
        if self.projection.iter().any(|&column| column >= visible) {
            with_identity = true;
            output = Vec::with_capacity(self.projection.len());
            let mut next = 0;
            for &column in &self.projection {
                if column < visible {
                    output.push(next);
                    next += 1;
                } else {
                    // `_key` and `_seq` come behind the stored columns, in this order.
                    output.push(stored.len() + (column - visible));
                }
            }
        }
        let mut request = ScanRequest::all(stored);
        request.range = self.pruning.range.clone();
        request.prune = self.pruning.columns.clone();
        request.order = self.order;
        request.limit = self.limit;
        request.with_identity = with_identity;
        request.cancel = context.cancel.clone();
        (request, output)
    }
}

fn properties(equivalence: EquivalenceProperties) -> PlanProperties {
    PlanProperties::new(
        equivalence,
        Partitioning::UnknownPartitioning(1),
        EmissionType::Incremental,
        Boundedness::Bounded,
    )
    .with_scheduling_type(SchedulingType::NonCooperative)
}

impl DisplayAs for ScanExec {
    fn fmt_as(&self, _kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScanExec: {}.{}", self.table.schema, self.table.name)?;
        let schema = self.schema();
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        write!(f, ", columns=[{}]", names.join(", "))?;
        if self.has_range() {
            f.write_str(", key range")?;
        }
        if !self.pruning.columns.is_empty() {
            write!(f, ", prune on {} columns", self.pruning.columns.len())?;
        }
        if self.order != ScanOrder::Unordered {
            write!(f, ", order={:?}", self.order)?;
        }
        if let Some(limit) = self.limit {
            write!(f, ", limit={limit}")?;
        }
        Ok(())
    }
}

impl ExecutionPlan for ScanExec {
    fn name(&self) -> &'static str {
        "ScanExec"
    }

    leaf_plan!();

    fn execute(&self, partition: usize, task: Arc<TaskContext>) -> DataFusionResult<SendableRecordBatchStream> {
        let context = ScanContext::of(&task)?;
        let (mut request, output) = self.request(&context);
        request.batch_rows = task.session_config().batch_size();
        let schema = self.schema();
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let shape = Arc::clone(&self.table.shape);
        let finish = {
            let schema = Arc::clone(&schema);
            move |batch: crate::Result<RecordBatch>| match batch {
                Ok(batch) => {
                    let batch = arrange(&batch, &output, &schema)?;
                    metrics.output_rows().add(batch.num_rows());
                    Ok(batch)
                }
                Err(error) => Err(errors::external(error)),
            }
        };
        if self.order != ScanOrder::Unordered || self.limit.is_some() {
            let stream = context.store.scan(context.view.clone(), shape, request).map(finish);
            return Ok(Box::pin(RecordBatchStreamAdapter::new(schema, stream)));
        }
        let partitions = task.session_config().target_partitions().max(1);
        let mut builder = RecordBatchReceiverStreamBuilder::new(Arc::clone(&schema), partitions * WAITING_BATCHES);
        let sender = builder.tx();
        builder.spawn(async move {
            let parts = context.store.scan_parts(context.view.clone(), shape, request).await;
            let parts = parts.map_err(errors::external)?;
            let finish: Arc<Finish> = Arc::new(finish);
            let mut running = JoinSet::new();
            let mut outcome = Ok(());
            for part in parts {
                if running.len() >= partitions {
                    outcome = outcome.and(running.join_next().await.unwrap_or(Ok(())).map_err(lost));
                }
                running.spawn(forward(part, sender.clone(), Arc::clone(&finish)));
            }
            while let Some(part) = running.join_next().await {
                outcome = outcome.and(part.map_err(lost));
            }
            outcome
        });
        Ok(builder.build())
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn supports_limit_pushdown(&self) -> bool {
        false
    }

    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn ExecutionPlan>> {
        Some(Arc::new(Self { limit, ..self.clone() }))
    }

    fn fetch(&self) -> Option<usize> {
        self.limit
    }

    fn try_pushdown_sort(
        &self,
        order: &[PhysicalSortExpr],
    ) -> DataFusionResult<SortOrderPushdownResult<Arc<dyn ExecutionPlan>>> {
        Ok(match self.ordered(order) {
            Some(inner) => SortOrderPushdownResult::Exact { inner: Arc::new(inner) },
            None => SortOrderPushdownResult::Unsupported,
        })
    }
}

/// A part that ended in a panic must not look like a part that ended.
fn lost(error: tokio::task::JoinError) -> DataFusionError {
    DataFusionError::ExecutionJoin(Box::new(error))
}

/// Sends one part's batches on, until the reader is gone.
async fn forward(
    mut part: futures::stream::BoxStream<'static, crate::Result<RecordBatch>>,
    sender: tokio::sync::mpsc::Sender<DataFusionResult<RecordBatch>>,
    finish: Arc<Finish>,
) {
    while let Some(batch) = part.next().await {
        let batch = finish(batch);
        let failed = batch.is_err();
        if sender.send(batch).await.is_err() || failed {
            return;
        }
    }
}

/// Puts the storage's columns in the order of the output, under the output's field names.
fn arrange(batch: &RecordBatch, output: &[usize], schema: &Arc<Schema>) -> Result<RecordBatch, DataFusionError> {
    let columns = output.iter().map(|&column| Arc::clone(batch.column(column))).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?)
}

//! The operator at work.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, new_empty_array};
use arrow::compute::{SortOptions, cast, concat, concat_batches};
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::aggregate::AggregateFunctionExpr;
use datafusion::physical_expr::{
    Distribution, EquivalenceProperties, LexOrdering, OrderingRequirements, PhysicalExpr, PhysicalSortExpr,
};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use futures::StreamExt;
use tokio::sync::mpsc::Sender;

use super::frames::{Frame, Frames, Partition};
use super::{Builtin, aggregates};
use crate::error::QueryError;
use crate::query::bind::errors;
use crate::query::functions::grouped::sorting::{Rows, comparable};
use crate::query::operator::{Operator, WAITING_BATCHES};
use crate::query::planner::EnvironmentExtension;
use crate::query::scan::ScanContext;

/// Between so many rows an aggregate looks whether the statement is cancelled.
const ROWS_BETWEEN_CHECKS: usize = 256;

/// What is computed.
#[derive(Clone, Debug)]
pub enum Computed {
    Builtin(Builtin),
    Aggregate(Arc<AggregateFunctionExpr>),
}

/// A call of a window function.
#[derive(Clone, Debug)]
pub struct Call {
    pub computed: Computed,
    pub arguments: Vec<Arc<dyn PhysicalExpr>>,
    pub filter: Option<Arc<dyn PhysicalExpr>>,
    pub frame: Frame<Arc<dyn PhysicalExpr>>,
}

/// Computes window functions over sorted rows. See [`super::Windowed`].
#[derive(Clone, Debug)]
pub(super) struct WindowedWork {
    pub partition_by: Vec<Arc<dyn PhysicalExpr>>,
    pub order_by: Vec<PhysicalSortExpr>,
    /// Each gives one column behind those of the input.
    pub calls: Vec<Call>,
}

impl fmt::Display for WindowedWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.calls.iter().map(|call| match &call.computed {
            Computed::Builtin(builtin) => builtin.name(),
            Computed::Aggregate(aggregate) => aggregate.fun().name(),
        });
        write!(f, ": [{}]", names.collect::<Vec<_>>().join(", "))
    }
}

impl Operator for WindowedWork {
    const NAME: &'static str = "WindowedExec";

    fn expressions(&self) -> Vec<Arc<dyn PhysicalExpr>> {
        let mut all: Vec<Arc<dyn PhysicalExpr>> = self.partition_by.clone();
        all.extend(self.order_by.iter().map(|key| Arc::clone(&key.expr)));
        for call in &self.calls {
            all.extend(call.arguments.iter().chain(&call.filter).cloned());
            all.extend(call.frame.expressions().cloned());
        }
        all
    }

    /// The rows come as they are, with more columns behind those of the input.
    fn equivalences(&self, input: &dyn ExecutionPlan, schema: SchemaRef) -> EquivalenceProperties {
        let orderings = input.equivalence_properties().oeq_class().iter().cloned().collect::<Vec<_>>();
        EquivalenceProperties::new_with_orderings(schema, orderings)
    }

    fn maintains_order(&self) -> bool {
        true
    }

    fn required_order(&self) -> Option<OrderingRequirements> {
        let options = SortOptions { descending: false, nulls_first: false };
        let partitions = self.partition_by.iter().map(|key| PhysicalSortExpr::new(Arc::clone(key), options));
        let all = partitions.chain(self.order_by.iter().cloned());
        LexOrdering::new(all).map(OrderingRequirements::from)
    }

    fn required_distribution(&self, input: &dyn ExecutionPlan) -> Distribution {
        let schema = input.schema();
        // Zeros of different signs are equal, but may be sent to different partitions.
        let is_float = |key: &Arc<dyn PhysicalExpr>| key.data_type(&schema).is_ok_and(|form| form.is_floating());
        if self.partition_by.is_empty() || self.partition_by.iter().any(is_float) {
            Distribution::SinglePartition
        } else {
            Distribution::KeyPartitioned(self.partition_by.clone())
        }
    }

    fn benefits_from_partitions(&self) -> bool {
        !self.partition_by.is_empty()
    }

    fn execute(
        &self,
        mut input: SendableRecordBatchStream,
        schema: &SchemaRef,
        context: &Arc<TaskContext>,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let mut builder = RecordBatchReceiverStreamBuilder::new(Arc::clone(schema), WAITING_BATCHES);
        let mut work = Work {
            scan: EnvironmentExtension::context_of(context.session_config().options()).ok().cloned(),
            operator: self.clone(),
            input_schema: input.schema(),
            schema: Arc::clone(schema),
            pending: Vec::new(),
            last: None,
            reservation: MemoryConsumer::new(Self::NAME).register(context.memory_pool()),
            batch_rows: context.session_config().batch_size(),
            sender: builder.tx(),
        };
        builder.spawn(async move {
            while let Some(batch) = input.next().await {
                if !work.batch(batch?).await? {
                    return Ok(());
                }
            }
            work.finish().await.map(|_| ())
        });
        Ok(builder.build())
    }
}

/// The state of one stream.
struct Work {
    scan: Option<Arc<ScanContext>>,
    operator: WindowedWork,
    input_schema: SchemaRef,
    schema: SchemaRef,
    /// The rows of the partition that may still go on.
    pending: Vec<RecordBatch>,
    /// The partition keys of the last row.
    last: Option<Vec<ArrayRef>>,
    reservation: MemoryReservation,
    batch_rows: usize,
    sender: Sender<DataFusionResult<RecordBatch>>,
}

fn evaluated(expr: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> DataFusionResult<ArrayRef> {
    expr.evaluate(batch)?.into_array(batch.num_rows())
}

impl Work {
    /// Takes rows; computes the partitions that end in them. False when nobody reads any more.
    async fn batch(&mut self, batch: RecordBatch) -> DataFusionResult<bool> {
        if batch.num_rows() == 0 {
            return Ok(true);
        }
        self.reservation.try_grow(batch.get_array_memory_size())?;
        let keys = self.operator.partition_by.iter().map(|key| comparable(&evaluated(key, &batch)?));
        let keys = keys.collect::<DataFusionResult<Vec<_>>>()?;
        let ended = self.last_boundary(&keys)?;
        self.last = Some(keys.iter().map(|key| key.slice(key.len() - 1, 1)).collect());
        let Some(row) = ended else {
            self.pending.push(batch);
            return Ok(true);
        };
        if row > 0 {
            self.pending.push(batch.slice(0, row));
        }
        let going_on = self.finish().await?;
        self.pending.push(batch.slice(row, batch.num_rows() - row));
        self.reservation.try_grow(batch.get_array_memory_size())?;
        Ok(going_on)
    }

    /// The last row of a batch that begins a partition, but not the very first row of all.
    fn last_boundary(&self, keys: &[ArrayRef]) -> DataFusionResult<Option<usize>> {
        let Some(first) = keys.first() else { return Ok(None) };
        let orders = vec![SortOptions::default(); keys.len()];
        let rows = Rows::new(keys, keys, &orders)?;
        let inside = (1..first.len()).rev().find(|row| rows.compare(row - 1, *row).is_ne());
        match (&self.last, inside) {
            (_, Some(row)) => Ok(Some(row)),
            (Some(last), None) => Ok(Rows::new(last, keys, &orders)?.compare(0, 0).is_ne().then_some(0)),
            (None, None) => Ok(None),
        }
    }

    /// Computes all rows that wait, and hands them on.
    async fn finish(&mut self) -> DataFusionResult<bool> {
        if self.pending.is_empty() {
            return Ok(true);
        }
        let batch = concat_batches(&self.input_schema, &self.pending)?;
        self.pending.clear();
        let made = self.computed(&batch)?;
        self.reservation.free();
        for start in (0..made.num_rows()).step_by(self.batch_rows.max(1)) {
            let rows = self.batch_rows.max(1).min(made.num_rows() - start);
            if self.sender.send(Ok(made.slice(start, rows))).await.is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The rows of whole partitions with the answers of the calls.
    fn computed(&self, batch: &RecordBatch) -> DataFusionResult<RecordBatch> {
        let rows = batch.num_rows();
        let partitions = self.partitions(batch)?;
        let mut columns = batch.columns().to_vec();
        for (index, call) in self.operator.calls.iter().enumerate() {
            let arguments = call.arguments.iter().map(|argument| evaluated(argument, batch));
            let arguments = arguments.collect::<DataFusionResult<Vec<_>>>()?;
            let mask = call.filter.as_ref().map(|filter| evaluated(filter, batch)).transpose()?;
            let frame = call.frame.map(&mut |expr| evaluated(expr, batch))?;
            let wanted = self.schema.field(batch.num_columns() + index).data_type();
            let mut pieces: Vec<ArrayRef> = Vec::new();
            let mut answers: Vec<ScalarValue> = Vec::new();
            let mut start = 0;
            for partition in &partitions {
                let own = |array: &ArrayRef| array.slice(start, partition.rows);
                let frame = frame.map::<_, datafusion::common::DataFusionError>(&mut |array| Ok(own(array)))?;
                let frames = Frames::new(partition, &frame)?;
                let arguments: Vec<ArrayRef> = arguments.iter().map(own).collect();
                match &call.computed {
                    Computed::Builtin(builtin) => pieces.push(builtin.compute(partition, &frames, &arguments)?),
                    Computed::Aggregate(aggregate) => {
                        let mask = mask.as_ref().map(own);
                        let mut row = 0;
                        let check = || {
                            row += 1;
                            if row % ROWS_BETWEEN_CHECKS == 0 { self.check() } else { Ok(()) }
                        };
                        aggregates::compute(
                            aggregate,
                            partition,
                            &frames,
                            &arguments,
                            mask.as_ref(),
                            &mut answers,
                            check,
                        )?;
                    }
                }
                start += partition.rows;
            }
            if !answers.is_empty() {
                pieces.push(ScalarValue::iter_to_array(answers)?);
            }
            columns.push(joined(&pieces, wanted, rows)?);
        }
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }

    fn check(&self) -> DataFusionResult<()> {
        if self.scan.as_ref().is_some_and(|scan| scan.cancel.is_cancelled()) {
            return Err(errors::external(QueryError::Canceled));
        }
        Ok(())
    }

    fn partitions(&self, batch: &RecordBatch) -> DataFusionResult<Vec<Partition>> {
        let rows = batch.num_rows();
        let form = |expr: &Arc<dyn PhysicalExpr>| comparable(&evaluated(expr, batch)?);
        let partition_keys = self.operator.partition_by.iter().map(form).collect::<DataFusionResult<Vec<_>>>()?;
        let order_keys =
            self.operator.order_by.iter().map(|key| form(&key.expr)).collect::<DataFusionResult<Vec<_>>>()?;
        let plain = |keys: &[ArrayRef]| Rows::new(keys, keys, &vec![SortOptions::default(); keys.len()]);
        let (partition_rows, peer_rows) = (plain(&partition_keys)?, plain(&order_keys)?);
        let order = self.operator.order_by.first().map(|key| key.options);
        let mut partitions: Vec<Partition> = Vec::new();
        for row in 0..rows {
            let begins = row == 0 || partition_rows.compare(row - 1, row).is_ne();
            if begins {
                partitions.push(Partition { rows: 0, group_of: Vec::new(), groups: Vec::new(), order });
            }
            let Some(partition) = partitions.last_mut() else { continue };
            let place = partition.rows;
            match partition.groups.last_mut() {
                Some(group) if peer_rows.compare(row - 1, row).is_eq() => group.end = place + 1,
                _ => partition.groups.push(place..place + 1),
            }
            partition.group_of.push(partition.groups.len() - 1);
            partition.rows += 1;
        }
        Ok(partitions)
    }
}

/// The pieces of a column in its declared form.
fn joined(pieces: &[ArrayRef], wanted: &DataType, rows: usize) -> DataFusionResult<ArrayRef> {
    let column = match pieces {
        [] => new_empty_array(wanted),
        [only] => Arc::clone(only),
        several => concat(&several.iter().map(AsRef::as_ref).collect::<Vec<_>>())?,
    };
    debug_assert_eq!(column.len(), rows);
    Ok(if column.data_type() == wanted { column } else { cast(&column, wanted)? })
}

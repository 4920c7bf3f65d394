//! The operator at work.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array, new_null_array};
use arrow::compute::{BatchCoalescer, cast, take};
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result as DataFusionResult, ScalarValue};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties, execute_stream,
};
use futures::StreamExt;
use tokio::sync::mpsc::Sender;

use super::Correlated;
use crate::error::QueryError;
use crate::query::bind::errors;
use crate::query::planner::{EnvironmentExtension, running_state, task};
use crate::query::scan::ScanContext;

/// Most bytes of remembered results of one operator and partition.
const REMEMBERED_BYTES: usize = 16 << 20;
/// Batches that may wait for whoever reads.
const WAITING_BATCHES: usize = 2;

/// Runs a plan for every row of its input. See [`super::Apply`].
#[derive(Debug)]
pub struct ApplyExec {
    input: Arc<dyn ExecutionPlan>,
    correlated: Correlated,
    arguments: Vec<Arc<dyn PhysicalExpr>>,
    outer: bool,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
}

impl ApplyExec {
    /// The operator over an input. `schema` has the input's columns, then those of the correlated plan.
    pub fn new(
        input: Arc<dyn ExecutionPlan>,
        correlated: Correlated,
        arguments: Vec<Arc<dyn PhysicalExpr>>,
        outer: bool,
        schema: SchemaRef,
    ) -> Self {
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            input.output_partitioning().clone(),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Self { input, correlated, arguments, outer, schema, properties }
    }
}

impl DisplayAs for ApplyExec {
    fn fmt_as(&self, _kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.outer { "Left" } else { "Inner" };
        write!(f, "ApplyExec: kind={kind}, keys=[")?;
        for (index, argument) in self.arguments.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{argument}")?;
        }
        f.write_str("]")
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

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> DataFusionResult<TreeNodeRecursion>,
    ) -> DataFusionResult<TreeNodeRecursion> {
        for argument in &self.arguments {
            if f(argument)? == TreeNodeRecursion::Stop {
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
            self.arguments.clone(),
            self.outer,
            Arc::clone(&self.schema),
        )))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> DataFusionResult<SendableRecordBatchStream> {
        let mut input = self.input.execute(partition, Arc::clone(&context))?;
        let mut builder = RecordBatchReceiverStreamBuilder::new(Arc::clone(&self.schema), WAITING_BATCHES);
        let mut work = Work {
            scan: Arc::clone(EnvironmentExtension::context_of(context.session_config().options())?),
            correlated: self.correlated.clone(),
            arguments: self.arguments.clone(),
            outer: self.outer,
            schema: Arc::clone(&self.schema),
            ready: BatchCoalescer::new(Arc::clone(&self.schema), context.session_config().batch_size()),
            remembered: HashMap::new(),
            remembered_bytes: 0,
            sender: builder.tx(),
        };
        builder.spawn(async move {
            while let Some(batch) = input.next().await {
                if !work.batch(&batch?).await? {
                    return Ok(());
                }
            }
            work.ready.finish_buffered_batch()?;
            work.send().await.map(|_| ())
        });
        Ok(builder.build())
    }
}

/// The state of one partition.
struct Work {
    scan: Arc<ScanContext>,
    correlated: Correlated,
    arguments: Vec<Arc<dyn PhysicalExpr>>,
    outer: bool,
    schema: SchemaRef,
    ready: BatchCoalescer,
    /// The rows for values that came before, as long as there is room.
    remembered: HashMap<Vec<ScalarValue>, Arc<Vec<RecordBatch>>>,
    remembered_bytes: usize,
    sender: Sender<DataFusionResult<RecordBatch>>,
}

impl Work {
    /// All rows for the rows of one batch. False when nobody reads any more.
    async fn batch(&mut self, batch: &RecordBatch) -> DataFusionResult<bool> {
        let keys = self
            .arguments
            .iter()
            .map(|argument| argument.evaluate(batch)?.into_array(batch.num_rows()))
            .collect::<DataFusionResult<Vec<ArrayRef>>>()?;
        for row in 0..batch.num_rows() {
            if self.scan.cancel.is_cancelled() {
                return Err(errors::external(QueryError::Canceled));
            }
            tokio::task::coop::consume_budget().await;
            let key = keys
                .iter()
                .map(|array| ScalarValue::try_from_array(array, row))
                .collect::<DataFusionResult<Vec<_>>>()?;
            if !self.row(batch, row, key).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn row(&mut self, batch: &RecordBatch, row: usize, key: Vec<ScalarValue>) -> DataFusionResult<bool> {
        let row = u32::try_from(row).map_err(|error| DataFusionError::External(error.into()))?;
        let mut found = false;
        if let Some(known) = self.remembered.get(&key).map(Arc::clone) {
            for inner in known.iter() {
                found |= inner.num_rows() > 0;
                self.push(batch, row, inner)?;
            }
        } else {
            let state = running_state(&self.scan.base, Arc::clone(&self.scan));
            let physical = state.create_physical_plan(&self.correlated.with_values(&key)?).await?;
            let mut rows = execute_stream(physical, task(&state))?;
            let mut kept = Some(Vec::new());
            let mut bytes = 0;
            while let Some(inner) = rows.next().await {
                let inner = inner?;
                found |= inner.num_rows() > 0;
                self.push(batch, row, &inner)?;
                if !self.send().await? {
                    return Ok(false);
                }
                bytes += inner.get_array_memory_size();
                if self.remembered_bytes + bytes > REMEMBERED_BYTES {
                    kept = None;
                }
                kept.iter_mut().for_each(|kept| kept.push(inner.clone()));
            }
            if let Some(kept) = kept {
                self.remembered_bytes += bytes;
                self.remembered.insert(key, Arc::new(kept));
            }
        }
        if self.outer && !found {
            self.push_alone(batch, row)?;
        }
        self.send().await
    }

    /// A row of the input beside each of the rows found for it.
    fn push(&mut self, outer: &RecordBatch, row: u32, inner: &RecordBatch) -> DataFusionResult<()> {
        let places = UInt32Array::from_value(row, inner.num_rows());
        let own = outer.columns().iter().map(|column| take(column, &places, None));
        let others = inner.columns().iter().zip(&self.schema.fields()[outer.num_columns()..]).map(|(column, field)| {
            if column.data_type() == field.data_type() {
                Ok(Arc::clone(column))
            } else {
                cast(column, field.data_type())
            }
        });
        let columns = own.chain(others).collect::<Result<Vec<_>, _>>()?;
        self.add(columns, inner.num_rows())
    }

    /// A row of the input that nothing was found for.
    fn push_alone(&mut self, outer: &RecordBatch, row: u32) -> DataFusionResult<()> {
        let places = UInt32Array::from_value(row, 1);
        let own = outer.columns().iter().map(|column| take(column, &places, None));
        let others =
            self.schema.fields()[outer.num_columns()..].iter().map(|field| Ok(new_null_array(field.data_type(), 1)));
        let columns = own.chain(others).collect::<Result<Vec<_>, _>>()?;
        self.add(columns, 1)
    }

    fn add(&mut self, columns: Vec<ArrayRef>, rows: usize) -> DataFusionResult<()> {
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        Ok(self.ready.push_batch(batch)?)
    }

    /// Hands on what is complete. False when nobody reads any more.
    async fn send(&mut self) -> DataFusionResult<bool> {
        while let Some(batch) = self.ready.next_completed_batch() {
            if self.sender.send(Ok(batch)).await.is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

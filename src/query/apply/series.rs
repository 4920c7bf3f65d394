//! `generate_series` over integers, made as it is read.
//!
//! As a list it would hold all of its values at once; here a row of the input comes once for each of them, batch by
//! batch, and stops where the statement is cancelled.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Int64Type, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DFSchema, DFSchemaRef, DataFusionError, Result as DataFusionResult};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties};
use futures::StreamExt;
use tokio::sync::mpsc::Sender;

use crate::base::shutdown::CancellationToken;
use crate::error::QueryError;
use crate::query::bind::errors;
use crate::query::planner::EnvironmentExtension;

/// Every row of the input beside every number from the first argument to the second, by steps of the third.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Series {
    input: LogicalPlan,
    arguments: Vec<Expr>,
    name: String,
    schema: DFSchemaRef,
}

impl Series {
    /// The operator as a plan, whose last column is the numbers as bigint. The arguments are bigint.
    ///
    /// # Errors
    /// When the input has a column of that name.
    pub fn plan(input: LogicalPlan, arguments: Vec<Expr>, name: String) -> DataFusionResult<LogicalPlan> {
        let node = Self { input, arguments, name, schema: Arc::new(DFSchema::empty()) }.complete()?;
        Ok(LogicalPlan::Extension(Extension { node: Arc::new(node) }))
    }

    fn complete(mut self) -> DataFusionResult<Self> {
        let field = Arc::new(Field::new(&self.name, DataType::Int64, true));
        let column = DFSchema::new_with_metadata(vec![(None, field)], Default::default())?;
        self.schema = Arc::new(self.input.schema().join(&column)?);
        Ok(self)
    }

    pub(super) fn arguments(&self) -> &[Expr] {
        &self.arguments
    }
}

impl PartialOrd for Series {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self == other).then_some(Ordering::Equal)
    }
}

impl UserDefinedLogicalNodeCore for Series {
    fn name(&self) -> &'static str {
        "Series"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        self.arguments.clone()
    }

    fn prevent_predicate_push_down_columns(&self) -> HashSet<String> {
        HashSet::from([self.name.clone()])
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        let count = self.input.schema().fields().len();
        Some(vec![output_columns.iter().copied().filter(|index| *index < count).collect()])
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Series")
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> DataFusionResult<Self> {
        Self { input: inputs.swap_remove(0), arguments: exprs, ..self.clone() }.complete()
    }
}

/// The operator at work.
#[derive(Debug)]
pub struct SeriesExec {
    input: Arc<dyn ExecutionPlan>,
    arguments: Vec<Arc<dyn PhysicalExpr>>,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
}

impl SeriesExec {
    pub(super) fn new(input: Arc<dyn ExecutionPlan>, arguments: Vec<Arc<dyn PhysicalExpr>>, schema: SchemaRef) -> Self {
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            input.output_partitioning().clone(),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Self { input, arguments, schema, properties }
    }
}

impl DisplayAs for SeriesExec {
    fn fmt_as(&self, _kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments: Vec<String> = self.arguments.iter().map(ToString::to_string).collect();
        write!(f, "SeriesExec: {}", arguments.join(", "))
    }
}

impl ExecutionPlan for SeriesExec {
    fn name(&self) -> &'static str {
        "SeriesExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
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
        Ok(Arc::new(Self::new(children.swap_remove(0), self.arguments.clone(), Arc::clone(&self.schema))))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> DataFusionResult<SendableRecordBatchStream> {
        let mut input = self.input.execute(partition, Arc::clone(&context))?;
        let mut builder = RecordBatchReceiverStreamBuilder::new(Arc::clone(&self.schema), 2);
        let scan = EnvironmentExtension::context_of(context.session_config().options())?;
        let work = Work {
            arguments: self.arguments.clone(),
            schema: Arc::clone(&self.schema),
            batch_rows: context.session_config().batch_size().max(1),
            cancel: scan.cancel.clone(),
            sender: builder.tx(),
        };
        builder.spawn(async move {
            while let Some(batch) = input.next().await {
                if !work.batch(&batch?).await? {
                    break;
                }
            }
            Ok(())
        });
        Ok(builder.build())
    }
}

struct Work {
    arguments: Vec<Arc<dyn PhysicalExpr>>,
    schema: SchemaRef,
    batch_rows: usize,
    cancel: CancellationToken,
    sender: Sender<DataFusionResult<RecordBatch>>,
}

impl Work {
    /// All rows for one batch of the input. False when nobody reads any more.
    async fn batch(&self, batch: &RecordBatch) -> DataFusionResult<bool> {
        let arguments = self
            .arguments
            .iter()
            .map(|argument| argument.evaluate(batch)?.into_array(batch.num_rows()))
            .collect::<DataFusionResult<Vec<ArrayRef>>>()?;
        let mut rows: Vec<u32> = Vec::new();
        let mut values: Vec<i64> = Vec::new();
        for row in 0..batch.num_rows() {
            if arguments.iter().any(|argument| argument.is_null(row)) {
                continue;
            }
            let number =
                |index: usize| arguments.get(index).map(|argument| argument.as_primitive::<Int64Type>().value(row));
            let (start, stop, step) = (number(0).unwrap_or(0), number(1).unwrap_or(-1), number(2).unwrap_or(1));
            if step == 0 {
                let message = "step size cannot equal zero".to_owned();
                return Err(errors::external(QueryError::InvalidParameterValue(message)));
            }
            let place = u32::try_from(row).map_err(|error| DataFusionError::External(error.into()))?;
            let mut next = Some(start);
            while let Some(value) = next.filter(|value| if step > 0 { *value <= stop } else { *value >= stop }) {
                rows.push(place);
                values.push(value);
                next = value.checked_add(step);
                if values.len() == self.batch_rows && !self.send(batch, &mut rows, &mut values).await? {
                    return Ok(false);
                }
            }
        }
        self.send(batch, &mut rows, &mut values).await
    }

    async fn send(&self, batch: &RecordBatch, rows: &mut Vec<u32>, values: &mut Vec<i64>) -> DataFusionResult<bool> {
        if self.cancel.is_cancelled() {
            return Err(errors::external(QueryError::Canceled));
        }
        if values.is_empty() {
            return Ok(true);
        }
        let places = UInt32Array::from(std::mem::take(rows));
        let own = batch.columns().iter().map(|column| take(column, &places, None));
        let numbers: ArrayRef = Arc::new(Int64Array::from(std::mem::take(values)));
        let columns = own.chain([Ok(numbers)]).collect::<Result<Vec<_>, _>>()?;
        let made = RecordBatch::try_new(Arc::clone(&self.schema), columns)?;
        Ok(self.sender.send(Ok(made)).await.is_ok())
    }
}

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
use datafusion::common::{DFSchema, DFSchemaRef, DataFusionError, Result as DataFusionResult};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use futures::StreamExt;
use tokio::sync::mpsc::Sender;

use crate::base::shutdown::CancellationToken;
use crate::error::QueryError;
use crate::query::bind::errors;
use crate::query::operator::{Operator, WAITING_BATCHES};
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

/// The operator at work: computes the arguments of every row.
#[derive(Clone, Debug)]
pub(super) struct SeriesWork {
    pub arguments: Vec<Arc<dyn PhysicalExpr>>,
}

impl fmt::Display for SeriesWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments: Vec<String> = self.arguments.iter().map(ToString::to_string).collect();
        write!(f, ": {}", arguments.join(", "))
    }
}

impl Operator for SeriesWork {
    const NAME: &'static str = "SeriesExec";

    fn expressions(&self) -> Vec<Arc<dyn PhysicalExpr>> {
        self.arguments.clone()
    }

    fn execute(
        &self,
        mut input: SendableRecordBatchStream,
        schema: &SchemaRef,
        context: &Arc<TaskContext>,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let mut builder = RecordBatchReceiverStreamBuilder::new(Arc::clone(schema), WAITING_BATCHES);
        let scan = EnvironmentExtension::context_of(context.session_config().options())?;
        let work = Work {
            arguments: self.arguments.clone(),
            schema: Arc::clone(schema),
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

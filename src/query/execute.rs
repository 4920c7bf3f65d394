//! Running what was bound.
//!
//! Whatever runs, the result is a stream of batches in exactly the Arrow forms of the output columns' types,
//! so that the wire and the embedder see one form per type. A cancellation token sits inside the stream:
//! cancel works in the middle of a result, not only before its first row.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DataFusionError, ParamValues, Result as DataFusionResult};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::scalar::ScalarValue;
use futures::{Future, Stream};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::bind::bound::Plan;
use super::bind::{Bound, OutputColumn, errors};
use super::environment::Environment;
use super::parse;
use super::planner::{Planner, running_state, task};
use super::scan::{KEY_COLUMN, SEQ_COLUMN, ScanContext};
use crate::base::shutdown::CancellationToken;
use crate::catalog::types::PgType;
use crate::error::{QueryError, Result};
use crate::storage::{TenantStore, View};

impl Planner {
    /// Runs a bound query. The stream's schema has the columns of [`Bound::columns`].
    ///
    /// # Errors
    /// 57014 when `cancel` fires, also in the middle of the stream; 53200; errors of evaluation.
    pub async fn execute(
        &self,
        environment: &Arc<Environment>,
        bound: &Bound,
        parameters: &[ScalarValue],
        view: View,
        store: &TenantStore,
        cancel: CancellationToken,
    ) -> Result<SendableRecordBatchStream> {
        require_parameters(environment, &bound.parameters, parameters)?;
        let inner = match &bound.plan {
            Plan::Direct(direct) => direct.execute(parameters, view, store, cancel.clone())?,
            Plan::Logical { .. } => {
                let (plan, task) = self.physical(environment, bound, parameters, view, store, cancel.clone()).await?;
                execute_stream(plan, task).map_err(errors::translate)?
            }
        };
        Ok(Box::pin(ResultStream::new(inner, &bound.columns, bound.identified, cancel)))
    }

    /// The physical plan of a bound query, ready to run in the task that comes with it.
    pub(crate) async fn physical(
        &self,
        environment: &Arc<Environment>,
        bound: &Bound,
        parameters: &[ScalarValue],
        view: View,
        store: &TenantStore,
        cancel: CancellationToken,
    ) -> Result<(Arc<dyn ExecutionPlan>, Arc<TaskContext>)> {
        let Plan::Logical { plan, optimised } = &bound.plan else {
            return Err(QueryError::Engine { message: "a direct path has no plan".into() }.into());
        };
        let context = Arc::new(ScanContext {
            environment: Arc::clone(environment),
            view,
            store: store.clone(),
            cancel,
            base: self.base(),
        });
        let state = running_state(self.shared(), context);
        let physical = if parameters.is_empty() && *optimised {
            state.query_planner().create_physical_plan(plan, &state).await
        } else {
            let plan = substitute(plan, parameters).map_err(errors::translate)?;
            if *optimised {
                state.query_planner().create_physical_plan(&plan, &state).await
            } else {
                state.create_physical_plan(&plan).await
            }
        };
        Ok((physical.map_err(errors::translate)?, task(&state)))
    }
}

/// Refuses a statement that mentions more parameters than it got: one of the simple protocol, which has none.
pub(crate) fn require_parameters(environment: &Environment, wanted: &[PgType], given: &[ScalarValue]) -> Result<()> {
    if wanted.len() <= given.len() {
        return Ok(());
    }
    let number = given.len() + 1;
    let error = crate::Error::from(QueryError::UndefinedParameter(number));
    let source = environment.source.as_deref();
    Err(match source.and_then(|source| parse::parameter_position(source, number)) {
        Some(position) => error.at(position),
        None => error,
    })
}

/// Puts values in the place of parameters.
pub(crate) fn substitute(plan: &LogicalPlan, parameters: &[ScalarValue]) -> DataFusionResult<LogicalPlan> {
    if parameters.is_empty() {
        return Ok(plan.clone());
    }
    plan.clone().replace_params_with_values(&ParamValues::from(parameters.to_vec()))
}

/// Puts values in the place of parameters in one expression.
pub(crate) fn substitute_expression(expr: &Expr, parameters: &[ScalarValue]) -> DataFusionResult<Expr> {
    let values = ParamValues::from(parameters.to_vec());
    let replaced = expr.clone().transform_up(|expr| match &expr {
        Expr::Placeholder(placeholder) => {
            let value = values.get_placeholders_with_values(&placeholder.id)?;
            Ok(Transformed::yes(Expr::Literal(value.value, value.metadata)))
        }
        _ => Ok(Transformed::no(expr)),
    })?;
    Ok(replaced.data)
}

/// A result: brings every column into the form of its type, and ends when it is cancelled.
struct ResultStream {
    inner: SendableRecordBatchStream,
    schema: SchemaRef,
    /// Are the batches in their final form already?
    as_is: bool,
    cancelled: Pin<Box<WaitForCancellationFutureOwned>>,
    done: bool,
}

impl ResultStream {
    fn new(
        inner: SendableRecordBatchStream,
        columns: &[OutputColumn],
        identified: bool,
        cancel: CancellationToken,
    ) -> Self {
        let mut fields: Vec<_> = columns.iter().map(|column| column.data_type.field(&column.name, true)).collect();
        // What rows consist of is known by the plan only.
        for (field, actual) in fields.iter_mut().zip(inner.schema().fields()) {
            if matches!(actual.data_type(), DataType::Struct(_)) {
                *field = field.clone().with_data_type(actual.data_type().clone());
            }
        }
        if identified {
            for (field, name) in fields.iter_mut().zip([KEY_COLUMN, SEQ_COLUMN]) {
                let data_type = if name == KEY_COLUMN { DataType::Binary } else { DataType::UInt64 };
                *field = Field::new(name, data_type, false);
            }
        }
        let as_is = inner
            .schema()
            .fields()
            .iter()
            .zip(&fields)
            .all(|(actual, wanted)| actual.data_type() == wanted.data_type());
        Self {
            inner,
            schema: Arc::new(Schema::new(fields)),
            as_is,
            cancelled: Box::pin(cancel.cancelled_owned()),
            done: false,
        }
    }

    fn finish(&self, batch: RecordBatch) -> DataFusionResult<RecordBatch> {
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let columns = if self.as_is {
            batch.columns().to_vec()
        } else {
            batch
                .columns()
                .iter()
                .zip(self.schema.fields())
                .map(|(column, field)| cast(column, field.data_type()))
                .collect::<std::result::Result<Vec<_>, _>>()?
        };
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }
}

impl Stream for ResultStream {
    type Item = DataFusionResult<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.done {
            return Poll::Ready(None);
        }
        if self.cancelled.as_mut().poll(context).is_ready() {
            self.done = true;
            return Poll::Ready(Some(Err(errors::external(QueryError::Canceled))));
        }
        match self.inner.as_mut().poll_next(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => {
                self.done = true;
                Poll::Ready(None)
            }
            Poll::Ready(Some(batch)) => {
                let batch = batch.and_then(|batch| self.finish(batch));
                let batch = batch.map_err(|error: DataFusionError| errors::external(errors::translate(error)));
                self.done = batch.is_err();
                Poll::Ready(Some(batch))
            }
        }
    }
}

impl RecordBatchStream for ResultStream {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

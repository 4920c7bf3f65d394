//! Expressions over rows that are already there: defaults, RETURNING, VALUES.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_expr::create_physical_expr;
use datafusion::physical_plan::PhysicalExpr;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;

use super::bind::bound::{InsertSource, Returned};
use super::bind::{BoundInsert, Returning, errors};
use super::environment::Environment;
use super::execute::{require_parameters, substitute_expression};
use super::functions::session;
use super::planner::Planner;
use super::values;
use crate::base::shutdown::CancellationToken;
use crate::catalog::Table;
use crate::catalog::types::PgType;
use crate::error::{QueryError, Result};
use crate::storage::{TenantStore, View};

/// Rows per batch of an INSERT … VALUES.
const BATCH_ROWS: usize = 8192;

impl Planner {
    /// The rows that a bound INSERT wants to insert: batches of all columns of the table (without the
    /// hidden row id), defaults applied.
    ///
    /// # Errors
    /// As [`Planner::execute`].
    pub async fn execute_insert(
        &self,
        environment: &Arc<Environment>,
        insert: &BoundInsert,
        parameters: &[ScalarValue],
        view: View,
        store: &TenantStore,
        cancel: CancellationToken,
    ) -> Result<SendableRecordBatchStream> {
        let rows = match &insert.source {
            InsertSource::Query(bound) => {
                return self.execute(environment, bound, parameters, view, store, cancel).await;
            }
            InsertSource::Values(rows) => rows,
        };
        require_parameters(environment, &insert.parameters, parameters)?;
        let schema = row_schema(&insert.table);
        let mut batches = Vec::with_capacity(rows.len().div_ceil(BATCH_ROWS));
        let mut evaluator = Evaluator { environment, evaluation: Evaluation::new(self, environment) };
        for rows in rows.chunks(BATCH_ROWS) {
            if cancel.is_cancelled() {
                return Err(QueryError::Canceled.into());
            }
            batches.push(Ok(evaluator.rows(&insert.table, &schema, rows, parameters)?));
        }
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, futures::stream::iter(batches))))
    }

    /// Evaluates a RETURNING list over changed rows: all columns of the table in attnum order, then those of other
    /// relations.
    ///
    /// # Errors
    /// Errors of evaluation.
    pub fn returning(
        &self,
        environment: &Arc<Environment>,
        returning: &Returning,
        parameters: &[ScalarValue],
        rows: &RecordBatch,
    ) -> Result<RecordBatch> {
        let fields: Vec<_> =
            returning.columns.iter().map(|column| column.data_type.field(&column.name, true)).collect();
        let mut evaluation = Evaluation::new(self, environment);
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(fields.len());
        let mut input = None;
        for (item, field) in returning.items.iter().zip(&fields) {
            let expr = match item {
                Returned::Column(index) => {
                    arrays.push(Arc::clone(rows.column(*index)));
                    continue;
                }
                Returned::Computed(expr) => expr,
            };
            let input = match &input {
                Some(input) => input,
                None => input.insert(visible(&returning.schema, rows)?),
            };
            let expr = substitute_expression(expr, parameters).map_err(errors::translate)?;
            arrays.push(evaluation.over(&expr, &returning.schema, input, field.data_type())?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
            .map_err(|error| errors::translate(error.into()))
    }

    /// Completes rows of some columns to rows of all columns by the columns' defaults: what COPY FROM needs.
    /// `given[i]` is the index in [`Table::columns`] of column `i` of `rows`.
    ///
    /// # Errors
    /// Errors of evaluation.
    pub fn fill_defaults(
        &self,
        environment: &Arc<Environment>,
        table: &Arc<Table>,
        given: &[usize],
        rows: &RecordBatch,
    ) -> Result<RecordBatch> {
        let schema = row_schema(table);
        let mut columns: Vec<Option<ArrayRef>> = vec![None; table.columns.len()];
        for (array, &column) in rows.columns().iter().zip(given) {
            columns[column] = Some(Arc::clone(array));
        }
        let mut evaluation = Evaluation::new(self, environment);
        let mut arrays = Vec::with_capacity(columns.len());
        for (index, column) in columns.into_iter().enumerate() {
            arrays.push(match column {
                Some(array) => array,
                None => {
                    let expr = self.default_value(environment, table, index)?;
                    let wanted = schema.field(index).data_type();
                    match &expr {
                        Expr::Literal(value, _) => {
                            let array = value.to_array_of_size(rows.num_rows()).map_err(errors::translate)?;
                            cast_to(array, wanted)?
                        }
                        _ => {
                            let input = without_columns(rows.num_rows())?;
                            evaluation.over(&expr, &DFSchema::empty(), &input, wanted)?
                        }
                    }
                }
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        RecordBatch::try_new_with_options(schema, arrays, &options).map_err(|error| errors::translate(error.into()))
    }

    /// The value of a bound expression that mentions no column.
    ///
    /// # Errors
    /// Errors of evaluation.
    pub(super) fn constant(
        &self,
        environment: &Arc<Environment>,
        expr: &Expr,
        data_type: &PgType,
    ) -> Result<ScalarValue> {
        let mut evaluation = Evaluation::new(self, environment);
        let array = evaluation.over(expr, &DFSchema::empty(), &without_columns(1)?, &data_type.arrow())?;
        values::of_array(&array)
    }
}

/// The columns of a table as rows on their way into it: NULL is allowed until NOT NULL is checked.
pub fn row_schema(table: &Table) -> SchemaRef {
    let fields: Vec<_> = table.columns.iter().map(|column| column.data_type.field(&column.name, true)).collect();
    Arc::new(Schema::new(fields))
}

/// Evaluates rows of constants, around DataFusion where that is possible.
struct Evaluator<'a> {
    environment: &'a Environment,
    evaluation: Evaluation<'a>,
}

impl Evaluator<'_> {
    fn rows(
        &mut self,
        table: &Table,
        schema: &SchemaRef,
        rows: &[Vec<Expr>],
        parameters: &[ScalarValue],
    ) -> Result<RecordBatch> {
        let mut arrays = Vec::with_capacity(table.columns.len());
        for (index, column) in table.columns.iter().enumerate() {
            let mut cells = Vec::with_capacity(rows.len());
            for row in rows {
                cells.push(self.cell(&row[index], &column.data_type, parameters)?);
            }
            arrays.push(values::to_array(cells, &column.data_type)?);
        }
        RecordBatch::try_new(Arc::clone(schema), arrays).map_err(|error| errors::translate(error.into()))
    }

    fn cell(&mut self, expr: &Expr, data_type: &PgType, parameters: &[ScalarValue]) -> Result<ScalarValue> {
        match expr {
            Expr::Literal(value, _) => return Ok(value.clone()),
            Expr::Placeholder(placeholder) => {
                let number = placeholder.id.trim_start_matches('$').parse::<usize>().unwrap_or(0);
                let value = number.checked_sub(1).and_then(|index| parameters.get(index));
                return value.cloned().ok_or_else(|| QueryError::UndefinedParameter(number).into());
            }
            Expr::ScalarFunction(ScalarFunction { func, args }) if args.is_empty() => {
                if let Some(value) = session::evaluate(func, self.environment) {
                    return Ok(value);
                }
            }
            _ => {}
        }
        let expr = substitute_expression(expr, parameters).map_err(errors::translate)?;
        let array = self.evaluation.over(&expr, &DFSchema::empty(), &without_columns(1)?, &data_type.arrow())?;
        values::of_array(&array)
    }
}

/// Evaluates expressions over rows. What they need of DataFusion is made with the first one that needs it.
pub(super) struct Evaluation<'a> {
    planner: &'a Planner,
    environment: &'a Arc<Environment>,
    props: Option<ExecutionProps>,
}

impl<'a> Evaluation<'a> {
    pub fn new(planner: &'a Planner, environment: &'a Arc<Environment>) -> Self {
        Self { planner, environment, props: None }
    }

    /// The values of an expression over rows, in the given Arrow form.
    ///
    /// # Errors
    /// Those of the expression.
    pub fn over(&mut self, expr: &Expr, schema: &DFSchema, rows: &RecordBatch, wanted: &DataType) -> Result<ArrayRef> {
        let (planner, environment) = (self.planner, self.environment);
        let props = self.props.get_or_insert_with(|| planner.execution_props(Some(environment)));
        let physical = physical(expr, schema, props)?;
        let value = physical.evaluate(rows).map_err(errors::translate)?;
        let array = value.into_array(rows.num_rows()).map_err(errors::translate)?;
        cast_to(array, wanted)
    }

    /// An expression that asks nothing of the environment, compiled for good.
    ///
    /// # Errors
    /// Those of DataFusion's planner.
    pub fn timeless(&mut self, expr: &Expr, schema: &DFSchema) -> Result<Arc<dyn PhysicalExpr>> {
        physical(expr, schema, &self.planner.execution_props(None))
    }
}

/// An expression that is not part of a plan, compiled.
///
/// # Errors
/// Those of DataFusion's planner.
pub(super) fn physical(expr: &Expr, schema: &DFSchema, props: &ExecutionProps) -> Result<Arc<dyn PhysicalExpr>> {
    let mut context = SimplifyContext::builder().with_schema(Arc::new(schema.clone()));
    if let Some(options) = &props.config_options {
        context = context.with_config_options(Arc::clone(options));
    }
    let coerced = ExprSimplifier::new(context.build()).coerce(expr.clone(), schema).map_err(errors::translate)?;
    create_physical_expr(&coerced, schema, props, &PhysicalPlanningContext::default()).map_err(errors::translate)
}

fn cast_to(array: ArrayRef, wanted: &DataType) -> Result<ArrayRef> {
    // What rows consist of is not known beforehand.
    if array.data_type() == wanted || matches!(array.data_type(), DataType::Struct(_)) {
        return Ok(array);
    }
    arrow::compute::cast(&array, wanted).map_err(|error| errors::translate(error.into()))
}

fn without_columns(rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options)
        .map_err(|error| errors::translate(error.into()))
}

/// The rows with as many columns as the schema has: a table may have a hidden one behind its own.
fn visible(schema: &DFSchema, rows: &RecordBatch) -> Result<RecordBatch> {
    let arrays = rows.columns()[..schema.fields().len()].to_vec();
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    let batch = RecordBatch::try_new_with_options(Arc::clone(schema.inner()), arrays, &options);
    batch.map_err(|error| errors::translate(error.into()))
}

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
use datafusion::sql::sqlparser::ast;

use super::bind::bound::InsertSource;
use super::bind::output::type_of;
use super::bind::parameters::Parameters;
use super::bind::{BoundInsert, Returning, dml, errors, expression};
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

    /// Evaluates a RETURNING list over rows of its table (all columns in attnum order).
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
        let mut prepared: Option<(DFSchema, RecordBatch)> = None;
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(fields.len());
        for (expr, field) in returning.expressions.iter().zip(&fields) {
            if let Expr::Column(column) = expr {
                if let Some(index) = returning.table.column(&column.name) {
                    arrays.push(Arc::clone(rows.column(index)));
                    continue;
                }
            }
            let (schema, input) = match &mut prepared {
                Some(prepared) => prepared,
                none => {
                    let qualifier = qualifier(&returning.expressions).unwrap_or_else(|| returning.table.name.clone());
                    let (schema, input) = over_table(&returning.table, &qualifier, rows)?;
                    none.insert((schema, input))
                }
            };
            let expr = substitute_expression(expr, parameters).map_err(errors::translate)?;
            arrays.push(evaluation.over(&expr, schema, input, field.data_type())?);
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
                    let expr = dml::default_value(self, environment, table, index)?;
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

    /// Checks that an expression of CREATE TABLE binds: a DEFAULT (`columns` empty: it may mention none) of
    /// the type `target`, or a CHECK over `columns` (target bool). Answers the names of the columns it
    /// mentions, in the order of `columns`.
    ///
    /// # Errors
    /// As [`Planner::bind`]; 42804 when it cannot be converted to `target`.
    pub fn check_expression(
        &self,
        environment: &Arc<Environment>,
        expr: &ast::Expr,
        columns: &[(String, PgType)],
        target: &PgType,
    ) -> Result<Vec<String>> {
        let schema = if columns.is_empty() { DFSchema::empty() } else { expression::schema("new", columns)? };
        let bound = expression::bind(self, environment, expr, &schema, &Parameters::default(), true)?;
        let mentioned = bound.column_refs().into_iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        let found = type_of(&bound, &schema);
        if !columns.is_empty() && !matches!(found, PgType::Bool | PgType::Unknown) {
            let message = format!("argument of CHECK must be type boolean, not type {}", found.without_typmod());
            return Err(QueryError::DatatypeMismatch(message).into());
        }
        expression::assign(bound, &schema, "default", target, environment)?;
        Ok(columns.iter().map(|(name, _)| name.clone()).filter(|name| mentioned.contains(name)).collect())
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

    /// Evaluates an expression that mentions no column, such as an argument of EXECUTE, as the type `target`.
    ///
    /// # Errors
    /// As [`Planner::bind`], and errors of evaluation.
    pub fn evaluate_constant(
        &self,
        environment: &Arc<Environment>,
        expr: &ast::Expr,
        target: &PgType,
    ) -> Result<ScalarValue> {
        let empty = DFSchema::empty();
        let bound = expression::bind(self, environment, expr, &empty, &Parameters::default(), true)?;
        let bound = expression::assign(bound, &empty, "value", target, environment)?;
        let array = Evaluation::new(self, environment).over(&bound, &empty, &without_columns(1)?, &target.arrow())?;
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

fn physical(expr: &Expr, schema: &DFSchema, props: &ExecutionProps) -> Result<Arc<dyn PhysicalExpr>> {
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

/// The visible columns of rows of a table under a qualifier.
fn over_table(table: &Table, qualifier: &str, rows: &RecordBatch) -> Result<(DFSchema, RecordBatch)> {
    let columns: Vec<(String, PgType)> =
        table.columns.iter().map(|column| (column.name.clone(), column.data_type.clone())).collect();
    let schema = expression::schema(qualifier, &columns)?;
    let arrays = rows.columns()[..table.columns.len()].to_vec();
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    let batch = RecordBatch::try_new_with_options(row_schema(table), arrays, &options);
    Ok((schema, batch.map_err(|error| errors::translate(error.into()))?))
}

/// The name under which the expressions know their table.
fn qualifier(expressions: &[Expr]) -> Option<String> {
    expressions
        .iter()
        .flat_map(Expr::column_refs)
        .find_map(|column| column.relation.as_ref().map(|relation| relation.table().to_owned()))
}

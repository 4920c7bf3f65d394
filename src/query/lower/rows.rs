//! Rows with numbers: WITH ORDINALITY, WITH TIES, and the set operations that count equal rows.

use datafusion::common::ScalarValue;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::functions_window::rank::rank_udwf;
use datafusion::functions_window::row_number::row_number_udwf;
use datafusion::logical_expr::expr::{Sort, WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, Operator, Volatility, WindowFrame, WindowFrameBound, WindowFrameUnits,
    WindowFunctionDefinition, WindowUDF, binary_expr, cast, lit,
};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Int64Type};

use super::expression::conjunction;
use super::{Lowering, build, column, keys, sort_of};
use crate::catalog::types::PgType;
use crate::error::{QueryError, Result};
use crate::query::bind::errors;
use crate::query::bind::tree::{Expression, Query};
use crate::query::functions::kernel::{self, Kernel};

/// The plan with one more column: the number of each row, from 1, as bigint.
pub(super) fn numbered(plan: LogicalPlan) -> Result<LogicalPlan> {
    let (plan, number) = over(plan, row_number_udwf(), Vec::new(), Vec::new())?;
    with_bigint(plan, number, "ordinality")
}

/// The plan with one more column: the number of each row among those that equal it, NULLs being equal.
pub(super) fn numbered_among_equals(plan: LogicalPlan) -> Result<LogicalPlan> {
    let all = keys::of_columns(&plan)?;
    let (plan, number) = over(plan, row_number_udwf(), all, Vec::new())?;
    with_bigint(plan, number, "number")
}

/// The columns of a plan except the last one, which comes as a bigint under a name.
fn with_bigint(plan: LogicalPlan, number: Expr, name: &str) -> Result<LogicalPlan> {
    let count = plan.schema().fields().len() - 1;
    let mut columns: Vec<Expr> = (0..count).map(|index| column(&plan, index)).collect();
    columns.push(cast(number, DataType::Int64).alias(name));
    build(LogicalPlanBuilder::from(plan).project(columns))
}

/// The plan with the column of one window function behind its own, and that column.
fn over(
    plan: LogicalPlan,
    function: Arc<WindowUDF>,
    partition_by: Vec<Expr>,
    order_by: Vec<Sort>,
) -> Result<(LogicalPlan, Expr)> {
    let window = Expr::from(WindowFunction {
        fun: WindowFunctionDefinition::WindowUDF(function),
        params: WindowFunctionParams {
            args: Vec::new(),
            partition_by,
            // Numbers of rows do not look at the frame, and the engine has no ranges over keys that are bytes.
            window_frame: WindowFrame::new_bounds(
                WindowFrameUnits::Rows,
                WindowFrameBound::Preceding(ScalarValue::UInt64(None)),
                WindowFrameBound::CurrentRow,
            ),
            order_by,
            filter: None,
            null_treatment: None,
            distinct: false,
        },
    });
    let plan = build(LogicalPlanBuilder::from(plan).window([window]))?;
    let number = column(&plan, plan.schema().fields().len() - 1);
    Ok((plan, number))
}

/// A number of rows that is computed: 2201W if it is negative.
fn not_negative(count: Expr, clause: &'static str) -> Expr {
    let name = format!("kalam_quantity_{}", clause.to_lowercase());
    let work = move |_: &crate::query::environment::Environment, arrays: &[ArrayRef]| {
        let counts = arrays[0].as_primitive::<Int64Type>();
        if counts.iter().flatten().any(|count| count < 0) {
            return Err(QueryError::InvalidLimit(format!("{clause} must not be negative")).into());
        }
        Ok(Arc::clone(&arrays[0]))
    };
    kernel::call(Kernel::new(name, 1, PgType::Int8, Volatility::Immutable, work), vec![count])
}

impl Lowering<'_> {
    /// The rows in their order, with one more column that counts them.
    pub(super) fn sorted_with_number(&mut self, plan: LogicalPlan, query: &Query) -> Result<LogicalPlan> {
        let keys = sort_of(&plan, query, &query.order_by)?;
        let (plan, number) = over(plan, row_number_udwf(), Vec::new(), keys)?;
        self.outputs += 1;
        let plan = with_bigint(plan, number, &format!("order#{}", self.outputs))?;
        let number = column(&plan, plan.schema().fields().len() - 1);
        build(LogicalPlanBuilder::from(plan).sort([number.sort(true, false)]))
    }

    /// `ORDER BY … OFFSET m FETCH FIRST n ROWS WITH TIES`: the rows behind the first m whose rank is at most m + n.
    /// Without ties, but with numbers that a subquery computes: those whose own number is.
    pub(super) fn numbered_limit(&mut self, plan: LogicalPlan, query: &Query) -> Result<LogicalPlan> {
        let targets = plan.schema().fields().len();
        let keys = sort_of(&plan, query, &query.order_by)?;
        let (plan, number) = over(plan, row_number_udwf(), Vec::new(), keys.clone())?;
        let (plan, rank) = match query.limit.with_ties {
            true => over(plan, rank_udwf(), Vec::new(), keys)?,
            false => (plan, number.clone()),
        };
        self.see(&plan);
        let quantity = |this: &mut Self, expression: &Option<Expression>, clause: &'static str| {
            let lowered = expression.as_ref().map(|expression| this.expression(expression)).transpose()?;
            Ok::<_, crate::Error>(lowered.map(|expr| not_negative(cast(expr, DataType::Int64), clause)))
        };
        let skip = quantity(self, &query.limit.offset, "OFFSET")?.unwrap_or_else(|| lit(0i64));
        let skip = coalesce(vec![skip, lit(0i64)]);
        let count = quantity(self, &query.limit.count, "LIMIT")?;
        let plan = self.attached(plan)?;
        let bigint = |expr: Expr| cast(expr, DataType::Int64);
        let mut wanted = vec![binary_expr(bigint(number.clone()), Operator::Gt, skip.clone())];
        if let Some(count) = count {
            let last = binary_expr(skip, Operator::Plus, count.clone());
            let within = binary_expr(bigint(rank), Operator::LtEq, last);
            let some = binary_expr(count.clone(), Operator::Gt, lit(0i64));
            let both = conjunction(vec![within, some], Operator::And);
            wanted.push(conjunction(vec![Expr::IsNull(Box::new(count)), both], Operator::Or));
        }
        let wanted = conjunction(wanted, Operator::And);
        let plan = LogicalPlanBuilder::from(plan).filter(wanted).and_then(|plan| plan.sort([number.sort(true, false)]));
        let plan = build(plan)?;
        let columns: Vec<Expr> = (0..targets).map(|index| column(&plan, index)).collect();
        LogicalPlanBuilder::from(plan).project(columns).and_then(LogicalPlanBuilder::build).map_err(errors::translate)
    }
}

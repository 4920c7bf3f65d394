//! Rows with numbers: WITH ORDINALITY, WITH TIES, and the set operations that count equal rows.

use datafusion::common::ScalarValue;
use datafusion::functions_window::rank::rank_udwf;
use datafusion::functions_window::row_number::row_number_udwf;
use datafusion::logical_expr::expr::{Sort, WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, Operator, WindowFrame, WindowFunctionDefinition, WindowUDF, binary_expr,
    cast, lit,
};
use std::sync::Arc;

use arrow::datatypes::DataType;

use super::expression::conjunction;
use super::{Lowering, build, column, keys, sort_of};
use crate::error::Result;
use crate::query::bind::errors;
use crate::query::bind::tree::Query;

/// The plan with one more column: the number of each row, from 1, as bigint.
pub(super) fn numbered(plan: LogicalPlan) -> Result<LogicalPlan> {
    let (plan, number) = over(plan, row_number_udwf(), Vec::new(), Vec::new())?;
    with_bigint(plan, number, "ordinality")
}

/// The plan with one more column: the number of each row among those that equal it, NULLs being equal.
pub(super) fn numbered_among_equals(plan: LogicalPlan) -> Result<LogicalPlan> {
    let all = keys::of_columns(&plan);
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
            window_frame: WindowFrame::new((!order_by.is_empty()).then_some(false)),
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

impl Lowering<'_> {
    /// `ORDER BY … OFFSET m FETCH FIRST n ROWS WITH TIES`: the rows behind the first m whose rank is at most m + n.
    pub(super) fn with_ties(&mut self, plan: LogicalPlan, query: &Query) -> Result<LogicalPlan> {
        let targets = query.targets.len();
        let keys = sort_of(&plan, query, &query.order_by)?;
        let none = || Ok(lit(0i64));
        let skip = query.limit.offset.as_ref().map_or_else(none, |offset| self.expression(offset))?;
        let Some(count) = &query.limit.count else { return self.sorted(plan, query) };
        let count = self.expression(count)?;
        let (plan, rank) = over(plan, rank_udwf(), Vec::new(), keys.clone())?;
        let (plan, number) = over(plan, row_number_udwf(), Vec::new(), keys)?;
        let bigint = |expr: Expr| cast(expr, DataType::Int64);
        let last = binary_expr(bigint(skip.clone()), Operator::Plus, bigint(count.clone()));
        let wanted = conjunction(
            vec![
                binary_expr(bigint(number.clone()), Operator::Gt, bigint(skip)),
                binary_expr(bigint(rank), Operator::LtEq, last),
                binary_expr(bigint(count), Operator::Gt, Expr::Literal(ScalarValue::Int64(Some(0)), None)),
            ],
            Operator::And,
        );
        let plan = LogicalPlanBuilder::from(plan).filter(wanted).and_then(|plan| plan.sort([number.sort(true, false)]));
        let plan = build(plan)?;
        let columns: Vec<Expr> = (0..targets).map(|index| column(&plan, index)).collect();
        LogicalPlanBuilder::from(plan).project(columns).and_then(LogicalPlanBuilder::build).map_err(errors::translate)
    }
}

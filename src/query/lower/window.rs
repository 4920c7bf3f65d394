//! Window functions.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::{WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, WindowFrame, WindowFrameBound, WindowFrameUnits, lit,
};

use super::{Lowering, build, column, in_form, is_known, keys, pg_type};
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::bind::refuse;
use crate::query::bind::tree::{
    Expression, Frame, FrameBound, FrameExclusion, FrameUnits, Kind, Query, Window, WindowDefinition,
};
use crate::query::functions::registry;

impl Lowering<'_> {
    /// The query's window functions, if it has any. From here on they are columns.
    pub(super) fn windowed(
        &mut self,
        plan: LogicalPlan,
        query: &Query,
        windows: &[WindowDefinition],
    ) -> Result<LogicalPlan> {
        let mut calls: Vec<Expression> = Vec::new();
        for target in &query.targets {
            target.expression.walk(0, &mut |found, depth| match &found.kind {
                Kind::Window(_) => {
                    if depth == 0 && !calls.contains(found) {
                        calls.push(found.clone());
                    }
                    false
                }
                _ => depth == 0,
            });
        }
        if calls.is_empty() {
            return Ok(plan);
        }
        let mut lowered: Vec<Expr> = Vec::with_capacity(calls.len());
        let mut results = Vec::with_capacity(calls.len());
        for call in &calls {
            let Kind::Window(window) = &call.kind else { continue };
            let expr = self.window(window, windows)?;
            let place = lowered.iter().position(|known| *known == expr).unwrap_or_else(|| {
                lowered.push(expr);
                lowered.len() - 1
            });
            results.push(place);
        }
        let names: Vec<String> = lowered.iter().map(|expr| expr.schema_name().to_string()).collect();
        let plan = LogicalPlanBuilder::window_plan(plan, lowered).map_err(crate::query::bind::errors::translate)?;
        let mut computed = Vec::with_capacity(calls.len());
        for (call, place) in calls.into_iter().zip(results) {
            // Windows of one definition are computed together: the order of the columns is the engine's.
            let found = plan.schema().fields().iter().position(|field| *field.name() == names[place]);
            let index = found.ok_or_else(|| refuse::not_supported("this window function"))?;
            let column = in_form(column(&plan, index), &plan, &pg_type(call.data_type)?)?;
            computed.push((call, column));
        }
        self.level().computed.extend(computed);
        build(Ok(LogicalPlanBuilder::from(plan)))
    }

    fn window(&mut self, window: &Window, windows: &[WindowDefinition]) -> Result<Expr> {
        let definition =
            windows.get(window.window).ok_or_else(|| refuse::not_supported("a window without a definition"))?;
        let fact = self.function_fact(window.function)?;
        let types = window.arguments.iter().map(|argument| pg_type(argument.data_type)).collect::<Result<Vec<_>>>()?;
        let mut arguments =
            window.arguments.iter().map(|argument| self.expression(argument)).collect::<Result<Vec<_>>>()?;
        // `count(*)` counts something that is never NULL.
        if window.star {
            arguments.push(lit(1i64));
        }
        let filter = window.filter.as_ref().map(|filter| self.expression(filter)).transpose()?.map(Box::new);
        let partition_by = definition.partition_by.iter().map(|key| self.key(key)).collect::<Result<Vec<_>>>()?;
        let order_by = self.sort_keys(&definition.order_by)?;
        check_distances(&window.frame, definition)?;
        let window_frame = self.frame(&window.frame, order_by.is_empty())?;
        let fun = registry::window(fact, &types)?;
        Ok(Expr::from(WindowFunction {
            fun,
            params: WindowFunctionParams {
                args: arguments,
                partition_by,
                order_by,
                window_frame,
                filter,
                null_treatment: None,
                distinct: window.distinct,
            },
        }))
    }

    fn key(&mut self, expression: &Expression) -> Result<Expr> {
        Ok(keys::of(self.expression(expression)?, &pg_type(expression.data_type)?))
    }

    /// The frame. Without an order all rows are peers: a frame of peers is the whole partition.
    fn frame(&mut self, frame: &Frame, unordered: bool) -> Result<WindowFrame> {
        if frame.exclusion != FrameExclusion::NoOthers {
            return Err(refuse::not_supported("EXCLUDE in a window frame"));
        }
        if unordered && frame.units != FrameUnits::Rows {
            let reaches = |bound: &FrameBound| {
                matches!(
                    bound,
                    FrameBound::UnboundedPreceding | FrameBound::CurrentRow | FrameBound::UnboundedFollowing
                )
            };
            return match reaches(&frame.start) && reaches(&frame.end) {
                true => Ok(WindowFrame::new(None)),
                false => Err(refuse::not_supported("a window frame with an offset and without an order")),
            };
        }
        let units = match frame.units {
            FrameUnits::Rows => WindowFrameUnits::Rows,
            FrameUnits::Range => WindowFrameUnits::Range,
            FrameUnits::Groups => WindowFrameUnits::Groups,
        };
        let start = self.bound(&frame.start, units)?;
        let end = self.bound(&frame.end, units)?;
        Ok(WindowFrame::new_bounds(units, start, end))
    }

    fn bound(&mut self, bound: &FrameBound, units: WindowFrameUnits) -> Result<WindowFrameBound> {
        let unbounded = if units == WindowFrameUnits::Range { ScalarValue::Null } else { ScalarValue::UInt64(None) };
        Ok(match bound {
            FrameBound::UnboundedPreceding => WindowFrameBound::Preceding(unbounded),
            FrameBound::UnboundedFollowing => WindowFrameBound::Following(unbounded),
            FrameBound::CurrentRow => WindowFrameBound::CurrentRow,
            FrameBound::Preceding(offset) => WindowFrameBound::Preceding(self.distance(offset, units)?),
            FrameBound::Following(offset) => WindowFrameBound::Following(self.distance(offset, units)?),
        })
    }

    fn distance(&mut self, offset: &Expression, units: WindowFrameUnits) -> Result<ScalarValue> {
        let lowered = self.expression(offset)?;
        if !is_known(offset, &lowered) {
            return Err(refuse::not_supported("a window frame whose offset is computed"));
        }
        let value = self.planner.constant(self.environment, &lowered, &pg_type(offset.data_type)?)?;
        let negative = || refuse::not_supported("a window frame with a negative offset or none");
        match value {
            ScalarValue::Int64(Some(rows)) if units != WindowFrameUnits::Range => {
                u64::try_from(rows).map(|rows| ScalarValue::UInt64(Some(rows))).map_err(|_| negative())
            }
            value if units == WindowFrameUnits::Range && !value.is_null() => Ok(value),
            _ => Err(negative()),
        }
    }
}

/// A distance is one between values: keys of numbers and intervals have none.
fn check_distances(frame: &Frame, definition: &WindowDefinition) -> Result<()> {
    let is_distance = |bound: &FrameBound| matches!(bound, FrameBound::Preceding(_) | FrameBound::Following(_));
    if frame.units != FrameUnits::Range || !(is_distance(&frame.start) || is_distance(&frame.end)) {
        return Ok(());
    }
    for key in &definition.order_by {
        if matches!(pg_type(key.expression.data_type)?, PgType::Numeric(_) | PgType::Interval) {
            return Err(refuse::not_supported("a RANGE window frame with an offset over numeric or interval"));
        }
    }
    Ok(())
}

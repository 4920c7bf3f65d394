//! Window functions.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::common::{Column as PlanColumn, ScalarValue};
use datafusion::logical_expr::expr::{Sort, WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{
    Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, WindowFrame, WindowFrameBound, WindowFrameUnits, lit,
};

use super::{Lowering, build, column, in_form, keys, pg_type};
use crate::base::ids::Oid;
use crate::catalog::facts::FunctionKind;
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::bind::tree::{
    Expression, Frame, FrameBound, FrameExclusion, FrameUnits, Kind, Query, SortKey, Window, WindowDefinition,
};
use crate::query::bind::{errors, refuse};
use crate::query::functions::interval::span;
use crate::query::functions::{cast, registry};
use crate::query::values;
use crate::query::window::{self, Bound, Builtin, Call, Function, Offset, Windowed};

/// `real` and `double precision`, of whose zeros DataFusion sees the signs.
const FLOATS: [Oid; 2] = [700, 701];
/// `numeric`, `jsonb` and `bytea`.
const BYTES: [Oid; 3] = [1700, 3802, 17];
/// What the operator `<` of numerics calls.
const NUMERIC_LT: Oid = 1722;

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
        let (streamed, own): (Vec<Expression>, Vec<Expression>) =
            calls.into_iter().partition(|call| self.is_streamed(call, windows));
        let plan = self.streamed(plan, streamed, windows)?;
        self.see(&plan);
        self.collected(plan, own, windows)
    }

    /// Does DataFusion compute the call as PostgreSQL does, a row at a time?
    fn is_streamed(&self, call: &Expression, windows: &[WindowDefinition]) -> bool {
        let Kind::Window(window) = &call.kind else { return false };
        let Some(definition) = windows.get(window.window) else { return false };
        let Ok(fact) = self.function_fact(window.function) else { return false };
        let is_float = |expression: &&Expression| FLOATS.contains(&expression.data_type.oid);
        let keys = definition.order_by.iter().map(|key| &key.expression).chain(&definition.partition_by);
        // The engine has no ranges over what lies in bytes, as the keys of numbers and documents do.
        let is_bytes = |expression: &Expression| BYTES.contains(&expression.data_type.oid);
        if definition.order_by.iter().any(|key| is_bytes(&key.expression)) {
            return false;
        }
        let known = match fact.kind {
            FunctionKind::Window => matches!(fact.name.as_str(), "row_number" | "rank" | "dense_rank"),
            _ => matches!(fact.name.as_str(), "count" | "sum" | "avg" | "min" | "max"),
        };
        known
            && window.frame.start == FrameBound::UnboundedPreceding
            && matches!(window.frame.end, FrameBound::CurrentRow | FrameBound::UnboundedFollowing)
            && window.frame.exclusion == FrameExclusion::NoOthers
            && !keys.chain(&window.arguments).any(|expression| is_float(&expression))
    }

    fn streamed(
        &mut self,
        plan: LogicalPlan,
        calls: Vec<Expression>,
        windows: &[WindowDefinition],
    ) -> Result<LogicalPlan> {
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
        let plan = self.attached(plan)?;
        let plan = self.settled(plan, &mut [], &mut lowered)?;
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

    /// The calls that our own operator computes, which is put on the plan for every order that they have.
    fn collected(
        &mut self,
        mut plan: LogicalPlan,
        calls: Vec<Expression>,
        windows: &[WindowDefinition],
    ) -> Result<LogicalPlan> {
        let mut rest = calls;
        while let Some(first) = rest.first() {
            let definition = self.definition(first, windows)?.clone();
            let same = |call: &Expression| {
                self.definition(call, windows)
                    .is_ok_and(|own| own.partition_by == definition.partition_by && own.order_by == definition.order_by)
            };
            let (group, others): (Vec<Expression>, Vec<Expression>) = rest.iter().cloned().partition(same);
            rest = others;
            plan = self.ordered_windows(plan, group, &definition)?;
            self.see(&plan);
        }
        Ok(plan)
    }

    fn definition<'w>(&self, call: &Expression, windows: &'w [WindowDefinition]) -> Result<&'w WindowDefinition> {
        let index = match &call.kind {
            Kind::Window(window) => Some(window.window),
            _ => None,
        };
        let found = index.and_then(|index| windows.get(index));
        found.ok_or_else(|| refuse::not_supported("a window without a definition"))
    }

    /// Calls over windows of one partition and order.
    fn ordered_windows(
        &mut self,
        plan: LogicalPlan,
        calls: Vec<Expression>,
        definition: &WindowDefinition,
    ) -> Result<LogicalPlan> {
        let width = plan.schema().fields().len();
        // Everything that is computed becomes a column first: what is volatile has one value for each row.
        let mut columns: Vec<Expr> = (0..width).map(|index| column(&plan, index)).collect();
        let mut partition_by = Vec::with_capacity(definition.partition_by.len());
        for key in &definition.partition_by {
            let key = self.sort_key(key)?;
            partition_by.push(self.as_column(key, &mut columns));
        }
        let mut order_by = Vec::with_capacity(definition.order_by.len());
        for key in &definition.order_by {
            let expression = self.sort_key(&key.expression)?;
            order_by.push(Sort::new(self.as_column(expression, &mut columns), !key.descending, key.nulls_first));
        }
        let mut made = Vec::with_capacity(calls.len());
        let mut results = Vec::with_capacity(calls.len());
        for call in &calls {
            let Kind::Window(window) = &call.kind else { continue };
            let made_call = self.window_call(window, definition, &mut columns)?;
            results.push((call.clone(), made_call));
        }
        let plan = self.attached(plan)?;
        columns.extend((width..plan.schema().fields().len()).map(|index| column(&plan, index)));
        let input = if columns.len() > width { build(LogicalPlanBuilder::from(plan).project(columns))? } else { plan };
        let mut fields = Vec::with_capacity(results.len());
        for (call, mut own) in results {
            let form = |expr: &Expr| expr.to_field(input.schema()).map(|(_, field)| field);
            let arguments = own.arguments.iter().map(form).collect::<datafusion::common::Result<Vec<_>>>();
            let arguments = arguments.map_err(errors::translate)?;
            let data_type = match &own.function {
                Function::Builtin(builtin) => builtin.result(arguments.first().map(|field| field.data_type())),
                Function::Aggregate(aggregate) => {
                    aggregate.return_field(&arguments).map_err(errors::translate)?.data_type().clone()
                }
            };
            self.outputs += 1;
            let name = format!("window#{}", self.outputs);
            own.field = Arc::new(Field::new(&name, data_type, true));
            fields.push((call, name));
            made.push(own);
        }
        let plan = Windowed::plan(input, partition_by, order_by, made).map_err(errors::translate)?;
        for (call, name) in fields {
            let found = Expr::Column(PlanColumn::from_name(name));
            let found = in_form(found, &plan, &pg_type(call.data_type)?)?;
            self.level().computed.push((call, found));
        }
        Ok(plan)
    }

    fn window_call(&mut self, window: &Window, definition: &WindowDefinition, columns: &mut Vec<Expr>) -> Result<Call> {
        let fact = self.function_fact(window.function)?;
        let types = window.arguments.iter().map(|argument| pg_type(argument.data_type)).collect::<Result<Vec<_>>>()?;
        let lowered = window.arguments.iter().map(|argument| self.expression(argument)).collect::<Result<Vec<_>>>()?;
        let mut arguments: Vec<Expr> = lowered.into_iter().map(|argument| self.as_column(argument, columns)).collect();
        // `count(*)` counts something that is never NULL.
        if window.star {
            arguments.push(lit(1i64));
        }
        let filter = window.filter.as_ref().map(|filter| self.expression(filter)).transpose()?;
        let filter = filter.map(|filter| self.as_column(filter, columns));
        let function = match (fact.kind, Builtin::named(&fact.name)) {
            (FunctionKind::Aggregate, _) => Function::Aggregate(registry::aggregate(fact, &types)?),
            (FunctionKind::Window, Some(builtin)) => Function::Builtin(builtin),
            _ => return Err(refuse::not_supported(format!("window function {}", fact.name))),
        };
        let frame = &window.frame;
        let frame = window::Frame {
            units: frame.units,
            start: self.reach(&frame.start, frame.units, definition, columns)?,
            end: self.reach(&frame.end, frame.units, definition, columns)?,
            exclusion: frame.exclusion,
        };
        let field = Arc::new(Field::new("window", DataType::Null, true));
        Ok(Call { function, arguments, filter, frame, field })
    }

    /// An expression as a column, which is added if need be.
    fn as_column(&mut self, expression: Expr, columns: &mut Vec<Expr>) -> Expr {
        if matches!(expression, Expr::Column(_) | Expr::Literal(..)) {
            return expression;
        }
        self.outputs += 1;
        let name = format!("window input#{}", self.outputs);
        columns.push(expression.alias(name.clone()));
        Expr::Column(PlanColumn::from_name(name))
    }

    fn reach(
        &mut self,
        bound: &FrameBound,
        units: FrameUnits,
        definition: &WindowDefinition,
        columns: &mut Vec<Expr>,
    ) -> Result<Bound<Expr>> {
        let (offset, preceding) = match bound {
            FrameBound::UnboundedPreceding => return Ok(Bound::UnboundedPreceding),
            FrameBound::CurrentRow => return Ok(Bound::CurrentRow),
            FrameBound::UnboundedFollowing => return Ok(Bound::UnboundedFollowing),
            FrameBound::Preceding(offset) => (offset, true),
            FrameBound::Following(offset) => (offset, false),
        };
        let distance = match (units, definition.order_by.as_slice()) {
            (FrameUnits::Range, [key]) => self.range_reach(offset, preceding, key, columns)?,
            (FrameUnits::Range, _) => return Err(refuse::not_supported("RANGE over several columns")),
            _ => {
                let offset = self.expression(offset)?;
                Offset::Count(self.as_column(offset, columns))
            }
        };
        Ok(if preceding { Bound::Preceding(distance) } else { Bound::Following(distance) })
    }

    /// How far a key of RANGE may be away.
    fn range_reach(
        &mut self,
        offset: &Expression,
        preceding: bool,
        sort: &SortKey,
        columns: &mut Vec<Expr>,
    ) -> Result<Offset<Expr>> {
        let (key_type, offset_type) = (pg_type(sort.expression.data_type)?, pg_type(offset.data_type)?);
        let (key, offset) = (self.expression(&sort.expression)?, self.expression(offset)?);
        let plain = |lowering: &mut Self, columns: &mut Vec<Expr>| {
            (lowering.as_column(key.clone(), columns), lowering.as_column(offset.clone(), columns))
        };
        let subtracts = preceding != sort.descending;
        let (key_type, key) = match &key_type {
            PgType::Int2 | PgType::Int4 | PgType::Int8 => {
                let (key, offset) = plain(self, columns);
                return Ok(Offset::Whole { key, offset });
            }
            PgType::Float4 | PgType::Float8 => {
                let (key, offset) = plain(self, columns);
                return Ok(Offset::Real { key, offset });
            }
            PgType::Time => {
                let (key, offset) = plain(self, columns);
                return Ok(Offset::Clock { key, offset });
            }
            PgType::Date => {
                let day = registry::convert(key.clone(), &PgType::Date, &PgType::Timestamp, cast::Kind::Assignment);
                (PgType::Timestamp, day)
            }
            other => (other.clone(), key.clone()),
        };
        // What the operators + and - of these types call.
        let (plus, minus) = match &key_type {
            PgType::Timestamp => (2032, 2033),
            PgType::Timestamptz => (1189, 1190),
            PgType::Interval => (1169, 1170),
            PgType::Numeric(_) => (1724, 1725),
            other => return Err(refuse::not_supported(format!("RANGE over type {other}"))),
        };
        let function = self.function_fact(if subtracts { minus } else { plus })?;
        let types = [key_type.without_typmod(), offset_type.clone()];
        let boundary = registry::call(function, vec![key.clone(), offset.clone()], &types, &key_type.without_typmod())?;
        let offset = match &offset_type {
            PgType::Numeric(_) => {
                let zero = values::literal("0", &PgType::Numeric(None), &self.environment.style)?;
                self.compare(NUMERIC_LT, (offset, offset_type), (zero, PgType::Numeric(None)))?
            }
            _ => offset,
        };
        let measured = |value: Expr| if key_type == PgType::Interval { span(value) } else { value };
        Ok(Offset::Beyond {
            key: self.as_column(measured(key), columns),
            boundary: self.as_column(measured(boundary), columns),
            offset: self.as_column(offset, columns),
        })
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
        let mut window_frame = Self::frame(&window.frame, order_by.is_empty());
        // These frames are of whole groups of peers, and the engine knows no ranges of some types.
        let has_range = |key: &SortKey| {
            !matches!(
                pg_type(key.expression.data_type),
                Ok(PgType::Uuid | PgType::Bytea | PgType::Numeric(_) | PgType::Interval)
            )
        };
        if window_frame.units == WindowFrameUnits::Range && !definition.order_by.iter().all(has_range) {
            window_frame.units = WindowFrameUnits::Groups;
        }
        let fun = registry::window(fact, &types)?;
        let arguments = registry::aggregated(fact, arguments, &types);
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

    /// The frame of a call that is computed a row at a time. Without an order all rows are peers: a frame of peers is
    /// the whole partition.
    fn frame(frame: &Frame, unordered: bool) -> WindowFrame {
        if unordered && frame.units != FrameUnits::Rows {
            return WindowFrame::new(None);
        }
        let units = match frame.units {
            FrameUnits::Rows => WindowFrameUnits::Rows,
            FrameUnits::Range => WindowFrameUnits::Range,
            FrameUnits::Groups => WindowFrameUnits::Groups,
        };
        let unbounded = if units == WindowFrameUnits::Range { ScalarValue::Null } else { ScalarValue::UInt64(None) };
        let end = match frame.end {
            FrameBound::UnboundedFollowing => WindowFrameBound::Following(unbounded.clone()),
            _ => WindowFrameBound::CurrentRow,
        };
        WindowFrame::new_bounds(units, WindowFrameBound::Preceding(unbounded), end)
    }
}

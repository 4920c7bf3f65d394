//! PostgreSQL's types for the expressions that DataFusion plans without asking: IN, BETWEEN, CASE, COALESCE,
//! LIKE. It runs before DataFusion's own coercion, which would turn everything it does not know into text.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::datatypes::Float64Type;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, ExprSchema, Result as DataFusionResult};
use datafusion::logical_expr::expr::{
    Between, BinaryExpr, Case, InList, InSubquery, Like, ScalarFunction, WindowFunction,
};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, Operator, ScalarUDF, Subquery, Volatility, WindowFrameBound,
    WindowFrameUnits,
};
use datafusion::optimizer::AnalyzerRule;

use super::operators::{Resolver, is_text};
use super::output::type_of;
use super::{errors, output, unify};
use crate::base::numeric::Numeric;
use crate::catalog::types::{OutputStyle, PgType};
use crate::error::{QueryError, Result};
use crate::query::environment::Environment;
use crate::query::functions::arithmetic::Operation;
use crate::query::functions::kernel::{self, Kernel};
use crate::query::functions::{arithmetic, cast, interval, numbers};
use crate::query::planner::EnvironmentExtension;
use crate::query::values;

/// The rule.
#[derive(Debug)]
pub struct Coerce;

impl AnalyzerRule for Coerce {
    fn name(&self) -> &'static str {
        "kalam_coerce"
    }

    fn analyze(&self, plan: LogicalPlan, config: &ConfigOptions) -> DataFusionResult<LogicalPlan> {
        let style = EnvironmentExtension::of(config).map(|environment| environment.style.clone()).unwrap_or_default();
        let plan = plan.transform_up_with_subqueries(|node| {
            let mut schema = merge_schema(&node.inputs());
            if let LogicalPlan::TableScan(scan) = &node {
                schema.merge(&scan.projected_schema);
            }
            let names = NamePreserver::new(&node);
            let node = node.map_expressions(|expr| {
                let name = names.save(&expr);
                let coerced = expr.transform_up(|expr| coerce_in_plan(expr, &schema, &style))?;
                Ok(if coerced.transformed { coerced.update_data(|expr| name.restore(expr)) } else { coerced })
            })?;
            if node.transformed { node.map_data(LogicalPlan::recompute_schema) } else { Ok(node) }
        })?;
        Ok(plan.data)
    }
}

fn coerce_in_plan(expr: Expr, schema: &dyn ExprSchema, style: &OutputStyle) -> DataFusionResult<Transformed<Expr>> {
    coerce(expr, schema, style).map_err(errors::external)
}

/// Coerces all parts of one expression.
///
/// # Errors
/// 42883 and 42804 for types that do not go together, 22P02 and its siblings for literals.
pub fn expression(expr: Expr, schema: &dyn ExprSchema, style: &OutputStyle) -> Result<Expr> {
    let coerced = expr.transform_up(|expr| coerce_in_plan(expr, schema, style));
    coerced.map(|coerced| coerced.data).map_err(errors::translate)
}

/// A subquery of numbers as one of their keys.
fn keyed(subquery: Subquery, column: &PgType) -> Result<Subquery> {
    let number = Expr::Column(Column::from(subquery.subquery.schema().qualified_field(0)));
    let key = numbers::key(numbers::as_numeric(number, column), &PgType::Numeric(None));
    let plan = LogicalPlanBuilder::from(Arc::unwrap_or_clone(subquery.subquery)).project([key]);
    let plan = plan.and_then(LogicalPlanBuilder::build).map_err(errors::translate)?;
    Ok(Subquery { subquery: Arc::new(plan), ..subquery })
}

fn negation(operand: Expr, schema: &dyn ExprSchema) -> Expr {
    match type_of(&operand, schema) {
        // The least integer has no counterpart.
        integer @ (PgType::Int2 | PgType::Int4 | PgType::Int8) => arithmetic::negation(operand, integer),
        PgType::Numeric(_) => {
            let zero = Expr::Literal(numbers::scalar(&Numeric::from_integer(0)), None);
            numbers::operation(Operation::Subtract, zero, operand)
        }
        _ => Expr::Negative(Box::new(operand)),
    }
}

fn coerce(expr: Expr, schema: &dyn ExprSchema, style: &OutputStyle) -> Result<Transformed<Expr>> {
    let resolver = Resolver { schema, style };
    Ok(match expr {
        Expr::InList(in_list) => Transformed::yes(coerce_in_list(in_list, &resolver)?),
        Expr::Between(between) => Transformed::yes(coerce_between(between, &resolver)?),
        Expr::Case(case) => Transformed::yes(Expr::Case(coerce_case(case, &resolver)?)),
        Expr::InSubquery(InSubquery { expr, subquery, negated }) => {
            let column = output::type_of_field(subquery.subquery.schema().field(0));
            let expr = resolver.coerce(*expr, &column)?;
            let own = type_of(&expr, schema);
            check_comparable(&own, &column)?;
            let (expr, subquery) = if matches!(column, PgType::Numeric(_)) || matches!(own, PgType::Numeric(_)) {
                (numbers::key(numbers::as_numeric(expr, &own), &PgType::Numeric(None)), keyed(subquery, &column)?)
            } else {
                (expr, subquery)
            };
            Transformed::yes(Expr::InSubquery(InSubquery { expr: Box::new(expr), subquery, negated }))
        }
        Expr::ScalarFunction(mut call) if call.name() == numbers::NEGATE => {
            let operand = call.args.pop().unwrap_or_default();
            Transformed::yes(negation(operand, schema))
        }
        Expr::Negative(operand) => match type_of(&operand, schema) {
            PgType::Int2 | PgType::Int4 | PgType::Int8 => Transformed::yes(negation(*operand, schema)),
            _ => Transformed::no(Expr::Negative(operand)),
        },
        Expr::WindowFunction(call) if frame_of_peers(&call, schema) => {
            let mut call = call;
            call.params.window_frame.units = WindowFrameUnits::Groups;
            Transformed::yes(Expr::WindowFunction(call))
        }
        Expr::Like(like) => Transformed::yes(Expr::Like(coerce_like(like, &resolver)?)),
        Expr::ScalarFunction(ScalarFunction { func, args })
            if matches!(func.name(), "coalesce" | "greatest" | "least" | "nullif") =>
        {
            let types: Vec<PgType> = args.iter().map(|arg| type_of(arg, schema)).collect();
            let Some(common) = unify::common(types, &func.name().to_uppercase())? else {
                return Ok(Transformed::no(Expr::ScalarFunction(ScalarFunction { func, args })));
            };
            let args = args.into_iter().map(|arg| unify::convert_of(arg, schema, &common, style));
            let mut args = args.collect::<Result<Vec<_>>>()?;
            if matches!(common, PgType::Interval | PgType::Jsonb) {
                match (func.name(), args.as_mut_slice()) {
                    (name @ ("greatest" | "least"), _) if common == PgType::Jsonb => {
                        return Err(super::refuse::not_supported(format!("{name} of jsonb")));
                    }
                    (name @ ("greatest" | "least"), _) => {
                        return Ok(Transformed::yes(interval::extreme_of(name == "greatest", args)));
                    }
                    ("nullif", [left, right]) => {
                        let null = values::null(&common)?;
                        let equal = resolver.compare(left.clone(), Operator::Eq, std::mem::take(right))?;
                        let when = vec![(Box::new(equal), Box::new(null))];
                        let case = Case::new(None, when, Some(Box::new(std::mem::take(left))));
                        return Ok(Transformed::yes(Expr::Case(case)));
                    }
                    _ => {}
                }
            }
            Transformed::yes(Expr::ScalarFunction(ScalarFunction { func, args }))
        }
        Expr::ScalarFunction(ScalarFunction { func, args }) if is_own(func.name(), &args, schema) => {
            Transformed::yes(rename(func, args, schema))
        }
        Expr::ScalarFunction(call) => {
            // A literal is read when it is bound, whatever becomes of the expression that it is in.
            cast::check_literal(&call, style)?;
            Transformed::no(Expr::ScalarFunction(call))
        }
        other => Transformed::no(other),
    })
}

/// Is this a RANGE frame that means the same as one of GROUPS, over a type of which DataFusion knows no ranges?
/// Without an offset, both are made of whole groups of peers.
fn frame_of_peers(call: &WindowFunction, schema: &dyn ExprSchema) -> bool {
    let without_offset = |bound: &WindowFrameBound| match bound {
        WindowFrameBound::CurrentRow => true,
        WindowFrameBound::Preceding(value) | WindowFrameBound::Following(value) => value.is_null(),
    };
    let frame = &call.params.window_frame;
    frame.units == WindowFrameUnits::Range
        && without_offset(&frame.start_bound)
        && without_offset(&frame.end_bound)
        && call.params.order_by.iter().any(|sort| matches!(type_of(&sort.expr, schema), PgType::Uuid | PgType::Bytea))
}

/// Does DataFusion's function of this name answer something else than PostgreSQL's for these arguments?
fn is_own(name: &str, args: &[Expr], schema: &dyn ExprSchema) -> bool {
    let first = args.first().map_or(PgType::Unknown, |arg| type_of(arg, schema));
    match name {
        "round" => args.len() == 1 && matches!(first, PgType::Float4 | PgType::Float8),
        "to_hex" => matches!(first, PgType::Int2 | PgType::Int4),
        "concat" | "concat_ws" => args.iter().any(|arg| needs_text(&type_of(arg, schema))),
        _ => false,
    }
}

fn needs_text(data_type: &PgType) -> bool {
    *data_type != PgType::Unknown && !is_text(data_type)
}

/// What PostgreSQL's function does, for the calls that [`is_own`] finds.
fn rename(func: Arc<ScalarUDF>, args: Vec<Expr>, schema: &dyn ExprSchema) -> Expr {
    match func.name() {
        // Half is rounded to the even neighbour.
        "round" => {
            let work = |_: &Environment, arrays: &[ArrayRef]| {
                let floats: Float64Array = arrays[0].as_primitive::<Float64Type>().unary(f64::round_ties_even);
                Ok(Arc::new(floats) as ArrayRef)
            };
            let function = Kernel::new("kalam_round", 1, PgType::Float8, Volatility::Immutable, work);
            let wide = |arg| cast::expression(arg, &PgType::Float8, cast::Kind::Explicit);
            kernel::call(function, args.into_iter().map(wide).collect())
        }
        // The bits of an integer are 32.
        "to_hex" => {
            let bits = |arg| {
                let wide = cast::expression(arg, &PgType::Int8, cast::Kind::Explicit);
                let mask = datafusion::logical_expr::lit(i64::from(u32::MAX));
                Expr::BinaryExpr(BinaryExpr::new(Box::new(wide), Operator::BitwiseAnd, Box::new(mask)))
            };
            Expr::ScalarFunction(ScalarFunction { func, args: args.into_iter().map(bits).collect() })
        }
        // By the output functions, in which `true` is `t`.
        _ => {
            let text = |arg: Expr| match type_of(&arg, schema) {
                PgType::Bool => {
                    let letter = |letter: &str| Box::new(datafusion::logical_expr::lit(letter));
                    let when =
                        vec![(Box::new(arg.clone()), letter("t")), (Box::new(Expr::Not(Box::new(arg))), letter("f"))];
                    Expr::Case(Case::new(None, when, None))
                }
                data_type if needs_text(&data_type) => cast::expression(arg, &PgType::Text, cast::Kind::Explicit),
                _ => arg,
            };
            Expr::ScalarFunction(ScalarFunction { func, args: args.into_iter().map(text).collect() })
        }
    }
}

fn coerce_in_list(InList { expr, list, negated }: InList, resolver: &Resolver<'_>) -> Result<Expr> {
    let mut expr = *expr;
    // A literal without a type takes the type of the first item that has one.
    if type_of(&expr, resolver.schema) == PgType::Unknown {
        let typed = list.iter().map(|item| type_of(item, resolver.schema)).find(|item| *item != PgType::Unknown);
        if let Some(data_type) = typed {
            expr = resolver.coerce(expr, &data_type)?;
        }
    }
    let mut items = Vec::with_capacity(list.len());
    let mut left = None;
    for item in list {
        let (own, item) = resolver.comparable(expr.clone(), Operator::Eq, item)?;
        // One conversion of the left side must do for all items.
        match &left {
            None => left = Some(own),
            Some(left) if *left == own => {}
            Some(_) => return Err(super::refuse::not_supported("an IN list of different types")),
        }
        items.push(item);
    }
    Ok(Expr::InList(InList { expr: Box::new(left.unwrap_or(expr)), list: items, negated }))
}

fn coerce_between(Between { expr, negated, low, high }: Between, resolver: &Resolver<'_>) -> Result<Expr> {
    let (left, low) = resolver.comparable(expr.as_ref().clone(), Operator::GtEq, *low)?;
    let (right, high) = resolver.comparable(*expr, Operator::LtEq, *high)?;
    if left == right {
        return Ok(Expr::Between(Between { expr: Box::new(left), negated, low: Box::new(low), high: Box::new(high) }));
    }
    let binary = |left, op, right| Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)));
    let both = binary(binary(left, Operator::GtEq, low), Operator::And, binary(right, Operator::LtEq, high));
    Ok(if negated { Expr::Not(Box::new(both)) } else { both })
}

fn coerce_case(mut case: Case, resolver: &Resolver<'_>) -> Result<Case> {
    if let Some(operand) = case.expr.take() {
        let mut operand = *operand;
        for (when, _) in &mut case.when_then_expr {
            let (left, right) = resolver.comparable(operand.clone(), Operator::Eq, when.as_ref().clone())?;
            **when = right;
            operand = left;
        }
        case.expr = Some(Box::new(operand));
    }
    // PostgreSQL looks at ELSE first.
    let results =
        case.else_expr.as_deref().into_iter().chain(case.when_then_expr.iter().map(|(_, then)| then.as_ref()));
    let types: Vec<PgType> = results.map(|expr| type_of(expr, resolver.schema)).collect();
    let Some(common) = unify::common(types, "CASE")? else { return Ok(case) };
    // DataFusion has planned what is around with the type of the first result.
    let first = case.when_then_expr.iter().map(|(_, then)| type_of(then, resolver.schema));
    let first = first.into_iter().find(|data_type| *data_type != PgType::Unknown);
    if let Some(first) = first.filter(|first| !unify::is_same_kind(first, &common)) {
        let (first, common) = (first.without_typmod(), common.without_typmod());
        let what = format!("a CASE of {first} and {common} without a cast of its first result");
        return Err(super::refuse::not_supported(what));
    }
    let convert = |own: Expr| unify::convert_of(own, resolver.schema, &common, resolver.style);
    for (_, then) in &mut case.when_then_expr {
        let own = std::mem::replace(then.as_mut(), Expr::Literal(crate::query::ScalarValue::Null, None));
        **then = convert(own)?;
    }
    if let Some(otherwise) = case.else_expr.take() {
        case.else_expr = Some(Box::new(convert(*otherwise)?));
    }
    Ok(case)
}

fn coerce_like(mut like: Like, resolver: &Resolver<'_>) -> Result<Like> {
    for side in [&mut like.expr, &mut like.pattern] {
        match type_of(side, resolver.schema) {
            PgType::Unknown => {
                let own = std::mem::replace(side.as_mut(), Expr::Literal(crate::query::ScalarValue::Null, None));
                **side = resolver.coerce(own, &PgType::Text)?;
            }
            data_type if is_text(&data_type) => {}
            other => {
                let operator = if like.case_insensitive { "~~*" } else { "~~" };
                let other = other.without_typmod();
                return Err(QueryError::UndefinedOperator(format!("{other} {operator} unknown")).into());
            }
        }
    }
    Ok(like)
}

/// Can the values of a subquery be looked up by a value of another type?
///
/// # Errors
/// 42883 if PostgreSQL has no such comparison, 0A000 if we have not.
pub fn check_comparable(left: &PgType, right: &PgType) -> Result<()> {
    let (left, right) = (left.without_typmod(), right.without_typmod());
    if super::operators::is_mixed_float(&left, &right) || (left == PgType::Jsonb && right == PgType::Jsonb) {
        return Err(super::refuse::not_supported(format!("a comparison of {left} with a subquery of {right}")));
    }
    if left == PgType::Interval && right == PgType::Interval {
        // They would be compared field by field.
        return Err(super::refuse::not_supported("a subquery of intervals in this place"));
    }
    let fits = left == PgType::Unknown
        || right == PgType::Unknown
        || (left == right && left != PgType::Json)
        || super::operators::are_comparable(&left, &right);
    if fits {
        return Ok(());
    }
    Err(QueryError::UndefinedOperator(format!("{left} = {right}")).into())
}

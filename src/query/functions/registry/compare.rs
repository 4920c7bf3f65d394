//! Comparison operators of all types, as DataFusion's own operators wherever the Arrow form compares as PostgreSQL
//! does, so that filters on columns stay visible to scans.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, make_comparator};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::{Expr, Operator, Volatility, cast};

use super::{Call, casts, not_implemented};
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::environment::Environment;
use crate::query::functions::json::order;
use crate::query::functions::kernel::{self, Kernel};
use crate::query::functions::{interval, numbers};

/// What stands before and behind the two letters that say which comparison a function is.
const NAMES: [(&str, &str); 32] = [
    ("bool", ""),
    ("char", ""),
    ("name", ""),
    ("text", ""),
    ("text_", ""),
    ("text_pattern_", ""),
    ("name", "text"),
    ("text", "name"),
    ("int2", ""),
    ("int4", ""),
    ("int8", ""),
    ("int24", ""),
    ("int42", ""),
    ("int28", ""),
    ("int82", ""),
    ("int48", ""),
    ("int84", ""),
    ("float4", ""),
    ("float8", ""),
    ("float48", ""),
    ("float84", ""),
    ("numeric_", ""),
    ("oid", ""),
    ("oidvector", ""),
    ("bytea", ""),
    ("uuid_", ""),
    ("date_", ""),
    ("time_", ""),
    ("timestamp_", ""),
    ("interval_", ""),
    ("jsonb_", ""),
    ("array_", ""),
];

const DATES: [(&str, &str); 6] = [
    ("date_", "_timestamp"),
    ("date_", "_timestamptz"),
    ("timestamp_", "_date"),
    ("timestamp_", "_timestamptz"),
    ("timestamptz_", "_date"),
    ("timestamptz_", "_timestamp"),
];

/// The comparison that a function is.
pub(super) fn operator(source: &str) -> Option<Operator> {
    NAMES.iter().chain(&DATES).find_map(|(before, behind)| {
        Some(match source.strip_prefix(before)?.strip_suffix(behind)? {
            "eq" => Operator::Eq,
            "ne" => Operator::NotEq,
            "lt" => Operator::Lt,
            "le" => Operator::LtEq,
            "gt" => Operator::Gt,
            "ge" => Operator::GtEq,
            _ => return None,
        })
    })
}

pub(super) fn plan(call: &mut Call<'_>) -> Option<Result<Expr>> {
    let operator = operator(&call.source)?;
    if call.types.len() != 2 {
        return None;
    }
    let mut arguments = call.take().into_iter();
    let (left, right) = (arguments.next()?, arguments.next()?);
    let is_list = matches!(call.kind(0), PgType::Array(_) | PgType::Oidvector);
    let is_equality = matches!(operator, Operator::Eq | Operator::NotEq);
    let by_length = call.kind(0) == PgType::Oidvector;
    let Some((left, right)) = comparable((left, &call.kind(0)), (right, &call.kind(1))) else {
        return Some(Err(not_implemented(call.fact)));
    };
    if is_list && !is_equality {
        return Some(Ok(ordered(operator, by_length, vec![left, right])));
    }
    Some(Ok(Expr::BinaryExpr(BinaryExpr::new(Box::new(left), operator, Box::new(right)))))
}

/// The order of arrays: element by element, NULL behind everything, then by length. Of vectors the length comes first.
fn ordered(operator: Operator, by_length: bool, operands: Vec<Expr>) -> Expr {
    let name = format!("pg_array{operator}{by_length}");
    let work = move |_: &Environment, arrays: &[ArrayRef]| {
        let options = SortOptions { descending: false, nulls_first: false };
        let compare = make_comparator(&arrays[0], &arrays[1], options)
            .map_err(|error| crate::query::bind::errors::translate(error.into()))?;
        let (left, right) = (arrays[0].as_list::<i32>(), arrays[1].as_list::<i32>());
        let answers = (0..left.len()).map(|row| {
            if left.is_null(row) || right.is_null(row) {
                return None;
            }
            let lengths = left.value_length(row).cmp(&right.value_length(row));
            let order = if by_length { lengths.then_with(|| compare(row, row)) } else { compare(row, row) };
            Some(match operator {
                Operator::Lt => order.is_lt(),
                Operator::LtEq => order.is_le(),
                Operator::Gt => order.is_gt(),
                _ => order.is_ge(),
            })
        });
        Ok(Arc::new(answers.collect::<BooleanArray>()) as ArrayRef)
    };
    kernel::call(Kernel::new(name, 2, PgType::Bool, Volatility::Immutable, work), operands)
}

/// Two operands in a form that compares as PostgreSQL compares them; `None` where there is no such form.
///
/// The same form does for `IS DISTINCT FROM`, `IN` and joins.
pub(super) fn comparable(
    (left, left_type): (Expr, &PgType),
    (right, right_type): (Expr, &PgType),
) -> Option<(Expr, Expr)> {
    use PgType as T;
    Some(match (left_type, right_type) {
        (T::Numeric(_), T::Numeric(_)) | (T::Interval, T::Interval) => (key(left, left_type)?, key(right, right_type)?),
        (T::Jsonb, T::Jsonb) => (order::key(left), order::key(right)),
        (T::Date | T::Timestamp, T::Timestamptz) => (casts::convert(left, left_type, &T::Timestamptz, EXPLICIT), right),
        (T::Timestamptz, T::Date | T::Timestamp) => {
            (left, casts::convert(right, right_type, &T::Timestamptz, EXPLICIT))
        }
        (T::Date, T::Timestamp) => (casts::convert(left, left_type, &T::Timestamp, EXPLICIT), right),
        (T::Timestamp, T::Date) => (left, casts::convert(right, right_type, &T::Timestamp, EXPLICIT)),
        (T::Float4 | T::Float8, T::Float4 | T::Float8) => {
            let wide = left_type != right_type;
            (plain_zero(left, left_type, wide), plain_zero(right, right_type, wide))
        }
        (T::Int2 | T::Int4 | T::Int8, T::Int2 | T::Int4 | T::Int8) => {
            let wide = if size(left_type) > size(right_type) { left_type } else { right_type };
            (widen(left, left_type, wide), widen(right, right_type, wide))
        }
        (T::Array(left_element), T::Array(_)) => match left_element.as_ref() {
            // Their elements do not compare as they lie there.
            T::Numeric(_) => (key(left, left_type)?, key(right, right_type)?),
            T::Interval | T::Json | T::Jsonb | T::Float4 | T::Float8 => return None,
            _ => (left, right),
        },
        (T::Json, _) | (_, T::Json) => return None,
        _ => (left, right),
    })
}

/// What equal values of a type have in common and differs between others, in the order of the values; `None` where the values themselves are such keys.
pub fn key(expr: Expr, data_type: &PgType) -> Option<Expr> {
    Some(match data_type {
        PgType::Numeric(_) => numbers::key(expr, data_type),
        PgType::Array(element) if matches!(**element, PgType::Numeric(_)) => numbers::key(expr, data_type),
        PgType::Interval => interval::span(expr),
        PgType::Jsonb => order::key(expr),
        PgType::Float4 | PgType::Float8 => plain_zero(expr, data_type, false),
        _ => return None,
    })
}

const EXPLICIT: crate::query::functions::cast::Kind = crate::query::functions::cast::Kind::Explicit;

fn size(data_type: &PgType) -> i16 {
    data_type.size()
}

/// An integer as one of another width; a literal at once.
fn widen(expr: Expr, from: &PgType, to: &PgType) -> Expr {
    if from == to {
        return expr;
    }
    match &expr {
        Expr::Literal(value, _) => match value.cast_to(&to.arrow()) {
            Ok(value) => crate::query::values::constant(value, to),
            Err(_) => cast(expr, to.arrow()),
        },
        _ => cast(expr, to.arrow()),
    }
}

/// A float whose zero has no sign: `-0` equals `0`, but Arrow orders them.
fn plain_zero(expr: Expr, data_type: &PgType, wide: bool) -> Expr {
    let target = if wide { PgType::Float8 } else { data_type.clone() };
    if let Expr::Literal(ScalarValue::Float64(Some(value)), _) = &expr {
        if *value != 0.0 {
            return expr;
        }
    }
    let function = Kernel::new(
        format!("kalam_zero_{}", target.name()),
        1,
        target.clone(),
        Volatility::Immutable,
        move |_: &Environment, arrays: &[ArrayRef]| {
            let wanted = target.arrow();
            let array = arrow::compute::cast(&arrays[0], &wanted)
                .map_err(|error| crate::query::bind::errors::translate(error.into()))?;
            Ok(match wanted {
                DataType::Float32 => Arc::new(array.as_primitive::<Float32Type>().unary::<_, Float32Type>(|v| v + 0.0)),
                _ => Arc::new(array.as_primitive::<Float64Type>().unary::<_, Float64Type>(|v| v + 0.0)) as ArrayRef,
            })
        },
    );
    kernel::call(function, vec![expr])
}

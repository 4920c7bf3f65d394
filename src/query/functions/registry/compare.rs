//! Comparison operators of all types, as DataFusion's own operators wherever the Arrow form compares as PostgreSQL
//! does, so that filters on columns stay visible to scans.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Date32Type, Float32Type, Float64Type};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::{Expr, Operator, Volatility, cast};

use super::{Call, arrays, casts, not_implemented};
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::environment::Environment;
use crate::query::functions::json::order;
use crate::query::functions::kernel::{self, Kernel};
use crate::query::functions::{interval, numbers, record};

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
    if call.kind(0).element().is_some() {
        // Plain elements lie as they compare: as an operator it is seen by joins.
        let plain = call.kind(0).element().is_some_and(|element| is_plain(&element));
        if !(plain && matches!(operator, Operator::Eq | Operator::NotEq)) {
            let compared = arrays::compared(operator, &call.kind(0), vec![left, right]);
            return Some(compared.ok_or_else(|| not_implemented(call.fact)));
        }
    }
    let Some((left, right)) = comparable((left, &call.kind(0)), (right, &call.kind(1))) else {
        return Some(Err(not_implemented(call.fact)));
    };
    Some(Ok(Expr::BinaryExpr(BinaryExpr::new(Box::new(left), operator, Box::new(right)))))
}

/// Do elements of this type compare as they lie in Arrow's lists?
fn is_plain(element: &PgType) -> bool {
    use PgType as T;
    !matches!(element, T::Interval | T::Json | T::Jsonb | T::Float4 | T::Float8 | T::Numeric(_))
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
        (T::Date | T::Timestamp, T::Timestamptz) => (moment(left, left_type, &T::Timestamptz), right),
        (T::Timestamptz, T::Date | T::Timestamp) => (left, moment(right, right_type, &T::Timestamptz)),
        (T::Date, T::Timestamp) => (moment(left, left_type, &T::Timestamp), right),
        (T::Timestamp, T::Date) => (left, moment(right, right_type, &T::Timestamp)),
        (T::Float4 | T::Float8, T::Float4 | T::Float8) => {
            let wide = left_type != right_type;
            (plain_zero(left, left_type, wide), plain_zero(right, right_type, wide))
        }
        (T::Int2 | T::Int4 | T::Int8, T::Int2 | T::Int4 | T::Int8) => {
            let wide = if size(left_type) > size(right_type) { left_type } else { right_type };
            (widen(left, left_type, wide), widen(right, right_type, wide))
        }
        (T::Array(element), T::Array(_)) if matches!(element.as_ref(), T::Numeric(_)) => {
            (key(left, left_type)?, key(right, right_type)?)
        }
        (T::Array(element), T::Array(_)) if !is_plain(element) => return None,
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
        PgType::Record(_) => record::key(expr),
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

/// A date or timestamp to compare with timestamps. Days that no timestamp reaches lie behind all of them.
fn moment(expr: Expr, from: &PgType, to: &PgType) -> Expr {
    if *from != PgType::Date {
        return casts::convert(expr, from, to, EXPLICIT);
    }
    // So many days from 1970 a timestamp of 64 bits reaches, in either direction.
    const REACH: i32 = 106_751_989;
    // A known day stays one that scans see.
    if matches!(expr, Expr::Literal(ScalarValue::Date32(day), _) if day.is_none_or(|day| day.unsigned_abs() <= REACH.unsigned_abs()))
    {
        return casts::convert(expr, from, to, EXPLICIT);
    }
    let work = |_: &Environment, arrays: &[ArrayRef]| {
        let days = arrays[0].as_primitive::<Date32Type>();
        let near = days.unary::<_, Date32Type>(|day| match day {
            i32::MAX | i32::MIN => day,
            day => day.clamp(-REACH, REACH),
        });
        Ok(Arc::new(near) as ArrayRef)
    };
    let near = Kernel::new("kalam_reached_day", 1, PgType::Date, Volatility::Immutable, work);
    casts::convert(kernel::call(near, vec![expr]), from, to, EXPLICIT)
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

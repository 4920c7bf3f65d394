//! Functions of `numeric` that round, over Arrow's decimals.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal256Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal256Type, Int32Type, i256};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, Volatility};

use super::{Call, adapt};
use crate::catalog::types::PgType;
use crate::error::{QueryError, Result};
use crate::query::bind::errors;
use crate::query::environment::Environment;
use crate::query::functions::aggregates::{divide_rounded, power_of_ten};
use crate::query::functions::kernel::{self, Kernel};

/// Most digits that an Arrow decimal has.
const DIGITS: u8 = 76;
/// The digits behind the point of a numeric without modifier.
const SCALE: i8 = 20;

/// How a number loses digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// Half away from zero.
    Round,
    Truncate,
    Ceiling,
    Floor,
}

pub(super) fn plan(call: &mut Call<'_>) -> Option<Result<Expr>> {
    let rounding = match call.source.as_str() {
        "numeric_round" | "round(numeric)" => How::Round,
        "numeric_trunc" | "trunc(numeric)" => How::Truncate,
        "numeric_ceil" => How::Ceiling,
        "numeric_floor" => How::Floor,
        "numeric_abs" => return Some(adapt::call(call, "abs")),
        "numeric_sign" => return Some(Ok(sign(call))),
        _ => return None,
    };
    Some(Ok(rounded(call, rounding)))
}

fn out_of_range() -> crate::Error {
    QueryError::NumberOutOfRange("value overflows numeric format".into()).into()
}

/// The digits of a decimal of whatever form, with their scale.
fn digits(array: &ArrayRef) -> Result<(Decimal256Array, i8)> {
    let scale = match array.data_type() {
        DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) => *scale,
        _ => SCALE,
    };
    let wide = cast(array, &DataType::Decimal256(DIGITS, scale)).map_err(|error| errors::translate(error.into()))?;
    Ok((wide.as_primitive::<Decimal256Type>().clone(), scale))
}

fn finished(answers: Vec<Option<i256>>, scale: i8) -> Result<ArrayRef> {
    let array = Decimal256Array::from(answers)
        .with_precision_and_scale(DIGITS, scale)
        .map_err(|error| errors::translate(error.into()))?;
    array.validate_decimal_precision(DIGITS).map_err(|_| out_of_range())?;
    Ok(Arc::new(array))
}

/// -1, 0 or 1, without digits behind the point.
fn sign(call: &mut Call<'_>) -> Expr {
    let result = PgType::Numeric(Some((u16::from(DIGITS), 0)));
    let work = |_: &Environment, arrays: &[ArrayRef]| {
        let (values, _) = digits(&arrays[0])?;
        finished(values.iter().map(|value| value.map(i256::signum)).collect(), 0)
    };
    kernel::call(Kernel::new("pg_numeric_sign", 1, result, Volatility::Immutable, work), call.take())
}

/// The digits behind the point to which a call rounds, if it says so by a literal.
fn stated(call: &Call<'_>) -> Option<i32> {
    if call.types.len() < 2 {
        return Some(0);
    }
    match call.arguments.get(1) {
        Some(Expr::Literal(ScalarValue::Int32(Some(count)), _)) => Some(*count),
        _ => None,
    }
}

fn rounded(call: &mut Call<'_>, how: How) -> Expr {
    // A literal count is the scale of the answer, which its text shows.
    let shown = stated(call).map(|count| i8::try_from(count.clamp(0, i32::from(SCALE))).unwrap_or(SCALE));
    let target = shown.unwrap_or(SCALE);
    let result = PgType::Numeric(shown.map(|scale| (u16::from(DIGITS), i16::from(scale))));
    let count = call.types.len();
    let name = format!("pg_{}_{target}", call.source);
    let function =
        Kernel::new(name, count, result, Volatility::Immutable, move |_: &Environment, arrays: &[ArrayRef]| {
            let (values, scale) = digits(&arrays[0])?;
            let counts = arrays.get(1).map(|counts| counts.as_primitive::<Int32Type>());
            let mut answers = Vec::with_capacity(values.len());
            for row in 0..values.len() {
                if values.is_null(row) || counts.is_some_and(|counts| counts.is_null(row)) {
                    answers.push(None);
                    continue;
                }
                let keep = counts.map_or(0, |counts| counts.value(row)).clamp(-76, i32::from(target));
                let value = shorten(values.value(row), i32::from(scale), keep, i32::from(target), how);
                answers.push(Some(value.ok_or_else(out_of_range)?));
            }
            finished(answers, target)
        });
    kernel::call(function, call.take())
}

/// The digits of a number of `scale` as digits of `target`, of which no more than `keep` are behind the point.
fn shorten(value: i256, scale: i32, keep: i32, target: i32, how: How) -> Option<i256> {
    if keep >= scale {
        return value.checked_mul(power_of_ten(target - scale)?);
    }
    let Some(unit) = power_of_ten(scale - keep) else { return Some(i256::ZERO) };
    let whole = value.checked_div(unit)?;
    let rest = value.checked_rem(unit)?;
    let whole = match how {
        How::Round => divide_rounded(value, unit)?,
        How::Ceiling if rest.is_positive() => whole.checked_add(i256::ONE)?,
        How::Floor if rest.is_negative() => whole.checked_sub(i256::ONE)?,
        _ => whole,
    };
    whole.checked_mul(power_of_ten(target - keep)?)
}

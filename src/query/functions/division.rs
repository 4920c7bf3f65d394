//! Division of numerics, with as many digits behind the point as PostgreSQL's.
//!
//! Arrow gives a quotient four digits more than the dividend has and cuts the rest: `2.0 / 3` would be 0.66666.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal256Array};
use arrow::compute;
use arrow::datatypes::{DataType, Decimal256Type, i256};
use datafusion::logical_expr::{Expr, Volatility};

use super::aggregates::{
    NUMERIC_BASE_DIGITS, SIGNIFICANT_DIGITS, divide_rounded, first_digit, power_of_ten, shown_scale,
};
use super::kernel::{Kernel, call};
use crate::catalog::types::PgType;
use crate::error::QueryError;
use crate::query::bind::errors;

/// `left / right` of two numbers of which none is a float.
pub fn divide(left: Expr, right: Expr) -> Expr {
    let function = Kernel::new("kalam_numeric_divide", 2, PgType::Numeric(None), Volatility::Immutable, |_, arrays| {
        let wanted = PgType::Numeric(None).arrow();
        let DataType::Decimal256(precision, scale) = wanted else { return Err(out_of_range()) };
        let wide = |array: &ArrayRef| compute::cast(array, &wanted).map_err(|error| errors::translate(error.into()));
        let (left, right) = (wide(&arrays[0])?, wide(&arrays[1])?);
        let (left, right) = (left.as_primitive::<Decimal256Type>(), right.as_primitive::<Decimal256Type>());
        let mut answers = Vec::with_capacity(left.len());
        for row in 0..left.len() {
            if left.is_null(row) || right.is_null(row) {
                answers.push(None);
                continue;
            }
            let divisor = right.value(row);
            if divisor == i256::ZERO {
                return Err(QueryError::DivisionByZero.into());
            }
            answers.push(Some(quotient(left.value(row), divisor, scale).ok_or_else(out_of_range)?));
        }
        let answers = Decimal256Array::from(answers).with_precision_and_scale(precision, scale);
        let answers = answers.map_err(|error| errors::translate(error.into()))?;
        answers.validate_decimal_precision(precision).map_err(|_| out_of_range())?;
        Ok(Arc::new(answers))
    });
    call(function, vec![left, right])
}

fn out_of_range() -> crate::Error {
    QueryError::NumberOutOfRange("value overflows numeric format".into()).into()
}

/// The quotient of two decimals of one scale, in that scale. `None` if it has too many digits.
fn quotient(left: i256, right: i256, scale: i8) -> Option<i256> {
    let digits = digits(left, right, scale).min(i32::from(scale));
    let (left, right) = if right.is_negative() { (left.checked_neg()?, right.checked_neg()?) } else { (left, right) };
    let factor = power_of_ten(digits)?;
    let (whole, rest) = (left.checked_div(right)?, left.checked_rem(right)?);
    let rounded = whole.checked_mul(factor)?.checked_add(divide_rounded(rest.checked_mul(factor)?, right)?)?;
    rounded.checked_mul(power_of_ten(i32::from(scale) - digits)?)
}

/// PostgreSQL's `select_div_scale`: how many digits behind the point a quotient has.
fn digits(left: i256, right: i256, scale: i8) -> i32 {
    let first = |value: i256| first_digit(&value.wrapping_abs().to_string(), i32::from(scale));
    let ((left_weight, left_first), (right_weight, right_first)) = (first(left), first(right));
    let mut weight = left_weight - right_weight;
    if left_first <= right_first {
        weight -= 1;
    }
    let shown = shown_scale(left, scale).max(shown_scale(right, scale));
    (SIGNIFICANT_DIGITS - weight * NUMERIC_BASE_DIGITS).max(shown).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_are_rounded() {
        let scaled = |value: i128| i256::from_i128(value * 10i128.pow(20));
        let of = |left: i128, right: i128| quotient(scaled(left), scaled(right), 20).unwrap().to_string();
        assert_eq!(of(2, 3), "66666666666666666667");
        assert_eq!(of(-2, 3), "-66666666666666666667");
        assert_eq!(of(10, -4), "-250000000000000000000");
    }
}

//! Functions of whole numbers: bits, absolute values, divisors.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array};
use arrow::compute::{CastOptions, cast_with_options};
use datafusion::logical_expr::{Expr, Volatility};

use super::Call;
use crate::catalog::types::PgType;
use crate::error::{QueryError, Result};
use crate::query::environment::Environment;
use crate::query::functions::convert::wide_integers;
use crate::query::functions::kernel::{self, Kernel};

/// One value from one or two; `None` is out of range. The second is 0 where there is only one.
type Whole = fn(i64, i64) -> Result<Option<i64>>;

fn named(source: &str) -> Option<Whole> {
    let width = source.strip_prefix("int")?;
    let (width, operation) = width.split_at_checked(1)?;
    Some(match (width, operation) {
        ("2" | "4" | "8", "and") => |left, right| Ok(Some(left & right)),
        ("2" | "4" | "8", "or") => |left, right| Ok(Some(left | right)),
        ("2" | "4" | "8", "xor") => |left, right| Ok(Some(left ^ right)),
        ("2" | "4" | "8", "not") => |value, _| Ok(Some(!value)),
        ("2" | "4" | "8", "abs") => |value, _| Ok(value.checked_abs()),
        // A shift counts by the width of the register that does it; a smallint is shifted in 32 bits.
        ("2", "shl") => |value, by| Ok(Some(i64::from(low16(low32(value).wrapping_shl(low32u(by)))))),
        ("2", "shr") => |value, by| Ok(Some(i64::from(low16(low32(value).wrapping_shr(low32u(by)))))),
        ("4", "shl") => |value, by| Ok(Some(i64::from(low32(value).wrapping_shl(low32u(by))))),
        ("4", "shr") => |value, by| Ok(Some(i64::from(low32(value).wrapping_shr(low32u(by))))),
        ("8", "shl") => |value, by| Ok(Some(value.wrapping_shl(low32u(by)))),
        ("8", "shr") => |value, by| Ok(Some(value.wrapping_shr(low32u(by)))),
        ("4" | "8", "gcd") => |left, right| Ok(i64::try_from(gcd(left, right)).ok()),
        ("4" | "8", "lcm") => |left, right| {
            if left == 0 || right == 0 {
                return Ok(Some(0));
            }
            let parts = u128::from(left.unsigned_abs()) / u128::from(gcd(left, right));
            Ok(i64::try_from(parts * u128::from(right.unsigned_abs())).ok())
        },
        _ => return None,
    })
}

#[expect(clippy::cast_possible_truncation, reason = "the low bits are what is wanted")]
fn low32(value: i64) -> i32 {
    value as i32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the low bits are what is wanted")]
fn low32u(value: i64) -> u32 {
    value as u32
}

#[expect(clippy::cast_possible_truncation, reason = "the low bits are what is wanted")]
fn low16(value: i32) -> i16 {
    value as i16
}

fn gcd(left: i64, right: i64) -> u64 {
    let (mut left, mut right) = (left.unsigned_abs(), right.unsigned_abs());
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

pub(super) fn plan(call: &mut Call<'_>) -> Option<Result<Expr>> {
    let whole = named(&call.source)?;
    let result = call.result.clone();
    let name = format!("pg_{}", call.source);
    let arguments = call.take();
    let work = move |_: &Environment, arrays: &[ArrayRef]| {
        let first = wide_integers(&arrays[0])?;
        let second = arrays.get(1).map(wide_integers).transpose()?;
        let mut answers = Vec::with_capacity(first.len());
        for row in 0..first.len() {
            if first.is_null(row) || second.as_ref().is_some_and(|second| second.is_null(row)) {
                answers.push(None);
                continue;
            }
            let answer = whole(first.value(row), second.as_ref().map_or(0, |second| second.value(row)))?;
            answers.push(Some(answer.ok_or_else(|| out_of_range(&result))?));
        }
        let wide: ArrayRef = Arc::new(Int64Array::from(answers));
        let options = CastOptions { safe: false, ..CastOptions::default() };
        cast_with_options(&wide, &result.arrow(), &options).map_err(|_| out_of_range(&result))
    };
    let function = Kernel::new(name, arguments.len(), call.result.clone(), Volatility::Immutable, work);
    Some(Ok(kernel::call(function, arguments)))
}

fn out_of_range(result: &PgType) -> crate::Error {
    QueryError::NumberOutOfRange(format!("{} out of range", result.without_typmod())).into()
}

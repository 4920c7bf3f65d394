//! Functions of `numeric`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array};
use arrow::datatypes::{Int32Type, Int64Type};
use datafusion::logical_expr::{Expr, Volatility};

use super::Call;
use crate::base::numeric::Numeric;
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::environment::Environment;
use crate::query::functions::kernel::{self, Kernel};
use crate::query::functions::numbers;

type Unary = fn(&Numeric) -> Result<Numeric>;
type Binary = fn(&Numeric, &Numeric) -> Result<Numeric>;

fn unary(source: &str) -> Option<Unary> {
    Some(match source {
        "numeric_abs" => |number| Ok(number.clone().abs()),
        "numeric_uminus" => |number| Ok(number.clone().negated()),
        "numeric_uplus" => |number| Ok(number.clone()),
        "numeric_sign" => |number| Ok(number.sign()),
        "numeric_ceil" => Numeric::ceiling,
        "numeric_floor" => Numeric::floor,
        "round(numeric)" => |number| number.round(0),
        "trunc(numeric)" => |number| number.truncate(0),
        "numeric_sqrt" => Numeric::square_root,
        "numeric_exp" => Numeric::exponential,
        "numeric_ln" => Numeric::natural_logarithm,
        "log(numeric)" | "log10(numeric)" => |number| number.logarithm(&Numeric::from_integer(10)),
        "numeric_trim_scale" => |number| Ok(number.trimmed()),
        "numeric_inc" => |number| number.add(&Numeric::from_integer(1)),
        _ => return None,
    })
}

fn binary(source: &str) -> Option<Binary> {
    Some(match source {
        "numeric_add" => Numeric::add,
        "numeric_sub" => Numeric::subtract,
        "numeric_mul" => Numeric::multiply,
        "numeric_div" => Numeric::divide,
        "numeric_mod" => Numeric::modulo,
        "numeric_div_trunc" => Numeric::divide_whole,
        "numeric_log" => |base, number| number.logarithm(base),
        "numeric_power" => Numeric::power,
        "numeric_gcd" => Numeric::greatest_common_divisor,
        "numeric_lcm" => Numeric::least_common_multiple,
        // Of two equal ones PostgreSQL takes the second.
        "numeric_larger" => |left, right| Ok(if left > right { left.clone() } else { right.clone() }),
        "numeric_smaller" => |left, right| Ok(if left < right { left.clone() } else { right.clone() }),
        _ => return None,
    })
}

/// Functions that round a number to so many digits behind the point.
fn to_digits(source: &str) -> Option<fn(&Numeric, i64) -> Result<Numeric>> {
    Some(match source {
        "numeric_round" => Numeric::round,
        "numeric_trunc" => Numeric::truncate,
        _ => return None,
    })
}

/// Functions that tell a number of digits; `None` of what is not finite.
fn scales(source: &str) -> Option<fn(&Numeric) -> Option<u16>> {
    Some(match source {
        "numeric_scale" => Numeric::scale,
        "numeric_min_scale" => Numeric::min_scale,
        _ => return None,
    })
}

pub(super) fn plan(call: &mut Call<'_>) -> Option<Result<Expr>> {
    let name = format!("pg_{}", call.source);
    let source = call.source.clone();
    let result = call.result.clone();
    if let Some(compute) = unary(&source) {
        let function = immutable(name, 1, result, move |environment, arrays| {
            let values = arrays[0].as_binary_view();
            numbers::map(environment, arrays, |row| compute(&numbers::value(values, row)?))
        });
        return Some(Ok(kernel::call(function, call.take())));
    }
    if let Some(compute) = binary(&source) {
        return Some(Ok(numbers::binary(name, compute, call.take())));
    }
    let function = if let Some(compute) = to_digits(&source) {
        immutable(name, 2, result, move |environment, arrays| {
            let (values, digits) = (arrays[0].as_binary_view(), arrays[1].as_primitive::<Int32Type>());
            numbers::map(environment, arrays, |row| {
                compute(&numbers::value(values, row)?, i64::from(digits.value(row)))
            })
        })
    } else if let Some(scale) = scales(&source) {
        immutable(name, 1, result, move |_, arrays| {
            let values = arrays[0].as_binary_view();
            let scales = values.iter().map(|bytes| Ok(bytes.map(numbers::decode).transpose()?.and_then(|n| scale(&n))));
            let scales = scales.map(|found: Result<_>| found.map(|found| found.map(i32::from)));
            Ok(Arc::new(scales.collect::<Result<Int32Array>>()?))
        })
    } else {
        match source.as_str() {
            "numeric_fac" => immutable(name, 1, result, |environment, arrays| {
                let values = arrays[0].as_primitive::<Int64Type>();
                numbers::map(environment, arrays, |row| Numeric::factorial(values.value(row)))
            }),
            "width_bucket_numeric" => immutable(name, 4, result, buckets),
            _ => return None,
        }
    };
    Some(Ok(kernel::call(function, call.take())))
}

fn immutable(
    name: String,
    arguments: usize,
    result: PgType,
    work: impl Fn(&Environment, &[ArrayRef]) -> Result<ArrayRef> + Send + Sync + 'static,
) -> Arc<datafusion::logical_expr::ScalarUDF> {
    Kernel::new(name, arguments, result, Volatility::Immutable, work)
}

fn buckets(_: &Environment, arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let number = |index: usize, row: usize| numbers::value(arrays[index].as_binary_view(), row);
    let counts = arrays[3].as_primitive::<Int32Type>();
    let bucket = |row: usize| {
        if arrays.iter().any(|array| array.is_null(row)) {
            return Ok(None);
        }
        number(0, row)?.width_bucket(&number(1, row)?, &number(2, row)?, counts.value(row)).map(Some)
    };
    Ok(Arc::new((0..arrays[0].len()).map(bucket).collect::<Result<Int32Array>>()?))
}

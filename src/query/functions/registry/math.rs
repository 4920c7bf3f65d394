//! Functions of `double precision`, with PostgreSQL's domains.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use datafusion::logical_expr::{Expr, Volatility};

use super::{Call, adapt};
use crate::error::{QueryError, Result};
use crate::query::bind::errors;
use crate::query::environment::Environment;
use crate::query::functions::kernel::{self, Kernel};

type Unary = fn(f64) -> Result<f64>;
type Binary = fn(f64, f64) -> Result<f64>;

fn unary(source: &str) -> Option<Unary> {
    Some(match source {
        "float8abs" => |x| Ok(x.abs()),
        "dround" => |x| Ok(x.round_ties_even()),
        "dtrunc" => |x| Ok(x.trunc()),
        "dceil" => |x| Ok(x.ceil()),
        "dfloor" => |x| Ok(x.floor()),
        "dsign" => |x| {
            Ok(if x > 0.0 {
                1.0
            } else if x < 0.0 {
                -1.0
            } else {
                0.0
            })
        },
        "dsqrt" => |x| {
            if x < 0.0 {
                return Err(QueryError::InvalidPower("cannot take square root of a negative number".into()).into());
            }
            Ok(x.sqrt())
        },
        "dcbrt" => |x| Ok(x.cbrt()),
        "dexp" => |x| finite(x.exp(), x),
        "dlog1" => |x| positive(x).map(f64::ln),
        "dlog10" => |x| positive(x).map(f64::log10),
        "dacos" => |x| within(x).map(f64::acos),
        "dasin" => |x| within(x).map(f64::asin),
        "datan" => |x| Ok(x.atan()),
        "dcos" => |x| bounded(x).map(f64::cos),
        "dsin" => |x| bounded(x).map(f64::sin),
        "dtan" => |x| bounded(x).map(f64::tan),
        "dcot" => |x| bounded(x).map(|x| 1.0 / x.tan()),
        "dsinh" => |x| Ok(x.sinh()),
        "dcosh" => |x| Ok(x.cosh()),
        "dtanh" => |x| Ok(x.tanh()),
        "degrees" => |x| finite(x / RADIANS_PER_DEGREE, x),
        "radians" => |x| Ok(x * RADIANS_PER_DEGREE),
        _ => return None,
    })
}

const RADIANS_PER_DEGREE: f64 = 0.017_453_292_519_943_295;

fn binary(source: &str) -> Option<Binary> {
    Some(match source {
        "datan2" => |y, x| Ok(y.atan2(x)),
        "dpow" => power,
        _ => return None,
    })
}

fn refused(message: &str) -> crate::Error {
    QueryError::NumberOutOfRange(message.into()).into()
}

/// An answer that must be finite if the argument is, and not zero by underflow.
fn finite(answer: f64, argument: f64) -> Result<f64> {
    if answer.is_infinite() && !argument.is_infinite() {
        return Err(refused("value out of range: overflow"));
    }
    if answer == 0.0 && argument != 0.0 && !argument.is_infinite() {
        return Err(refused("value out of range: underflow"));
    }
    Ok(answer)
}

/// The argument of a logarithm.
fn positive(x: f64) -> Result<f64> {
    if x == 0.0 {
        return Err(QueryError::InvalidLogarithm("cannot take logarithm of zero".into()).into());
    }
    if x < 0.0 {
        return Err(QueryError::InvalidLogarithm("cannot take logarithm of a negative number".into()).into());
    }
    Ok(x)
}

/// The argument of an inverse of sine or cosine.
fn within(x: f64) -> Result<f64> {
    if x.abs() > 1.0 { Err(refused("input is out of range")) } else { Ok(x) }
}

fn bounded(x: f64) -> Result<f64> {
    if x.is_infinite() { Err(refused("input is out of range")) } else { Ok(x) }
}

fn power(base: f64, exponent: f64) -> Result<f64> {
    if base.is_nan() || exponent.is_nan() {
        // 1 to whatever, and whatever to 0, is 1.
        return Ok(base.powf(exponent));
    }
    if base == 0.0 && exponent < 0.0 {
        return Err(QueryError::InvalidPower("zero raised to a negative power is undefined".into()).into());
    }
    if base < 0.0 && exponent.floor() != exponent {
        let message = "a negative number raised to a non-integer power yields a complex result";
        return Err(QueryError::InvalidPower(message.into()).into());
    }
    let answer = base.powf(exponent);
    if base.is_infinite() || exponent.is_infinite() {
        return Ok(answer);
    }
    if answer.is_infinite() {
        return Err(refused("value out of range: overflow"));
    }
    if answer == 0.0 && base != 0.0 {
        return Err(refused("value out of range: underflow"));
    }
    Ok(answer)
}

fn doubles(array: &ArrayRef) -> Result<Float64Array> {
    let array = cast(array, &DataType::Float64).map_err(|error| errors::translate(error.into()))?;
    Ok(array.as_primitive::<Float64Type>().clone())
}

pub(super) fn plan(call: &mut Call<'_>) -> Option<Result<Expr>> {
    let name = format!("pg_{}", call.source);
    match call.source.as_str() {
        "dpi" => return Some(adapt::call(call, "pi")),
        "drandom" => return Some(adapt::call(call, "random")),
        "float4abs" => {
            let function = Kernel::new(
                name,
                1,
                call.result.clone(),
                Volatility::Immutable,
                |_: &Environment, arrays: &[ArrayRef]| {
                    Ok(Arc::new(arrays[0].as_primitive::<Float32Type>().unary::<_, Float32Type>(f32::abs)) as ArrayRef)
                },
            );
            return Some(Ok(kernel::call(function, call.take())));
        }
        _ => {}
    }
    if let Some(unary) = unary(&call.source) {
        let work = move |_: &Environment, arrays: &[ArrayRef]| {
            let answers = doubles(&arrays[0])?.try_unary::<_, Float64Type, crate::Error>(unary)?;
            Ok(Arc::new(answers) as ArrayRef)
        };
        let function = Kernel::new(name, 1, call.result.clone(), Volatility::Immutable, work);
        return Some(Ok(kernel::call(function, call.take())));
    }
    let binary = binary(&call.source)?;
    let work = move |_: &Environment, arrays: &[ArrayRef]| {
        let (left, right) = (doubles(&arrays[0])?, doubles(&arrays[1])?);
        let answers = (0..left.len()).map(|row| {
            if left.is_null(row) || right.is_null(row) {
                return Ok(None);
            }
            binary(left.value(row), right.value(row)).map(Some)
        });
        Ok(Arc::new(answers.collect::<Result<Float64Array>>()?) as ArrayRef)
    };
    let function = Kernel::new(name, 2, call.result.clone(), Volatility::Immutable, work);
    Some(Ok(kernel::call(function, call.take())))
}

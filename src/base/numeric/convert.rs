//! Numbers from and to integers and floats.

use super::coefficient::Coefficient;
use super::{Numeric, rounding};
use crate::Result;
use crate::error::{CatalogError, QueryError};

/// Significant digits that a float gives to a numeric.
const FLOAT4_DIGITS: usize = 6;
const FLOAT8_DIGITS: usize = 15;

impl Numeric {
    /// A `double precision`, with its first 15 digits.
    pub fn from_float8(value: f64) -> Numeric {
        if value.is_finite() { from_float(&format!("{value:.*e}", FLOAT8_DIGITS - 1)) } else { special(value) }
    }

    /// A `real`, with its first 6 digits.
    pub fn from_float4(value: f32) -> Numeric {
        if value.is_finite() {
            from_float(&format!("{value:.*e}", FLOAT4_DIGITS - 1))
        } else {
            special(f64::from(value))
        }
    }

    /// The nearest float; infinite beyond its range.
    pub fn to_float(&self) -> f64 {
        match self {
            Numeric::NaN => f64::NAN,
            Numeric::Infinity => f64::INFINITY,
            Numeric::NegativeInfinity => f64::NEG_INFINITY,
            // Its own digits decide: computed from coefficient and scale the result would be rounded twice.
            Numeric::Finite(_) => self.to_string().parse().unwrap_or(f64::NAN),
        }
    }

    /// The nearest integer, half away from zero. `type_name` is the type of which it must be.
    ///
    /// # Errors
    /// 22003 outside of `i64`, 0A000 for what is not finite.
    pub fn to_integer(&self, type_name: &str) -> Result<i64> {
        let what = match self {
            Numeric::Finite(number) => {
                let out_of_range = || QueryError::NumberOutOfRange(format!("{type_name} out of range"));
                let whole = number.shortened(0, rounding::How::Nearest);
                let whole = whole.small().and_then(|whole| i64::try_from(whole).ok());
                return whole.ok_or_else(|| out_of_range().into());
            }
            Numeric::NaN => "NaN",
            Numeric::Infinity | Numeric::NegativeInfinity => "infinity",
        };
        Err(CatalogError::NotSupported(format!("cannot convert {what} to {type_name}")).into())
    }

    /// The coefficient of the number written with `scale` digits behind the point, if it is finite, has no more of
    /// them, and fits.
    pub fn unscaled(&self, scale: i64) -> Option<i128> {
        let Numeric::Finite(number) = self else { return None };
        match (scale - number.scale(), &number.coefficient) {
            (0, Coefficient::Small(value)) => Some(*value),
            (0.., _) => number.at(scale).small(),
            _ => None,
        }
    }

    /// A coefficient of any size as its bytes, the lowest first.
    pub fn from_wide(bytes: &[u8], scale: u16) -> Numeric {
        let coefficient = Coefficient::from(num_bigint::BigInt::from_signed_bytes_le(bytes));
        Numeric::Finite(super::Finite { coefficient, scale })
    }

    /// As [`unscaled`](Self::unscaled), for a coefficient of any size: its bytes, the lowest first.
    pub fn unscaled_wide(&self, scale: i64) -> Option<Vec<u8>> {
        let Numeric::Finite(number) = self else { return None };
        (scale >= number.scale()).then(|| number.at(scale).big().to_signed_bytes_le())
    }
}

fn special(value: f64) -> Numeric {
    if value.is_nan() {
        Numeric::NaN
    } else if value > 0.0 {
        Numeric::Infinity
    } else {
        Numeric::NegativeInfinity
    }
}

/// A number of text like `1.500000e-3`, without the zeros at the end of its digits.
fn from_float(text: &str) -> Numeric {
    let (digits, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    Numeric::parse(&format!("{digits}e{exponent}")).unwrap_or(Numeric::NaN)
}

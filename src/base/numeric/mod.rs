//! `numeric`: exact decimal numbers of any length, with PostgreSQL's results.
//!
//! A finite number is an integer coefficient and a display scale: how many of its digits are behind the point.
//! `1.0` and `1.00` are equal and print differently, as in PostgreSQL. The coefficient is an `i128` as long as it
//! fits, so that everyday numbers cost no allocation, and a big integer beyond that. Bounds are PostgreSQL's:
//! 131,072 digits before the point and 16,383 behind it.
//!
//! [`encoding`](Numeric::encode) is the form that values have everywhere outside of computations: in columns of a
//! query, in rows and in keys. Its bytes compare as the numbers do.

mod aggregate;
mod arithmetic;
mod coefficient;
mod convert;
mod encoding;
mod exponential;
mod functions;
mod order;
mod rounding;
mod text;

#[cfg(test)]
mod tests;

pub use aggregate::{Moments, Sum};
pub use encoding::{key, key_length};
pub use text::field_overflow;

use coefficient::Coefficient;

/// Most digits before the point.
pub const WHOLE_DIGITS: i64 = 131_072;
/// Most digits behind the point.
pub const SCALE: i64 = 16_383;
/// Most digits behind the point of what a function chooses itself, such as a quotient.
const DISPLAY_SCALE: i64 = 1000;
/// A quotient, a root or a logarithm has at least so many significant digits.
const SIGNIFICANT_DIGITS: i64 = 16;
/// PostgreSQL's digits are to the base 10,000: four decimal ones.
const DIGIT_LENGTH: i64 = 4;

/// A value of the type `numeric`.
#[derive(Clone, Debug)]
pub enum Numeric {
    NegativeInfinity,
    Finite(Finite),
    Infinity,
    /// Not a number: equal to itself and greater than everything else.
    NaN,
}

/// A finite number: `coefficient × 10^-scale`.
#[derive(Clone, Debug)]
pub struct Finite {
    coefficient: Coefficient,
    scale: u16,
}

impl Numeric {
    /// A number of a coefficient and a scale.
    ///
    /// # Errors
    /// 22003 beyond the bounds.
    fn new(coefficient: Coefficient, scale: i64) -> crate::Result<Self> {
        Finite::new(coefficient, scale).map(Self::Finite)
    }

    /// `coefficient × 10^-scale`.
    pub fn from_decimal(coefficient: i128, scale: u16) -> Self {
        Self::Finite(Finite { coefficient: Coefficient::Small(coefficient), scale })
    }

    /// An integer.
    pub fn from_integer(integer: impl Into<i128>) -> Self {
        Self::from_decimal(integer.into(), 0)
    }

    /// Whether it is NaN.
    pub fn is_nan(&self) -> bool {
        matches!(self, Self::NaN)
    }

    /// Whether it is 0.
    pub fn is_zero(&self) -> bool {
        matches!(self, Self::Finite(number) if number.coefficient.is_zero())
    }

    /// The digits behind the point; none of NaN and infinities.
    pub fn scale(&self) -> Option<u16> {
        match self {
            Self::Finite(number) => Some(number.scale),
            _ => None,
        }
    }

    /// The sign: -1, 0 or 1; that of NaN is 1, which no caller asks.
    fn signum(&self) -> i32 {
        match self {
            Self::NegativeInfinity => -1,
            Self::Finite(number) => number.coefficient.signum(),
            Self::Infinity | Self::NaN => 1,
        }
    }
}

impl Finite {
    fn new(coefficient: Coefficient, scale: i64) -> crate::Result<Self> {
        let checked = u16::try_from(scale).ok().filter(|scale| i64::from(*scale) <= SCALE);
        match checked {
            Some(scale) if coefficient.is_small() || coefficient.digits() - i64::from(scale) <= WHOLE_DIGITS => {
                Ok(Self { coefficient, scale })
            }
            _ => Err(overflow()),
        }
    }

    fn scale(&self) -> i64 {
        i64::from(self.scale)
    }

    /// The coefficient if the number is written with `scale` digits behind the point, which are not fewer than it has.
    fn at(&self, scale: i64) -> Coefficient {
        self.coefficient.times_ten(scale - self.scale())
    }

    /// The power of 10,000 of the first digit to that base; 0 for zero.
    fn weight(&self) -> i64 {
        self.first_digit().0
    }

    /// The weight and the value of the first digit to the base 10,000.
    fn first_digit(&self) -> (i64, i64) {
        let (weight, first) = self.leading(1);
        (weight, first)
    }

    /// The weight of the first digit to the base 10,000, and the value of the first `count` of such digits, of which
    /// there may be fewer.
    fn leading(&self, count: i64) -> (i64, i64) {
        if self.coefficient.is_zero() {
            return (0, 0);
        }
        let length = self.coefficient.digits();
        let before = length - self.scale();
        let weight = (before - 1).div_euclid(DIGIT_LENGTH);
        let wanted = before - weight * DIGIT_LENGTH + (count - 1) * DIGIT_LENGTH;
        (weight, self.coefficient.first_digits(length, wanted))
    }
}

/// 22003 for what is beyond the bounds of the type.
fn overflow() -> crate::Error {
    crate::error::CatalogError::NumberOutOfRange { message: "value overflows numeric format".into(), detail: None }
        .into()
}

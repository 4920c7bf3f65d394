//! Functions whose results are exact or rounded once: roots, divisors, factorials, buckets.

use num_bigint::BigInt;

use super::arithmetic::quotient_scale;
use super::coefficient::{Coefficient, power};
use super::{DIGIT_LENGTH, DISPLAY_SCALE, Finite, Numeric, SIGNIFICANT_DIGITS};
use crate::Result;
use crate::error::QueryError;

/// The factorial of a greater number has more digits than a number may have.
const GREATEST_FACTORIAL: i64 = 32_177;

impl Finite {
    /// The square root with `scale` digits behind the point. The number is not negative.
    pub(super) fn root(&self, scale: i64) -> Coefficient {
        // One digit more, by which it is rounded.
        let shift = 2 * (scale + 1) - self.scale();
        let scaled =
            if shift >= 0 { self.coefficient.big() * power(shift) } else { self.coefficient.big() / power(-shift) };
        Coefficient::from(scaled.sqrt()).divided_rounded(&Coefficient::Small(10))
    }
}

impl Numeric {
    /// `sqrt(self)`.
    ///
    /// # Errors
    /// 2201F for a negative number.
    pub fn square_root(&self) -> Result<Numeric> {
        if self.signum() < 0 {
            return Err(QueryError::InvalidPower("cannot take square root of a negative number".into()).into());
        }
        let Numeric::Finite(number) = self else { return Ok(self.clone()) };
        let before = number.weight() * DIGIT_LENGTH / 2 + 1;
        let scale = (SIGNIFICANT_DIGITS - before).max(number.scale()).clamp(0, DISPLAY_SCALE);
        Numeric::new(number.root(scale), scale)
    }

    /// `gcd(self, other)`.
    ///
    /// # Errors
    /// None that a caller could cause.
    pub fn greatest_common_divisor(&self, other: &Numeric) -> Result<Numeric> {
        let (Numeric::Finite(left), Numeric::Finite(right)) = (self, other) else { return Ok(Numeric::NaN) };
        let (divisor, scale) = divisor(left, right);
        Numeric::new(divisor, scale)
    }

    /// `lcm(self, other)`.
    ///
    /// # Errors
    /// 22003.
    pub fn least_common_multiple(&self, other: &Numeric) -> Result<Numeric> {
        let (Numeric::Finite(left), Numeric::Finite(right)) = (self, other) else { return Ok(Numeric::NaN) };
        let (divisor, scale) = divisor(left, right);
        if self.is_zero() || other.is_zero() {
            return Numeric::new(Coefficient::Small(0), scale);
        }
        let multiple = left.at(scale).divided(&divisor).0.times(&right.at(scale)).abs();
        Numeric::new(multiple, scale)
    }

    /// `factorial(number)`.
    ///
    /// # Errors
    /// 22003.
    pub fn factorial(number: i64) -> Result<Numeric> {
        if number < 0 {
            let message = "factorial of a negative number is undefined";
            return Err(QueryError::NumberOutOfRange(message.into()).into());
        }
        if number > GREATEST_FACTORIAL {
            return Err(super::overflow());
        }
        let product = (2..=number)
            .fold(Coefficient::Small(1), |product, factor| product.times(&Coefficient::Small(i128::from(factor))));
        Numeric::new(product, 0)
    }

    /// `width_bucket(self, low, high, count)`.
    ///
    /// # Errors
    /// 2201G for bounds or counts that make no buckets, 22003.
    pub fn width_bucket(&self, low: &Numeric, high: &Numeric, count: i32) -> Result<i32> {
        let fault = |message: &str| Err(QueryError::InvalidWidthBucket(message.into()).into());
        if count <= 0 {
            return fault("count must be greater than zero");
        }
        if self.is_nan() || low.is_nan() || high.is_nan() {
            return fault("operand, lower bound, and upper bound cannot be NaN");
        }
        let (Numeric::Finite(first), Numeric::Finite(last)) = (low, high) else {
            return fault("lower and upper bounds must be finite");
        };
        if low == high {
            return fault("lower bound cannot equal upper bound");
        }
        let rises = low < high;
        let (before, behind) = if rises { (self < low, self >= high) } else { (self > low, self <= high) };
        if before {
            return Ok(0);
        }
        let out_of_range = || QueryError::NumberOutOfRange("integer out of range".into());
        if behind {
            return count.checked_add(1).ok_or_else(|| out_of_range().into());
        }
        let Numeric::Finite(value) = self else { return Err(out_of_range().into()) };
        // The quotient is rounded as a division is, and may come out as a whole number that it just misses.
        let (offset, width) = (value.minus(first)?, last.minus(first)?);
        let offset = offset.times(&Finite { coefficient: Coefficient::Small(i128::from(count)), scale: 0 })?;
        let (Numeric::Finite(offset), Numeric::Finite(width)) = (offset, Numeric::Finite(width)) else {
            return Err(out_of_range().into());
        };
        let scale = quotient_scale(&offset, &width);
        let quotient = offset.divided(&width, scale);
        let bucket = quotient.divided(&Coefficient::power_of_ten(scale)).0;
        let bucket = bucket.small().and_then(|bucket| i32::try_from(bucket + 1).ok());
        bucket.ok_or_else(|| out_of_range().into())
    }
}

/// The greatest common divisor of the two, with as many digits behind the point as the longer one has.
fn divisor(left: &Finite, right: &Finite) -> (Coefficient, i64) {
    let scale = left.scale().max(right.scale());
    let (left, right) = (left.at(scale).abs(), right.at(scale).abs());
    if let (Some(mut left), Some(mut right)) = (left.small(), right.small()) {
        while right != 0 {
            (left, right) = (right, left % right);
        }
        return (Coefficient::Small(left), scale);
    }
    let (mut left, mut right) = (left.big(), right.big());
    let zero = BigInt::default();
    while right != zero {
        let rest = &left % &right;
        (left, right) = (right, rest);
    }
    (Coefficient::from(left), scale)
}

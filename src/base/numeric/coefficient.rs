//! The integer of a number: 128 bits wide as long as it fits, else of any width.

use std::cmp::Ordering;

use num_bigint::{BigInt, Sign};

/// Most powers of ten that an `i128` holds.
const SMALL_POWERS: usize = 39;

const POWERS: [i128; SMALL_POWERS] = {
    let mut powers = [1i128; SMALL_POWERS];
    let mut index = 1;
    while index < SMALL_POWERS {
        powers[index] = powers[index - 1] * 10;
        index += 1;
    }
    powers
};

/// An integer. `Large` is only used for what does not fit `Small`, so that equal integers are equal in form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Coefficient {
    Small(i128),
    Large(BigInt),
}

use Coefficient::{Large, Small};

/// `10^exponent`, if it fits 128 bits.
pub(super) fn small_power(exponent: i64) -> Option<i128> {
    POWERS.get(usize::try_from(exponent).ok()?).copied()
}

/// `10^exponent`; 1 for what is negative.
pub(super) fn power(exponent: i64) -> BigInt {
    match small_power(exponent.max(0)) {
        Some(power) => BigInt::from(power),
        None => BigInt::from(10).pow(u32::try_from(exponent).unwrap_or(u32::MAX)),
    }
}

/// How many decimal digits a number that is not negative has; 1 for zero.
fn count_digits(value: u128) -> i64 {
    i64::from(value.checked_ilog10().unwrap_or(0)) + 1
}

impl From<BigInt> for Coefficient {
    fn from(value: BigInt) -> Self {
        match i128::try_from(&value) {
            Ok(small) => Small(small),
            Err(_) => Large(value),
        }
    }
}

impl Coefficient {
    pub fn is_small(&self) -> bool {
        matches!(self, Small(_))
    }

    pub fn is_zero(&self) -> bool {
        matches!(self, Small(0))
    }

    pub fn signum(&self) -> i32 {
        let sign = match self {
            Small(value) => value.cmp(&0),
            Large(value) => value.sign().cmp(&Sign::NoSign),
        };
        match sign {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        }
    }

    pub fn big(&self) -> BigInt {
        match self {
            Small(value) => BigInt::from(*value),
            Large(value) => value.clone(),
        }
    }

    pub fn small(&self) -> Option<i128> {
        match self {
            Small(value) => Some(*value),
            Large(_) => None,
        }
    }

    pub fn abs(self) -> Self {
        if self.signum() < 0 { self.negated() } else { self }
    }

    pub fn negated(self) -> Self {
        match self {
            Small(value) => match value.checked_neg() {
                Some(value) => Small(value),
                None => Large(-BigInt::from(value)),
            },
            Large(value) => Self::from(-value),
        }
    }

    pub fn plus(&self, other: &Self) -> Self {
        if let (Small(left), Small(right)) = (self, other) {
            if let Some(sum) = left.checked_add(*right) {
                return Small(sum);
            }
        }
        Self::from(self.big() + other.big())
    }

    pub fn minus(&self, other: &Self) -> Self {
        if let (Small(left), Small(right)) = (self, other) {
            if let Some(difference) = left.checked_sub(*right) {
                return Small(difference);
            }
        }
        Self::from(self.big() - other.big())
    }

    pub fn times(&self, other: &Self) -> Self {
        if let (Small(left), Small(right)) = (self, other) {
            if let Some(product) = left.checked_mul(*right) {
                return Small(product);
            }
        }
        Self::from(self.big() * other.big())
    }

    /// The quotient, without what is behind the point, and the remainder, which has the sign of the dividend. The
    /// divisor is not zero.
    pub fn divided(&self, divisor: &Self) -> (Self, Self) {
        if let (Small(left), Small(right)) = (self, divisor) {
            if let (Some(quotient), Some(rest)) = (left.checked_div(*right), left.checked_rem(*right)) {
                return (Small(quotient), Small(rest));
            }
        }
        let (left, right) = (self.big(), divisor.big());
        let quotient = &left / &right;
        let rest = left - &quotient * right;
        (Self::from(quotient), Self::from(rest))
    }

    /// The quotient rounded to the nearest integer, half away from zero.
    pub fn divided_rounded(&self, divisor: &Self) -> Self {
        let (quotient, rest) = self.divided(divisor);
        let twice = rest.times(&Small(2)).abs();
        if twice.compare(&divisor.clone().abs()) == Ordering::Less {
            return quotient;
        }
        let away = if self.signum() * divisor.signum() < 0 { -1 } else { 1 };
        quotient.plus(&Small(away))
    }

    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Small(left), Small(right)) => left.cmp(right),
            (Small(_), Large(right)) => {
                if right.sign() == Sign::Minus {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
            (Large(left), Small(_)) => {
                if left.sign() == Sign::Minus {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
            (Large(left), Large(right)) => left.cmp(right),
        }
    }

    /// `self × 10^exponent`, for an exponent that is not negative.
    pub fn times_ten(&self, exponent: i64) -> Self {
        if exponent <= 0 || self.is_zero() {
            return self.clone();
        }
        if let (Small(value), Some(power)) = (self, small_power(exponent)) {
            if let Some(product) = value.checked_mul(power) {
                return Small(product);
            }
        }
        Self::from(self.big() * power(exponent))
    }

    /// `10^exponent`.
    pub fn power_of_ten(exponent: i64) -> Self {
        match small_power(exponent) {
            Some(power) => Small(power),
            None => Self::from(power(exponent)),
        }
    }

    /// How many decimal digits it has; 1 for zero.
    pub fn digits(&self) -> i64 {
        match self {
            Small(value) => count_digits(value.unsigned_abs()),
            Large(value) => {
                let magnitude = value.magnitude();
                let bits = magnitude.bits();
                // log10(2) from below: never more digits than there are.
                let bits = i64::try_from(bits).unwrap_or(i64::MAX / 100_000);
                let estimate = (bits - 1).saturating_mul(30_102) / 100_000 + 1;
                let mut digits = estimate;
                let mut bound = power(estimate);
                while bound.magnitude() <= magnitude {
                    digits += 1;
                    bound *= 10;
                }
                digits
            }
        }
    }

    /// The first `wanted` of its `length` decimal digits as a number, without the sign; zeros are appended if there
    /// are not so many.
    pub fn first_digits(&self, length: i64, wanted: i64) -> i64 {
        let first = if wanted >= length {
            self.times_ten(wanted - length)
        } else {
            self.divided(&Self::power_of_ten(length - wanted)).0
        };
        first.abs().small().and_then(|first| i64::try_from(first).ok()).unwrap_or(i64::MAX)
    }

    pub fn is_odd(&self) -> bool {
        match self {
            Small(value) => value & 1 == 1,
            Large(value) => value.bit(0),
        }
    }
}

//! The four operations, the remainder, and the scales of their results.

use super::coefficient::Coefficient;
use super::{DIGIT_LENGTH, DISPLAY_SCALE, Finite, Numeric, SCALE, SIGNIFICANT_DIGITS};
use crate::Result;
use crate::error::QueryError;

use Numeric::{Infinity, NaN, NegativeInfinity};

/// 22012.
pub(super) fn division_by_zero() -> crate::Error {
    QueryError::DivisionByZero.into()
}

/// How many digits behind the point a quotient has.
pub(super) fn quotient_scale(left: &Finite, right: &Finite) -> i64 {
    let ((left_weight, left_first), (right_weight, right_first)) = (left.first_digit(), right.first_digit());
    let mut weight = left_weight - right_weight;
    if left_first <= right_first {
        weight -= 1;
    }
    let scale = SIGNIFICANT_DIGITS - weight * DIGIT_LENGTH;
    scale.max(left.scale()).max(right.scale()).clamp(0, DISPLAY_SCALE)
}

impl Finite {
    /// `self / other` with `scale` digits behind the point, rounded half away from zero. `other` is not zero.
    pub(super) fn divided(&self, other: &Finite, scale: i64) -> Coefficient {
        let shift = scale + other.scale() - self.scale();
        if shift >= 0 {
            self.coefficient.times_ten(shift).divided_rounded(&other.coefficient)
        } else {
            self.coefficient.divided_rounded(&other.coefficient.times_ten(-shift))
        }
    }

    /// The whole part of `self / other`.
    fn divided_whole(&self, other: &Finite) -> Coefficient {
        let scale = self.scale().max(other.scale());
        self.at(scale).divided(&other.at(scale)).0
    }

    fn plus(&self, other: &Finite) -> Result<Numeric> {
        let scale = self.scale().max(other.scale());
        Numeric::new(self.at(scale).plus(&other.at(scale)), scale)
    }

    pub(super) fn minus(&self, other: &Finite) -> Result<Finite> {
        let scale = self.scale().max(other.scale());
        Finite::new(self.at(scale).minus(&other.at(scale)), scale)
    }

    pub(super) fn times(&self, other: &Finite) -> Result<Numeric> {
        let scale = self.scale() + other.scale();
        let product = self.coefficient.times(&other.coefficient);
        if scale > SCALE {
            return Numeric::new(product.divided_rounded(&Coefficient::power_of_ten(scale - SCALE)), SCALE);
        }
        Numeric::new(product, scale)
    }
}

fn infinity(sign: i32) -> Numeric {
    match sign {
        0 => NaN,
        ..0 => NegativeInfinity,
        _ => Infinity,
    }
}

impl Numeric {
    /// `self + other`.
    ///
    /// # Errors
    /// 22003.
    pub fn add(&self, other: &Numeric) -> Result<Numeric> {
        Ok(match (self, other) {
            (Numeric::Finite(left), Numeric::Finite(right)) => return left.plus(right),
            (NaN, _) | (_, NaN) | (Infinity, NegativeInfinity) | (NegativeInfinity, Infinity) => NaN,
            (Infinity, _) | (_, Infinity) => Infinity,
            (NegativeInfinity, _) | (_, NegativeInfinity) => NegativeInfinity,
        })
    }

    /// `self - other`.
    ///
    /// # Errors
    /// 22003.
    pub fn subtract(&self, other: &Numeric) -> Result<Numeric> {
        if let (Numeric::Finite(left), Numeric::Finite(right)) = (self, other) {
            return left.minus(right).map(Numeric::Finite);
        }
        self.add(&other.clone().negated())
    }

    /// `self * other`.
    ///
    /// # Errors
    /// 22003.
    pub fn multiply(&self, other: &Numeric) -> Result<Numeric> {
        match (self, other) {
            (Numeric::Finite(left), Numeric::Finite(right)) => left.times(right),
            (NaN, _) | (_, NaN) => Ok(NaN),
            // An infinity times zero is no number.
            (left, right) => Ok(infinity(left.signum() * right.signum())),
        }
    }

    /// `self / other`.
    ///
    /// # Errors
    /// 22012, 22003.
    pub fn divide(&self, other: &Numeric) -> Result<Numeric> {
        match (self, other) {
            (NaN, _) | (_, NaN) => Ok(NaN),
            (Numeric::Finite(_), Numeric::Finite(right)) if right.coefficient.is_zero() => Err(division_by_zero()),
            (Numeric::Finite(left), Numeric::Finite(right)) => {
                let scale = quotient_scale(left, right);
                Numeric::new(left.divided(right, scale), scale)
            }
            (Infinity | NegativeInfinity, Infinity | NegativeInfinity) => Ok(NaN),
            (Infinity | NegativeInfinity, right) if right.is_zero() => Err(division_by_zero()),
            (Infinity | NegativeInfinity, right) => Ok(infinity(self.signum() * right.signum())),
            // Something finite divided by an infinity.
            (Numeric::Finite(_), _) => Ok(Numeric::from_integer(0)),
        }
    }

    /// `div(self, other)`: the whole part of the quotient.
    ///
    /// # Errors
    /// 22012, 22003.
    pub fn divide_whole(&self, other: &Numeric) -> Result<Numeric> {
        match (self, other) {
            (Numeric::Finite(_), Numeric::Finite(right)) if right.coefficient.is_zero() => Err(division_by_zero()),
            (Numeric::Finite(left), Numeric::Finite(right)) => Numeric::new(left.divided_whole(right), 0),
            _ => self.divide(other),
        }
    }

    /// `self % other`, with the sign of `self`.
    ///
    /// # Errors
    /// 22012.
    pub fn modulo(&self, other: &Numeric) -> Result<Numeric> {
        match (self, other) {
            (NaN, _) | (_, NaN) => Ok(NaN),
            (_, Numeric::Finite(right)) if right.coefficient.is_zero() => Err(division_by_zero()),
            (Numeric::Finite(left), Numeric::Finite(right)) => {
                let scale = left.scale().max(right.scale());
                Numeric::new(left.at(scale).divided(&right.at(scale)).1, scale)
            }
            (Infinity | NegativeInfinity, _) => Ok(NaN),
            (Numeric::Finite(_), _) => Ok(self.clone()),
        }
    }

    /// `-self`.
    #[must_use]
    pub fn negated(self) -> Numeric {
        match self {
            NegativeInfinity => Infinity,
            Infinity => NegativeInfinity,
            NaN => NaN,
            Numeric::Finite(Finite { coefficient, scale }) => {
                Numeric::Finite(Finite { coefficient: coefficient.negated(), scale })
            }
        }
    }

    /// `abs(self)`.
    #[must_use]
    pub fn abs(self) -> Numeric {
        if self.signum() < 0 { self.negated() } else { self }
    }

    /// `sign(self)`.
    #[must_use]
    pub fn sign(&self) -> Numeric {
        match self {
            NaN => NaN,
            other => Numeric::from_integer(other.signum()),
        }
    }
}

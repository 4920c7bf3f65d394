//! Rounding to a number of digits, and the scale of a number.

use std::cmp::Ordering;

use super::coefficient::Coefficient;
use super::text::{field_overflow, infinite_field};
use super::{Finite, Numeric, SCALE, WHOLE_DIGITS};
use crate::Result;

/// How a number loses digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// Half away from zero.
    Nearest,
    Truncate,
    Up,
    Down,
}

impl Finite {
    /// The number with `scale` digits behind the point; a negative scale makes the last digits before it zeros.
    pub(super) fn shortened(&self, scale: i64, how: How) -> Coefficient {
        if scale >= self.scale() {
            return self.at(scale);
        }
        let cut = self.scale() - scale;
        let unit = Coefficient::power_of_ten(cut);
        let kept = match how {
            How::Nearest => self.coefficient.divided_rounded(&unit),
            How::Truncate => self.coefficient.divided(&unit).0,
            How::Up | How::Down => {
                let (whole, rest) = self.coefficient.divided(&unit);
                match (how, rest.signum()) {
                    (How::Up, 1) => whole.plus(&Coefficient::Small(1)),
                    (How::Down, -1) => whole.plus(&Coefficient::Small(-1)),
                    _ => whole,
                }
            }
        };
        kept.times_ten(-scale)
    }
}

impl Numeric {
    fn shortened(&self, scale: i64, how: How) -> Result<Numeric> {
        match self {
            Numeric::Finite(number) => Numeric::new(number.shortened(scale, how), scale.max(0)),
            other => Ok(other.clone()),
        }
    }

    /// `round(self, scale)`.
    ///
    /// # Errors
    /// 22003.
    pub fn round(&self, scale: i64) -> Result<Numeric> {
        self.shortened(scale.clamp(-WHOLE_DIGITS, SCALE), How::Nearest)
    }

    /// `trunc(self, scale)`.
    ///
    /// # Errors
    /// 22003.
    pub fn truncate(&self, scale: i64) -> Result<Numeric> {
        self.shortened(scale.clamp(-WHOLE_DIGITS, SCALE), How::Truncate)
    }

    /// `ceil(self)`.
    ///
    /// # Errors
    /// 22003.
    pub fn ceiling(&self) -> Result<Numeric> {
        self.shortened(0, How::Up)
    }

    /// `floor(self)`.
    ///
    /// # Errors
    /// 22003.
    pub fn floor(&self) -> Result<Numeric> {
        self.shortened(0, How::Down)
    }

    /// The number as a column `numeric(precision, scale)` holds it.
    ///
    /// # Errors
    /// 22003 `numeric field overflow` with PostgreSQL's DETAIL.
    pub fn fitted(&self, precision: u16, scale: i16) -> Result<Numeric> {
        match self {
            Numeric::NaN => Ok(Numeric::NaN),
            Numeric::Infinity | Numeric::NegativeInfinity => Err(infinite_field(precision, scale).into()),
            Numeric::Finite(number) => {
                let rounded = number.shortened(i64::from(scale), How::Nearest);
                let bound = Coefficient::power_of_ten(i64::from(precision) + i64::from((-scale).max(0)));
                if rounded.clone().abs().compare(&bound) != Ordering::Less {
                    return Err(field_overflow(precision, scale).into());
                }
                Numeric::new(rounded, i64::from(scale.max(0)))
            }
        }
    }

    /// `min_scale(self)`: the digits behind the point that are not zeros at the end.
    pub fn min_scale(&self) -> Option<u16> {
        let Numeric::Finite(number) = self else { return None };
        if number.coefficient.is_zero() {
            return Some(0);
        }
        let ten = Coefficient::Small(10);
        let (mut coefficient, mut scale) = (number.coefficient.clone(), number.scale);
        while scale > 0 {
            let (shorter, rest) = coefficient.divided(&ten);
            if !rest.is_zero() {
                break;
            }
            (coefficient, scale) = (shorter, scale - 1);
        }
        Some(scale)
    }

    /// `trim_scale(self)`: the number without zeros at the end.
    #[must_use]
    pub fn trimmed(&self) -> Numeric {
        match self.min_scale() {
            Some(scale) => self.truncate(i64::from(scale)).unwrap_or_else(|_| self.clone()),
            None => self.clone(),
        }
    }

    /// Whether it is a whole number.
    pub fn is_integral(&self) -> bool {
        match self {
            Numeric::Finite(_) => self.min_scale() == Some(0),
            Numeric::NaN => false,
            _ => true,
        }
    }
}

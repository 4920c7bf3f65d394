//! Sums of many numbers, their averages and variances, with PostgreSQL's scales.

use super::arithmetic::quotient_scale;
use super::coefficient::Coefficient;
use super::{Finite, Numeric};
use crate::Result;

/// A sum. Numbers that fit 128 bits are added without allocation.
#[derive(Clone, Debug)]
pub struct Sum {
    total: Coefficient,
    /// The digits behind the point of the total: the most that any number had.
    scale: u16,
    nans: u32,
    infinities: u32,
    negative_infinities: u32,
}

impl Default for Sum {
    fn default() -> Self {
        Self { total: Coefficient::Small(0), scale: 0, nans: 0, infinities: 0, negative_infinities: 0 }
    }
}

impl Sum {
    /// Adds a number.
    pub fn add(&mut self, number: &Numeric) {
        match number {
            Numeric::NaN => self.nans += 1,
            Numeric::Infinity => self.infinities += 1,
            Numeric::NegativeInfinity => self.negative_infinities += 1,
            Numeric::Finite(number) => {
                if number.scale > self.scale {
                    self.total = self.total.times_ten(i64::from(number.scale - self.scale));
                    self.scale = number.scale;
                }
                self.total = if number.scale == self.scale {
                    self.total.plus(&number.coefficient)
                } else {
                    self.total.plus(&number.at(i64::from(self.scale)))
                };
            }
        }
    }

    /// Adds an integer.
    pub fn add_integer(&mut self, integer: i64) {
        match (self.scale, &mut self.total) {
            (0, Coefficient::Small(total)) if total.checked_add(i128::from(integer)).is_some() => {
                *total += i128::from(integer);
            }
            _ => self.add(&Numeric::from_integer(integer)),
        }
    }

    /// Takes a number out that was added before. The scale stays.
    pub fn remove(&mut self, number: &Numeric) {
        match number {
            Numeric::NaN => self.nans = self.nans.saturating_sub(1),
            Numeric::Infinity => self.infinities = self.infinities.saturating_sub(1),
            Numeric::NegativeInfinity => self.negative_infinities = self.negative_infinities.saturating_sub(1),
            finite => self.add(&finite.clone().negated()),
        }
    }

    /// The sum with `scale` digits behind the point, which no number of it had more of.
    pub fn rescale(&mut self, scale: u16) {
        if scale < self.scale {
            let unit = Coefficient::power_of_ten(i64::from(self.scale - scale));
            (self.total, self.scale) = (self.total.divided(&unit).0, scale);
        }
    }

    fn is_finite(&self) -> bool {
        self.nans == 0 && self.infinities == 0 && self.negative_infinities == 0
    }

    fn finite(&self) -> Finite {
        Finite { coefficient: self.total.clone(), scale: self.scale }
    }

    /// The sum.
    ///
    /// # Errors
    /// 22003.
    pub fn total(&self) -> Result<Numeric> {
        if self.is_finite() {
            return Numeric::new(self.total.clone(), i64::from(self.scale));
        }
        Ok(match (self.nans, self.infinities, self.negative_infinities) {
            (0, 0, _) => Numeric::NegativeInfinity,
            (0, _, 0) => Numeric::Infinity,
            _ => Numeric::NaN,
        })
    }

    /// The average of `count` numbers, which are some.
    ///
    /// # Errors
    /// 22003.
    pub fn average(&self, count: i64) -> Result<Numeric> {
        self.total()?.divide(&Numeric::from_integer(count))
    }
}

/// What variances are made of: the sum and the sum of squares.
#[derive(Clone, Debug, Default)]
pub struct Moments {
    pub sum: Sum,
    pub squares: Sum,
}

impl Moments {
    /// Adds a number.
    ///
    /// # Errors
    /// 22003.
    pub fn add(&mut self, number: &Numeric) -> Result<()> {
        self.sum.add(number);
        self.squares.add(&number.multiply(number)?);
        Ok(())
    }

    /// Adds an integer.
    pub fn add_integer(&mut self, integer: i64) {
        self.sum.add_integer(integer);
        self.squares.add(&Numeric::from_integer(i128::from(integer) * i128::from(integer)));
    }

    /// Takes a number out that was added before.
    ///
    /// # Errors
    /// 22003.
    pub fn remove(&mut self, number: &Numeric) -> Result<()> {
        self.sum.remove(number);
        self.squares.remove(&number.multiply(number)?);
        Ok(())
    }

    /// The variance of `count` numbers, of a sample or of the whole population; its root if `is_deviation`. `None` if
    /// there are too few numbers.
    ///
    /// # Errors
    /// 22003.
    pub fn variance(&self, count: i64, is_sample: bool, is_deviation: bool) -> Result<Option<Numeric>> {
        if count == 0 || is_sample && count == 1 {
            return Ok(None);
        }
        if !self.sum.is_finite() {
            return Ok(Some(Numeric::NaN));
        }
        let (sum, squares) = (self.sum.finite(), self.squares.finite());
        let scale = sum.scale() * 2;
        // count × Σx² - (Σx)²
        let counted = Coefficient::Small(i128::from(count));
        let dividend = squares.at(scale).times(&counted).minus(&sum.coefficient.times(&sum.coefficient));
        if dividend.signum() <= 0 {
            return Ok(Some(Numeric::from_integer(0)));
        }
        let others = i128::from(if is_sample { count - 1 } else { count });
        let divisor = Finite { coefficient: counted.times(&Coefficient::Small(others)), scale: 0 };
        let dividend = Finite::new(dividend, scale)?;
        let scale = quotient_scale(&dividend, &divisor);
        let variance = Finite::new(dividend.divided(&divisor, scale), scale)?;
        let result = if is_deviation { variance.root(scale) } else { variance.coefficient };
        Numeric::new(result, scale).map(Some)
    }
}

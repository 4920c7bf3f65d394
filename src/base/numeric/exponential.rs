//! Logarithms, exponentials and powers.
//!
//! They are computed as integers times a power of ten, with guard digits enough that only the last rounding shows.
//! How many digits a result has is PostgreSQL's choice: at least 16 significant ones by an estimate in floats, which
//! is made here in the same way.

use std::f64::consts::LN_10;

use num_bigint::BigInt;

use super::coefficient::{Coefficient, power};
use super::{DIGIT_LENGTH, DISPLAY_SCALE, Finite, Numeric, SIGNIFICANT_DIGITS, overflow};
use crate::Result;
use crate::error::QueryError;

/// `log10(e)`, with the digits that PostgreSQL's estimates have.
#[expect(clippy::approx_constant, reason = "PostgreSQL's estimates have these digits")]
const LOG10_E: f64 = 0.434_294_481_903_252;
/// Exponents of e that are greater are refused.
const GREATEST_EXPONENT: f64 = 6000.0;
/// Digits beyond those that are wanted.
const GUARD: i64 = 12;

#[expect(clippy::cast_possible_truncation, reason = "the estimates are cut as PostgreSQL cuts them")]
fn cut(value: f64) -> i64 {
    value as i64
}

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn approximate(value: i64) -> f64 {
    value as f64
}

fn no_logarithm(number: &Numeric) -> Result<()> {
    let message = match number.signum() {
        1 => return Ok(()),
        0 => "cannot take logarithm of zero",
        _ => "cannot take logarithm of a negative number",
    };
    Err(QueryError::InvalidLogarithm(message.into()).into())
}

/// Digits behind the point for a result whose first digit has the weight `weight` to the base 10.
fn result_scale(weight: i64, shown: &[&Finite]) -> i64 {
    let shown = shown.iter().map(|number| number.scale()).max().unwrap_or(0);
    (SIGNIFICANT_DIGITS - weight).max(shown).clamp(0, DISPLAY_SCALE)
}

/// About the decimal weight of the logarithm of a positive number.
fn logarithm_weight(number: &Finite) -> i64 {
    let tenths = |tenths| Finite { coefficient: Coefficient::Small(tenths), scale: 1 };
    if number.compare(&tenths(9)).is_ge() && number.compare(&tenths(11)).is_le() {
        let scale = number.scale();
        let above = number.coefficient.minus(&Coefficient::power_of_ten(scale)).abs();
        let above = Finite { coefficient: above, scale: number.scale };
        if above.coefficient.is_zero() {
            return 0;
        }
        let (weight, first) = above.first_digit();
        return weight * DIGIT_LENGTH + cut(approximate(first).log10());
    }
    let (weight, digits) = number.leading(2);
    let one_digit = number.leading(1).1;
    // A number of one digit to the base 10,000 is taken as it is.
    let (digits, weight) = if number.min_weight() == weight {
        (one_digit, weight * DIGIT_LENGTH)
    } else {
        (digits, (weight - 1) * DIGIT_LENGTH)
    };
    let logarithm = approximate(digits).ln() + approximate(weight) * LN_10;
    cut(logarithm.abs().log10())
}

impl Finite {
    /// The power of 10,000 of the last digit to that base that is not zero.
    fn min_weight(&self) -> i64 {
        let trimmed = Numeric::Finite(self.clone()).trimmed();
        let Numeric::Finite(number) = trimmed else { return 0 };
        if number.scale > 0 {
            return -(number.scale() + DIGIT_LENGTH - 1).div_euclid(DIGIT_LENGTH);
        }
        let mut zeros = 0;
        let mut rest = number.coefficient;
        let unit = Coefficient::Small(10_000);
        loop {
            let (shorter, digit) = rest.divided(&unit);
            if !digit.is_zero() || shorter.is_zero() {
                return zeros;
            }
            (rest, zeros) = (shorter, zeros + 1);
        }
    }

    /// The number as an integer times `10^-digits`.
    fn fixed(&self, digits: i64) -> BigInt {
        let shift = digits - self.scale();
        if shift >= 0 { self.coefficient.big() * power(shift) } else { self.coefficient.big() / power(-shift) }
    }

    /// The natural logarithm times `10^digits`. The number is positive.
    fn logarithm(&self, digits: i64) -> BigInt {
        let length = self.coefficient.digits();
        // The number is a fraction between 1 and 10 times a power of ten; near 1 it stays what it is.
        let mut exponent = length - self.scale() - 1;
        if self.coefficient.first_digits(length, 1) >= 4 {
            exponent += 1;
        }
        let work = digits + GUARD;
        let shift = work - self.scale() - exponent;
        let fraction =
            if shift >= 0 { self.coefficient.big() * power(shift) } else { self.coefficient.big() / power(-shift) };
        let mut result = fixed_logarithm(fraction, work);
        if exponent != 0 {
            result += fixed_logarithm(power(1) * power(work), work) * exponent;
        }
        result / power(GUARD)
    }
}

/// The natural logarithm of a number between 0.3 and 10, both times `10^digits`.
fn fixed_logarithm(mut x: BigInt, digits: i64) -> BigInt {
    // The roots lose a little of the last digits.
    let extra = 6;
    let digits = digits + extra;
    x *= power(extra);
    let one = power(digits);
    let (low, high): (BigInt, BigInt) = (&one * 9 / 10, &one * 11 / 10);
    let mut factor = BigInt::from(2);
    while x < low || x > high {
        x = (x * &one).sqrt();
        factor *= 2;
    }
    // ln x = 2 artanh((x - 1) / (x + 1))
    let z = (&x - &one) * &one / (&x + &one);
    let square = &z * &z / &one;
    let (mut term, mut sum) = (z.clone(), z);
    let mut odd = 3;
    let zero = BigInt::default();
    loop {
        term = term * &square / &one;
        let part = &term / odd;
        if part == zero {
            break;
        }
        sum += part;
        odd += 2;
    }
    sum * factor / power(extra)
}

/// `e^x` for a small x, both times `10^digits`.
fn fixed_exponential(x: &BigInt, digits: i64) -> BigInt {
    const HALVINGS: i64 = 8;
    let digits = digits + HALVINGS;
    let one = power(digits);
    let x = x * power(HALVINGS) / BigInt::from(1 << HALVINGS);
    let (mut term, mut sum) = (one.clone(), one.clone());
    let zero = BigInt::default();
    let mut count = 1;
    loop {
        term = term * &x / &one / count;
        if term == zero {
            break;
        }
        sum += &term;
        count += 1;
    }
    for _ in 0..HALVINGS {
        sum = &sum * &sum / &one;
    }
    sum / power(HALVINGS)
}

/// `e^x` with `scale` digits behind the point; `x` comes as a function of how many digits of it are wanted.
fn exponential(estimate: f64, scale: i64, x: impl Fn(i64) -> BigInt) -> Result<Coefficient> {
    if estimate.abs() >= GREATEST_EXPONENT {
        return if estimate > 0.0 { Err(overflow()) } else { Ok(Coefficient::Small(0)) };
    }
    let tens = cut((estimate / LN_10).round());
    let work = (scale + tens).max(0) + GUARD + 4;
    let ln10 = fixed_logarithm(power(1) * power(work), work);
    let rest = x(work) - ln10 * tens;
    let result = fixed_exponential(&rest, work);
    // result × 10^tens, of which `scale` digits are behind the point.
    let cut = work - tens - scale;
    Ok(if cut >= 0 {
        Coefficient::from(result).divided_rounded(&Coefficient::power_of_ten(cut))
    } else {
        Coefficient::from(result * power(-cut))
    })
}

impl Numeric {
    /// `ln(self)`.
    ///
    /// # Errors
    /// 2201E.
    pub fn natural_logarithm(&self) -> Result<Numeric> {
        no_logarithm(self)?;
        let Numeric::Finite(number) = self else { return Ok(self.clone()) };
        let scale = result_scale(logarithm_weight(number), &[number]);
        let logarithm = Coefficient::from(number.logarithm(scale + GUARD));
        Numeric::new(logarithm.divided_rounded(&Coefficient::power_of_ten(GUARD)), scale)
    }

    /// `log(base, self)`.
    ///
    /// # Errors
    /// 2201E, 22012 for base 1.
    pub fn logarithm(&self, base: &Numeric) -> Result<Numeric> {
        if self.is_nan() || base.is_nan() {
            return Ok(Numeric::NaN);
        }
        if let (Numeric::Finite(number), Numeric::Finite(base_number)) = (self, base) {
            no_logarithm(base)?;
            no_logarithm(self)?;
            let weights = (logarithm_weight(base_number), logarithm_weight(number));
            let scale = result_scale(weights.1 - weights.0, &[base_number, number]);
            // Enough significant digits of both.
            let digits = scale + GUARD + weights.0.abs().max(weights.1.abs()) * 2 + 8;
            let (below, above) = (base_number.logarithm(digits), number.logarithm(digits));
            if below == BigInt::default() {
                return Err(QueryError::DivisionByZero.into());
            }
            let quotient = Coefficient::from(above * power(scale)).divided_rounded(&Coefficient::from(below));
            return Numeric::new(quotient, scale);
        }
        // Something is infinite. Negative numbers are refused before zeros.
        if self.signum() < 0 || base.signum() < 0 {
            no_logarithm(&Numeric::NegativeInfinity)?;
        }
        no_logarithm(base)?;
        no_logarithm(self)?;
        Ok(match (base, self) {
            (Numeric::Infinity, Numeric::Infinity) => Numeric::NaN,
            (Numeric::Infinity, _) => Numeric::from_integer(0),
            _ => Numeric::Infinity,
        })
    }

    /// `exp(self)`.
    ///
    /// # Errors
    /// 22003.
    pub fn exponential(&self) -> Result<Numeric> {
        let number = match self {
            Numeric::NegativeInfinity => return Ok(Numeric::from_integer(0)),
            Numeric::Finite(number) => number,
            other => return Ok(other.clone()),
        };
        let estimate = self.to_float();
        let scale = result_scale(cut((estimate * LOG10_E).clamp(-2000.0, 2000.0)), &[number]);
        Numeric::new(exponential(estimate, scale, |digits| number.fixed(digits))?, scale)
    }

    /// `power(self, exponent)`.
    ///
    /// # Errors
    /// 2201F where there is no such power, 22003.
    pub fn power(&self, exponent: &Numeric) -> Result<Numeric> {
        let undefined = |message: &str| Err(QueryError::InvalidPower(message.into()).into());
        let one = Numeric::from_integer(1);
        if self.is_nan() || exponent.is_nan() {
            return Ok(if exponent.is_zero() || *self == one { one } else { Numeric::NaN });
        }
        if self.is_zero() && exponent.signum() < 0 {
            return undefined("zero raised to a negative power is undefined");
        }
        if self.signum() < 0 && !exponent.is_integral() {
            return undefined("a negative number raised to a non-integer power yields a complex result");
        }
        match (self, exponent) {
            (Numeric::Finite(base), Numeric::Finite(exponent)) => finite_power(base, exponent),
            _ => Ok(self.infinite_power(exponent)),
        }
    }

    /// A power of which one part is infinite, as POSIX's `pow` has it.
    fn infinite_power(&self, exponent: &Numeric) -> Numeric {
        let (zero, one) = (Numeric::from_integer(0), Numeric::from_integer(1));
        if *self == one || exponent.is_zero() {
            return one;
        }
        if self.is_zero() {
            return zero;
        }
        if matches!(exponent, Numeric::Infinity | Numeric::NegativeInfinity) {
            let size = self.clone().abs();
            if size == one {
                return one;
            }
            return if (size > one) == (exponent.signum() > 0) { Numeric::Infinity } else { zero };
        }
        if exponent.signum() < 0 {
            return zero;
        }
        let is_odd = matches!(exponent.trimmed(), Numeric::Finite(number) if number.coefficient.is_odd());
        if self.signum() < 0 && is_odd { Numeric::NegativeInfinity } else { Numeric::Infinity }
    }
}

fn finite_power(base: &Finite, exponent: &Finite) -> Result<Numeric> {
    let whole = Numeric::Finite(exponent.clone()).trimmed();
    let whole = match &whole {
        Numeric::Finite(number) if number.scale == 0 => Some(number.coefficient.clone()),
        _ => None,
    };
    let integer = whole.as_ref().and_then(Coefficient::small).and_then(|whole| i32::try_from(whole).ok());
    if let Some(integer) = integer {
        return integer_power(base, integer);
    }
    if base.coefficient.is_zero() {
        return Numeric::new(Coefficient::Small(0), SIGNIFICANT_DIGITS);
    }
    let negative = base.coefficient.signum() < 0 && whole.is_some_and(|whole| whole.is_odd());
    let size = Finite { coefficient: base.coefficient.clone().abs(), scale: base.scale };
    // What the exponent of e is about, in as many digits as PostgreSQL looks at.
    let digits = (8 - logarithm_weight(&size)).max(0);
    let about = Coefficient::from(size.logarithm(digits + GUARD)).divided_rounded(&Coefficient::power_of_ten(GUARD));
    let about = about.times(&exponent.coefficient).divided_rounded(&Coefficient::power_of_ten(exponent.scale()));
    let about = Finite { coefficient: about, scale: u16::try_from(digits).unwrap_or(u16::MAX) };
    let value = Numeric::Finite(about).to_float();
    if value.abs() > GREATEST_EXPONENT / 3.0 * 3.01 {
        return if value > 0.0 { Err(overflow()) } else { Numeric::new(Coefficient::Small(0), DISPLAY_SCALE) };
    }
    let scale = result_scale(cut(value * LOG10_E), &[base, exponent]);
    let wide = exponent.coefficient.digits() + 2;
    let result = exponential(value, scale, |digits| {
        let logarithm = size.logarithm(digits + wide);
        logarithm * exponent.coefficient.big() / power(exponent.scale() + wide)
    })?;
    Numeric::new(if negative { result.negated() } else { result }, scale)
}

/// A number as a coefficient of bounded length times a power of ten.
#[derive(Clone)]
struct Floating {
    coefficient: Coefficient,
    scale: i64,
}

impl Floating {
    fn times(&self, other: &Floating, digits: i64) -> Floating {
        let coefficient = self.coefficient.times(&other.coefficient);
        let scale = self.scale + other.scale;
        let surplus = coefficient.digits() - digits;
        if surplus <= 0 {
            return Floating { coefficient, scale };
        }
        let coefficient = coefficient.divided_rounded(&Coefficient::power_of_ten(surplus));
        Floating { coefficient, scale: scale - surplus }
    }
}

fn integer_power(base: &Finite, exponent: i32) -> Result<Numeric> {
    let scale = SIGNIFICANT_DIGITS.max(base.scale()).min(DISPLAY_SCALE);
    match exponent {
        0 => return Numeric::new(Coefficient::power_of_ten(scale), scale),
        1 => return Numeric::Finite(base.clone()).round(scale),
        -1 => {
            let one = Finite { coefficient: Coefficient::Small(1), scale: 0 };
            return Numeric::new(one.divided(base, scale), scale);
        }
        2 => return base.times(base)?.round(scale),
        _ => {}
    }
    if base.coefficient.is_zero() {
        return Numeric::new(Coefficient::Small(0), scale);
    }
    // About the decimal weight of the result.
    let length = base.coefficient.digits();
    let first = base.coefficient.first_digits(length, 17);
    let log10 = approximate(first).log10() + approximate(length - base.scale() - 17);
    let weight = f64::from(exponent) * log10;
    if weight > 131_072.0 {
        return Err(overflow());
    }
    if weight + 1.0 < -approximate(scale) {
        return Numeric::new(Coefficient::Small(0), scale);
    }
    let digits = 1 + scale + cut(weight).max(0) + cut(f64::from(exponent).abs().ln()) + 8 + GUARD;
    let mut square = Floating { coefficient: base.coefficient.clone(), scale: base.scale() };
    let mut result = Floating { coefficient: Coefficient::Small(1), scale: 0 };
    let mut bits = exponent.unsigned_abs();
    loop {
        if bits & 1 == 1 {
            result = result.times(&square, digits);
        }
        bits >>= 1;
        if bits == 0 {
            break;
        }
        square = square.times(&square, digits);
    }
    let coefficient = if exponent < 0 {
        // 10^scale / (coefficient × 10^-result.scale)
        let shift = scale + result.scale;
        if shift >= 0 {
            Coefficient::power_of_ten(shift).divided_rounded(&result.coefficient)
        } else {
            Coefficient::Small(1).divided_rounded(&result.coefficient.times_ten(-shift))
        }
    } else {
        let shift = scale - result.scale;
        if shift >= 0 {
            result.coefficient.times_ten(shift)
        } else {
            result.coefficient.divided_rounded(&Coefficient::power_of_ten(-shift))
        }
    };
    Numeric::new(coefficient, scale)
}

//! Numbers as text.

use num_bigint::BigInt;

use super::coefficient::Coefficient;
use super::{Finite, Numeric, SCALE, WHOLE_DIGITS, overflow};
use crate::Result;
use crate::error::CatalogError;

/// Exponents from here on are refused, whatever the digits are: PostgreSQL's `INT_MAX / 2`.
const EXPONENT_BOUND: i64 = 0x3FFF_FFFF;
/// So many decimal digits fit 128 bits whatever they are.
const SMALL_DIGITS: usize = 38;

/// 22003 for a value that `numeric(precision, scale)` cannot hold, with PostgreSQL's DETAIL.
pub fn field_overflow(precision: impl Into<i32>, scale: impl Into<i32>) -> CatalogError {
    let (precision, scale) = (precision.into(), scale.into());
    let whole = precision - scale;
    let bound = if whole == 0 { "1".to_owned() } else { format!("10^{whole}") };
    field_fault(format!(
        "A field with precision {precision}, scale {scale} must round to an absolute value less than {bound}."
    ))
}

pub(super) fn infinite_field(precision: u16, scale: i16) -> CatalogError {
    field_fault(format!("A field with precision {precision}, scale {scale} cannot hold an infinite value."))
}

fn field_fault(detail: String) -> CatalogError {
    CatalogError::NumberOutOfRange { message: "numeric field overflow".into(), detail: Some(detail) }
}

impl Numeric {
    /// Reads a number as it is written, with white space around it.
    ///
    /// # Errors
    /// 22P02 for what is no number, 22003 beyond the bounds.
    pub fn parse(text: &str) -> Result<Numeric> {
        // C's isspace.
        let trimmed = text.trim_matches([' ', '\t', '\n', '\r', '\u{b}', '\u{c}']);
        match special(trimmed) {
            Some(special) => Ok(special),
            None => finite(trimmed)?
                .ok_or_else(|| CatalogError::InvalidText { type_name: "numeric".into(), text: text.to_owned() }.into()),
        }
    }

    /// Writes the number with all its digits.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Numeric::NaN => out.extend_from_slice(b"NaN"),
            Numeric::Infinity => out.extend_from_slice(b"Infinity"),
            Numeric::NegativeInfinity => out.extend_from_slice(b"-Infinity"),
            Numeric::Finite(number) => number.write(out),
        }
    }
}

impl std::fmt::Display for Numeric {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = Vec::new();
        self.write(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

impl Finite {
    fn write(&self, out: &mut Vec<u8>) {
        if self.coefficient.signum() < 0 {
            out.push(b'-');
        }
        let scale = usize::from(self.scale);
        match &self.coefficient {
            Coefficient::Small(value) => {
                // At most 39 digits.
                let mut buffer = [0u8; SMALL_DIGITS + 1];
                let mut at = buffer.len();
                let mut rest = value.unsigned_abs();
                while rest > u128::from(u64::MAX) {
                    at -= 1;
                    buffer[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
                    rest /= 10;
                }
                let mut rest = u64::try_from(rest).unwrap_or(0);
                while rest > 0 {
                    at -= 1;
                    buffer[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
                    rest /= 10;
                }
                write_digits(&buffer[at..], scale, out);
            }
            Coefficient::Large(value) => write_digits(value.magnitude().to_str_radix(10).as_bytes(), scale, out),
        }
    }
}

/// Writes digits without zeros in front, of which `scale` are behind the point.
fn write_digits(digits: &[u8], scale: usize, out: &mut Vec<u8>) {
    let whole = digits.len().saturating_sub(scale);
    if whole == 0 {
        out.push(b'0');
    } else {
        out.extend_from_slice(&digits[..whole]);
    }
    if scale > 0 {
        out.push(b'.');
        let part = &digits[whole..];
        out.resize(out.len() + scale - part.len(), b'0');
        out.extend_from_slice(part);
    }
}

fn special(text: &str) -> Option<Numeric> {
    if text.eq_ignore_ascii_case("nan") {
        return Some(Numeric::NaN);
    }
    let (negative, word) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let is_infinity = word.eq_ignore_ascii_case("infinity") || word.eq_ignore_ascii_case("inf");
    is_infinity.then_some(if negative { Numeric::NegativeInfinity } else { Numeric::Infinity })
}

/// Reads `[sign] digits [. digits] [e [sign] digits]`; `None` for anything else. The exponent moves the point; digits
/// behind it stay (`1.50`), and are never added (`1e2` is 100).
fn finite(text: &str) -> Result<Option<Numeric>> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        None => (text, 0),
        Some((mantissa, exponent)) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Ok(None);
            }
            (mantissa, exponent.parse().unwrap_or(i64::MAX))
        }
    };
    let unsigned = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if whole.is_empty() && part.is_empty() || !whole.bytes().chain(part.bytes()).all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    if !(-EXPONENT_BOUND..EXPONENT_BOUND).contains(&exponent) {
        return Err(overflow());
    }
    let count = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
    let significant = count(whole.trim_start_matches('0'));
    let scale = count(part) - exponent;
    // Before anything is computed of it: what text can say in a few bytes may be a number of a gigabyte.
    if scale > SCALE || significant + exponent > WHOLE_DIGITS && !is_zero(whole, part) {
        return Err(overflow());
    }
    let digits = || whole.bytes().chain(part.bytes());
    let coefficient = if whole.len() + part.len() <= SMALL_DIGITS {
        Coefficient::Small(digits().fold(0, |value, digit| value * 10 + i128::from(digit - b'0')))
    } else {
        let digits: Vec<u8> = digits().collect();
        Coefficient::from(BigInt::parse_bytes(&digits, 10).unwrap_or_default())
    };
    let coefficient = coefficient.times_ten(-scale);
    let coefficient = if mantissa.starts_with('-') { coefficient.negated() } else { coefficient };
    Numeric::new(coefficient, scale.max(0)).map(Some)
}

fn is_zero(whole: &str, part: &str) -> bool {
    whole.bytes().chain(part.bytes()).all(|digit| digit == b'0')
}

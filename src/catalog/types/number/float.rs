//! Floats: the shortest text that reads back as the same number, in PostgreSQL's form.
//!
//! PostgreSQL's shortest digits are Ryu's, with two decisions of its own, which Rust's `{:e}` makes
//! otherwise. A text that lies exactly half way to the neighbouring float does not count, although reading
//! rounds it back to the even one: `71071456::real` is `7.1071456e+07`, not `7.107146e+07`. And of two
//! equally near texts the one with the even last digit is taken.

use std::io::Write;

use arrow::datatypes::i256;

use super::integer::{invalid, out_of_range, trim};
use crate::error::Result;

const MEMORY: &str = "a Vec<u8> takes every write";

/// Reads a `real`.
///
/// # Errors
/// 22P02 for what is no number, 22003 for one too big or too close to zero.
pub fn parse_float4(text: &str) -> Result<f32> {
    parse(text, "real", f32::is_infinite, |value| value == 0.0)
}

/// Reads a `double precision`.
///
/// # Errors
/// 22P02 for what is no number, 22003 for one too big or too close to zero.
pub fn parse_float8(text: &str) -> Result<f64> {
    parse(text, "double precision", f64::is_infinite, |value| value == 0.0)
}

fn parse<T: std::str::FromStr + Copy>(
    text: &str,
    type_name: &str,
    is_infinite: impl Fn(T) -> bool,
    is_zero: impl Fn(T) -> bool,
) -> Result<T> {
    let trimmed = trim(text);
    let unsigned = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    // Rust and C accept the same words: inf, infinity and nan in any case.
    let is_word = unsigned.starts_with(|c: char| c.is_ascii_alphabetic());
    let Ok(value) = trimmed.parse::<T>() else { return Err(invalid(type_name, text)) };
    if is_word {
        return Ok(value);
    }
    let mantissa = unsigned.split(['e', 'E']).next().unwrap_or_default();
    let has_digits = mantissa.bytes().any(|b| (b'1'..=b'9').contains(&b));
    if is_infinite(value) || (is_zero(value) && has_digits) {
        return Err(out_of_range(format!("\"{trimmed}\" is out of range for type {type_name}")));
    }
    Ok(value)
}

/// Writes a `real`.
pub fn write_float4(value: f32, extra_float_digits: i32, out: &mut Vec<u8>) {
    if !word(value.into(), out) {
        if extra_float_digits > 0 {
            let (mantissa, exponent) = parts(value.abs().to_bits().into(), f32::MANTISSA_DIGITS);
            let digits = Exact { mantissa, exponent, smallest: 1 << (f32::MANTISSA_DIGITS - 1), tie_digits: 6 };
            let reads_back = |text: &str| text.parse::<f32>().is_ok_and(|back| back == value);
            layout(&digits.shortest(&format!("{value:e}"), |n| format!("{value:.n$e}"), reads_back), 6, out);
        } else {
            general(value.into(), 6 + extra_float_digits, out);
        }
    }
}

/// Writes a `double precision`.
pub fn write_float8(value: f64, extra_float_digits: i32, out: &mut Vec<u8>) {
    if !word(value, out) {
        if extra_float_digits > 0 {
            let (mantissa, exponent) = parts(value.abs().to_bits(), f64::MANTISSA_DIGITS);
            let digits = Exact { mantissa, exponent, smallest: 1 << (f64::MANTISSA_DIGITS - 1), tie_digits: 15 };
            let reads_back = |text: &str| text.parse::<f64>().is_ok_and(|back| back == value);
            layout(&digits.shortest(&format!("{value:e}"), |n| format!("{value:.n$e}"), reads_back), 15, out);
        } else {
            general(value, 15 + extra_float_digits, out);
        }
    }
}

fn word(value: f64, out: &mut Vec<u8>) -> bool {
    let word: &[u8] = match value {
        _ if value.is_nan() => b"NaN",
        f64::INFINITY => b"Infinity",
        f64::NEG_INFINITY => b"-Infinity",
        _ => return false,
    };
    out.extend_from_slice(word);
    true
}

/// A float as `mantissa * 2^exponent`, to compare it with decimal texts exactly.
struct Exact {
    mantissa: u64,
    exponent: i32,
    /// The smallest mantissa of a normal float: below it the neighbour is only half as far.
    smallest: u64,
    /// Texts with fewer digits cannot be as near as another one: the distance of the floats around a number
    /// of so few digits is smaller than half of the last digit.
    tie_digits: usize,
}

/// Mantissa and exponent of the bits of a float without its sign.
fn parts(bits: u64, mantissa_digits: u32) -> (u64, i32) {
    let fraction_bits = mantissa_digits - 1;
    let fraction = bits & ((1 << fraction_bits) - 1);
    let biased = i32::try_from(bits >> fraction_bits).unwrap_or(0);
    let all_exponents = if mantissa_digits == f32::MANTISSA_DIGITS { 127 } else { 1023 };
    let shift = i32::try_from(fraction_bits).unwrap_or(0) + all_exponents;
    if biased == 0 { (fraction, 1 - shift) } else { (fraction | 1 << fraction_bits, biased - shift) }
}

impl Exact {
    /// PostgreSQL's choice, given Rust's shortest text and the texts rounded to n + 1 digits.
    fn shortest(&self, rust: &str, rounded: impl Fn(usize) -> String, reads_back: impl Fn(&str) -> bool) -> String {
        let fits = |text: &str| reads_back(text) && !self.is_half_way(text);
        let digits = rust.split('e').next().unwrap_or(rust).bytes().filter(u8::is_ascii_digit).count();
        // A tie needs nearly all digits that a float has, and a text half way needs an integer: nearly all
        // numbers that people write are decided here.
        if self.exponent < 0 && digits < self.tie_digits {
            return rust.to_owned();
        }
        let nearest = rounded(digits - 1);
        if fits(&nearest) {
            return nearest;
        }
        if fits(rust) {
            return rust.to_owned();
        }
        // 17 digits are enough for every f64.
        (digits..17).map(rounded).find(|text| fits(text)).unwrap_or_else(|| rust.to_owned())
    }

    /// Whether a text is exactly half way between this float and a neighbour. Only integers beyond the
    /// mantissa's precision can be, and no text of few digits beyond 10^40.
    fn is_half_way(&self, text: &str) -> bool {
        let (digits, power) = text.split_once('e').unwrap_or((text, "0"));
        let places = digits.split_once('.').map_or(0, |(_, places)| places.len());
        let power = power.parse::<i32>().unwrap_or(0) - i32::try_from(places).unwrap_or(0);
        if !(0..=140).contains(&self.exponent) || !(-2..=40).contains(&power) {
            return false;
        }
        let digits: i128 =
            digits.bytes().filter(u8::is_ascii_digit).fold(0, |value, b| value * 10 + i128::from(b - b'0'));
        // Everything times four, so that a quarter of the distance is an integer too.
        let ten = |power: i32| (0..power).fold(i256::ONE, |value, _| value.wrapping_mul(i256::from_i128(10)));
        let decimal = i256::from_i128(4 * digits).wrapping_mul(ten(power.max(0)));
        let mantissa = i128::from(self.mantissa);
        let below = if self.mantissa == self.smallest { 1 } else { 2 };
        [4 * mantissa + 2, 4 * mantissa - below].into_iter().any(|bound| {
            let shift = (0..self.exponent).fold(i256::ONE, |value, _| value.wrapping_mul(i256::from_i128(2)));
            i256::from_i128(bound).wrapping_mul(shift).wrapping_mul(ten(-power.min(0))) == decimal
        })
    }
}

/// C's `%.*g`.
fn general(value: f64, digits: i32, out: &mut Vec<u8>) {
    let digits = usize::try_from(digits).unwrap_or(0).max(1);
    let text = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mantissa = if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
    layout(&format!("{mantissa}e{exponent}"), i32::try_from(digits).unwrap_or(i32::MAX), out);
}

/// Writes `d.ddde±x` with an exponent only below -4 and from `exponent_from` on.
fn layout(scientific: &str, exponent_from: i32, out: &mut Vec<u8>) {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..exponent_from).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        write!(out, "{mantissa}e{sign}{:02}", exponent.abs()).expect(MEMORY);
        return;
    }
    let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
    if unsigned.len() < mantissa.len() {
        out.push(b'-');
    }
    let mut digits: Vec<u8> = unsigned.bytes().filter(|b| *b != b'.').collect();
    match usize::try_from(exponent) {
        Ok(exponent) => {
            let whole = exponent + 1;
            if digits.len() < whole {
                digits.resize(whole, b'0');
            }
            out.extend_from_slice(&digits[..whole]);
            if digits.len() > whole {
                out.push(b'.');
                out.extend_from_slice(&digits[whole..]);
            }
        }
        Err(_) => {
            out.extend_from_slice(b"0.");
            out.resize(out.len() + exponent.unsigned_abs() as usize - 1, b'0');
            out.extend_from_slice(&digits);
        }
    }
}

//! Floats: the shortest text that reads back as the same number, in PostgreSQL's form.
//!
//! Rust and PostgreSQL (Ryu) find the same shortest digits; they differ in where an exponent starts.

use std::io::Write;

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
            shortest(&format!("{value:e}"), 6, out);
        } else {
            general(value.into(), 6 + extra_float_digits, out);
        }
    }
}

/// Writes a `double precision`.
pub fn write_float8(value: f64, extra_float_digits: i32, out: &mut Vec<u8>) {
    if !word(value, out) {
        if extra_float_digits > 0 {
            shortest(&format!("{value:e}"), 15, out);
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

/// C's `%.*g`.
fn general(value: f64, digits: i32, out: &mut Vec<u8>) {
    let digits = usize::try_from(digits).unwrap_or(0).max(1);
    let text = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mantissa = if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
    shortest(&format!("{mantissa}e{exponent}"), i32::try_from(digits).unwrap_or(i32::MAX), out);
}

/// Writes `d.ddde±x` with an exponent only below -4 and from `exponent_from` on.
fn shortest(scientific: &str, exponent_from: i32, out: &mut Vec<u8>) {
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

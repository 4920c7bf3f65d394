//! `numeric` in binary: digits in base 10,000.
//!
//! ```text
//!   ndigits i16 | weight i16 | sign u16 | dscale i16 | digit i16 × ndigits
//!   value = ± sum of digit[i] * 10000^(weight - i)
//! ```

use super::decode::Cursor;
use crate::base::numeric::Numeric;
use crate::error::{CatalogError, Result};

const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xC000;
const INFINITY: u16 = 0xD000;
const NEGATIVE_INFINITY: u16 = 0xF000;
const DIGIT_LENGTH: usize = 4;

fn put(out: &mut Vec<u8>, groups: usize, weight: i64, sign: u16, scale: u16) {
    let small = |value: i64| i16::try_from(value).unwrap_or(i16::MAX).to_be_bytes();
    out.extend_from_slice(&small(i64::try_from(groups).unwrap_or(i64::MAX)));
    out.extend_from_slice(&small(weight));
    out.extend_from_slice(&sign.to_be_bytes());
    out.extend_from_slice(&scale.to_be_bytes());
}

/// Writes a number.
pub(super) fn write(number: &Numeric, out: &mut Vec<u8>) {
    let Some(scale) = number.scale() else {
        let sign = match number {
            Numeric::Infinity => INFINITY,
            Numeric::NegativeInfinity => NEGATIVE_INFINITY,
            _ => NAN,
        };
        // The scale of infinities is what PostgreSQL's own bits of them give.
        let scale = if matches!(number, Numeric::NaN) { 0 } else { 32 };
        return put(out, 0, 0, sign, scale);
    };
    let text = number.to_string();
    let (is_negative, unsigned) = text.strip_prefix('-').map_or((false, text.as_str()), |rest| (true, rest));
    // Cut the digits into groups of four, aligned at the point.
    let part_groups = usize::from(scale).div_ceil(DIGIT_LENGTH);
    let mut digits: Vec<u8> = unsigned.bytes().filter(u8::is_ascii_digit).collect();
    digits.resize(digits.len() + part_groups * DIGIT_LENGTH - usize::from(scale), b'0');
    let mut groups: Vec<u16> = digits
        .rchunks(DIGIT_LENGTH)
        .rev()
        .map(|group| group.iter().fold(0, |value, digit| value * 10 + u16::from(digit - b'0')))
        .collect();
    let all = groups.len();
    while groups.last() == Some(&0) {
        groups.pop();
    }
    let leading = groups.iter().take_while(|group| **group == 0).count();
    groups.drain(..leading);
    let first = i64::try_from(all - leading).unwrap_or(0) - i64::try_from(part_groups).unwrap_or(0) - 1;
    let weight = if groups.is_empty() { 0 } else { first };
    put(out, groups.len(), weight, if is_negative { NEGATIVE } else { 0 }, scale);
    for group in groups {
        out.extend_from_slice(&group.to_be_bytes());
    }
}

/// Reads a number.
///
/// # Errors
/// 22P03 for a bad sign, scale or digit; 22003 beyond the bounds.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Numeric> {
    let invalid = |what: &str| CatalogError::BadBinaryNumeric(format!("invalid {what} in external \"numeric\" value"));
    let count = usize::try_from(cursor.i16()?).map_err(|_| invalid("length"))?;
    let weight = i64::from(cursor.i16()?);
    let sign = cursor.u16()?;
    let scale = cursor.u16()?;
    if !matches!(sign, 0 | NEGATIVE | NAN | INFINITY | NEGATIVE_INFINITY) {
        return Err(invalid("sign").into());
    }
    if scale > 0x3FFF {
        return Err(invalid("scale").into());
    }
    let mut text = String::with_capacity(count * DIGIT_LENGTH + 8);
    if sign == NEGATIVE {
        text.push('-');
    }
    text.push('0');
    for _ in 0..count {
        let group = cursor.u16()?;
        if group >= 10_000 {
            return Err(invalid("digit").into());
        }
        text.push_str(&format!("{group:04}"));
    }
    match sign {
        NAN => return Ok(Numeric::NaN),
        INFINITY => return Ok(Numeric::Infinity),
        NEGATIVE_INFINITY => return Ok(Numeric::NegativeInfinity),
        _ => {}
    }
    // The digits are a whole number of 10,000^(weight - count + 1).
    let unit = (weight - i64::try_from(count).unwrap_or(0) + 1) * 4;
    let number = Numeric::parse(&format!("{text}e{unit}"))?;
    // Digits behind the display scale are cut off, as numeric_recv does it.
    number.truncate(i64::from(scale))
}

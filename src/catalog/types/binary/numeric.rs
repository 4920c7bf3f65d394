//! `numeric` in binary: digits in base 10,000.
//!
//! ```text
//!   ndigits i16 | weight i16 | sign u16 | dscale i16 | digit i16 × ndigits
//!   value = ± sum of digit[i] * 10000^(weight - i)
//! ```

use super::decode::Cursor;
use crate::catalog::types::number::Digits;
use crate::error::{CatalogError, Result};

const NEGATIVE: u16 = 0x4000;
const DIGIT_LENGTH: usize = 4;

/// Writes a finite number.
pub(super) fn write(number: &Digits, out: &mut Vec<u8>) {
    // Cut the digits into groups of four, aligned at the point.
    let part_groups = number.scale.div_ceil(DIGIT_LENGTH);
    let mut digits = number.digits.clone();
    digits.resize(digits.len() + part_groups * DIGIT_LENGTH - number.scale, b'0');
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
    let small = |value: i64| i16::try_from(value).unwrap_or(i16::MAX).to_be_bytes();
    out.extend_from_slice(&small(i64::try_from(groups.len()).unwrap_or(i64::MAX)));
    out.extend_from_slice(&small(weight));
    out.extend_from_slice(&(if number.negative && !groups.is_empty() { NEGATIVE } else { 0 }).to_be_bytes());
    out.extend_from_slice(&small(i64::try_from(number.scale).unwrap_or(i64::MAX)));
    for group in groups {
        out.extend_from_slice(&group.to_be_bytes());
    }
}

/// Reads a number.
///
/// # Errors
/// 22P03 for a bad sign, scale or digit; 0A000 for NaN and Infinity.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Digits> {
    let invalid = |what: &str| CatalogError::BadBinaryNumeric(format!("invalid {what} in external \"numeric\" value"));
    let count = usize::try_from(cursor.i16()?).map_err(|_| invalid("length"))?;
    let weight = i64::from(cursor.i16()?);
    let sign = cursor.u16()?;
    let scale = cursor.u16()?;
    match sign {
        0 | NEGATIVE => {}
        0xC000 | 0xD000 | 0xF000 => {
            return Err(CatalogError::NotSupported("numeric NaN and Infinity are not supported".into()).into());
        }
        _ => return Err(invalid("sign").into()),
    }
    if scale > 0x3FFF {
        return Err(invalid("scale").into());
    }
    let mut text = Vec::with_capacity(count * DIGIT_LENGTH);
    for _ in 0..count {
        let group = cursor.u16()?;
        if group >= 10_000 {
            return Err(invalid("digit").into());
        }
        text.extend_from_slice(format!("{group:04}").as_bytes());
    }
    // Where the point is: behind `weight + 1` groups, which may be more or fewer than there are.
    let whole = (weight + 1) * 4;
    let have = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let mut number = Digits { negative: sign == NEGATIVE, digits: text, scale: 0 };
    if whole >= have {
        let zeros = if number.digits.is_empty() { 0 } else { whole - have };
        number.digits.resize(number.digits.len() + usize::try_from(zeros).unwrap_or(0), b'0');
    } else {
        number.scale = usize::try_from(have - whole).unwrap_or(0);
    }
    let zeros = number.digits.iter().take_while(|digit| **digit == b'0').count();
    number.digits.drain(..zeros);
    number.negative &= !number.digits.is_empty();
    // Digits behind the display scale are cut off, as numeric_recv does it.
    let scale = usize::from(scale);
    if number.scale > scale {
        let surplus = (number.scale - scale).min(number.digits.len());
        number.digits.truncate(number.digits.len() - surplus);
        number.scale = scale;
    } else {
        number.round(scale);
    }
    number.in_range()
}

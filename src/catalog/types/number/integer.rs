//! Integers, OIDs and booleans.

use crate::error::{CatalogError, Result};

/// PostgreSQL's `isspace` in the C locale.
pub(in crate::catalog::types) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r'])
}

pub(in crate::catalog::types) fn invalid(type_name: &str, text: &str) -> crate::Error {
    CatalogError::InvalidText { type_name: type_name.to_owned(), text: text.to_owned() }.into()
}

pub(in crate::catalog::types) fn out_of_range(message: String) -> crate::Error {
    CatalogError::NumberOutOfRange { message, detail: None }.into()
}

/// Reads an integer of a type that has 16, 32 or 64 bits.
///
/// # Errors
/// 22P02 for what is no integer, 22003 for one that does not fit.
pub fn parse_integer<T: TryFrom<i128>>(text: &str, type_name: &str) -> Result<T> {
    let trimmed = trim(text);
    let digits = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(invalid(type_name, text));
    }
    // More than 38 digits do not fit an i128 and no integer type either.
    let value = trimmed.parse::<i128>().ok().and_then(|value| T::try_from(value).ok());
    value.ok_or_else(|| out_of_range(format!("value \"{text}\" is out of range for type {type_name}")))
}

/// Writes an integer. Every row of nearly every result passes here, so it does without `fmt`.
pub fn write_integer(value: i64, out: &mut Vec<u8>) {
    // The 19 digits of the largest value, and a sign.
    let mut buffer = [0_u8; 20];
    let mut at = buffer.len();
    let mut rest = value.unsigned_abs();
    loop {
        at -= 1;
        buffer[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        at -= 1;
        buffer[at] = b'-';
    }
    out.extend_from_slice(&buffer[at..]);
}

/// Reads an `oid`. Negative numbers wrap around, as in PostgreSQL.
///
/// # Errors
/// 22P02 and 22003.
pub fn parse_oid(text: &str) -> Result<u32> {
    let value: i64 = parse_integer::<i64>(text, "oid")?;
    let wrapped = u32::try_from(value).ok().or_else(|| i32::try_from(value).ok().map(i32::cast_unsigned));
    wrapped.ok_or_else(|| out_of_range(format!("value \"{text}\" is out of range for type oid")))
}

/// Reads a `boolean`: a prefix of true, false, yes or no; on, off, 1 or 0.
///
/// # Errors
/// 22P02.
pub fn parse_bool(text: &str) -> Result<bool> {
    let word = trim(text).to_ascii_lowercase();
    let is_prefix = |of: &str| !word.is_empty() && of.starts_with(&word);
    match word.as_str() {
        "on" | "1" => Ok(true),
        "of" | "off" | "0" => Ok(false),
        _ if is_prefix("true") || is_prefix("yes") => Ok(true),
        _ if is_prefix("false") || is_prefix("no") => Ok(false),
        _ => Err(invalid("boolean", text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_ends_of_the_range_are_written() {
        for value in [i64::MIN, i64::MAX, 0, -1, 10] {
            let mut out = Vec::new();
            write_integer(value, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), value.to_string());
        }
    }

    proptest! {
        #[test]
        fn integers_read_back_as_they_were(value in any::<i64>()) {
            let mut out = Vec::new();
            write_integer(value, &mut out);
            let text = String::from_utf8(out).unwrap();
            prop_assert_eq!(parse_integer::<i64>(&text, "bigint").unwrap(), value);
        }
    }
}

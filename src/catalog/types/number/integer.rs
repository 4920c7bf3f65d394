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

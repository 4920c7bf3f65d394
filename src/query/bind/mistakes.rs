//! The texts of DataFusion's errors that are mistakes of the user, with PostgreSQL's words and codes for them.

use crate::error::{CatalogError, Error, QueryError};

/// PostgreSQL's error for a text of DataFusion or Arrow, if it is one that a user can cause.
pub fn recognise(message: &str) -> Option<Error> {
    let has = |part: &str| message.contains(part);
    let error: QueryError = if has("regex parse error") || has("Regular expression did not compile") {
        QueryError::InvalidRegex(regex_reason(message))
    } else if has("cannot take square root of a negative number") {
        QueryError::InvalidPower("cannot take square root of a negative number".into())
    } else if has("zero raised to a negative power is undefined") {
        QueryError::InvalidPower("zero raised to a negative power is undefined".into())
    } else if has("field position must not be zero") {
        QueryError::InvalidParameterValue("field position must not be zero".into())
    } else if has("negative count not allowed") || has("overlay start position must be at least 1") {
        QueryError::InvalidSubstring
    } else if has("Step cannot be zero") || has("step can't be 0") {
        QueryError::InvalidParameterValue("step size cannot equal zero".into())
    } else if let Some((_, rest)) = message.split_once("no built-in encoding named '") {
        match rest.split('\'').next().unwrap_or_default() {
            "escape" => QueryError::NotSupported("encoding \"escape\" is not supported".into()),
            other => QueryError::InvalidParameterValue(format!("unrecognized encoding: \"{other}\"")),
        }
    } else if has("LIKE does not support escape_char") {
        QueryError::NotSupported("LIKE … ESCAPE with another character than the backslash is not supported".into())
    } else if has("Casting from Struct(") {
        QueryError::NotSupported("values of a row type are not supported in a result".into())
    } else if has("Inconsistent metadata across values list") {
        QueryError::NotSupported("VALUES with different types in one column are not supported: cast them to one".into())
    } else if has("factorial of a negative number") {
        QueryError::NumberOutOfRange("factorial of a negative number is undefined".into())
    } else if has("Overflow happened on") {
        QueryError::NumberOutOfRange("value overflows numeric format".into())
    } else if has("string size overflow") {
        QueryError::LimitExceeded("requested length too large".into())
    } else if let Some((_, rest)) = message.split_once("Error parsing timestamp from '") {
        let text = rest.split('\'').next().unwrap_or_default().to_owned();
        return Some(CatalogError::InvalidDatetime { type_name: "timestamp".into(), text }.into());
    } else {
        return None;
    };
    Some(error.into())
}

/// The last part of regex's report says what is wrong; the parts before it draw where.
fn regex_reason(message: &str) -> String {
    let reason = message.rsplit_once("error: ").map(|(_, reason)| reason.lines().next().unwrap_or_default());
    format!("invalid regular expression: {}", reason.map_or("it cannot be read", str::trim))
}

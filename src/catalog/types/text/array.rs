//! Array literals: `{a,NULL,"c d"}`.

use crate::catalog::types::column::Column;
use crate::error::{CatalogError, Result};

/// Whether PostgreSQL quotes an element with this text.
pub(super) fn needs_quotes(text: &[u8]) -> bool {
    text.is_empty()
        || text.eq_ignore_ascii_case(b"null")
        || text.iter().any(|byte| b"\"\\{}, \t\n\r\x0b\x0c".contains(byte))
}

/// Puts quotes around what was written since `start`.
pub(super) fn quote(out: &mut Vec<u8>, start: usize) {
    let text = out.split_off(start);
    out.push(b'"');
    for byte in text {
        if byte == b'"' || byte == b'\\' {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Gives the elements of a one-dimensional array literal to a column.
pub(super) fn split(text: &str, items: &mut dyn Column<str>) -> Result<()> {
    let malformed = |detail: &str| -> crate::Error {
        let message = format!("malformed array literal: \"{text}\"");
        CatalogError::BadText { message, detail: Some(detail.to_owned()) }.into()
    };
    let trimmed = text.trim_matches(SPACES);
    if trimmed.starts_with('[') {
        return Err(CatalogError::NotSupported("array bounds are not supported".into()).into());
    }
    let Some(inner) = trimmed.strip_prefix('{') else {
        return Err(malformed("Array value must start with \"{\" or dimension information."));
    };
    let mut rest = inner.trim_start_matches(SPACES);
    if let Some(tail) = rest.strip_prefix('}') {
        return if tail.is_empty() { Ok(()) } else { Err(malformed("Junk after closing right brace.")) };
    }
    loop {
        if rest.starts_with('{') {
            return Err(CatalogError::NotSupported("multidimensional arrays are not supported".into()).into());
        }
        let (value, is_quoted, tail) = element(rest).ok_or_else(|| malformed("Unexpected end of input."))?;
        if is_quoted {
            items.append(&value)?;
        } else if value.is_empty() {
            let found = tail.chars().next().unwrap_or('}');
            return Err(malformed(&format!("Unexpected \"{found}\" character.")));
        } else if value.eq_ignore_ascii_case("null") {
            items.append_null();
        } else {
            items.append(&value)?;
        }
        let mut next = tail.chars();
        match next.next() {
            Some(',') => rest = next.as_str().trim_start_matches(SPACES),
            Some('}') if next.as_str().is_empty() => return Ok(()),
            Some('}') => return Err(malformed("Junk after closing right brace.")),
            Some('"') => return Err(malformed("Unexpected array element.")),
            Some(_) if is_quoted => return Err(malformed("Unexpected array element.")),
            Some(other) => return Err(malformed(&format!("Unexpected \"{other}\" character."))),
            None => return Err(malformed("Unexpected end of input.")),
        }
    }
}

const SPACES: [char; 6] = [' ', '\t', '\n', '\r', '\u{b}', '\u{c}'];

/// One element, whether it had quotes, and what follows. `None` at an unfinished one.
fn element(text: &str) -> Option<(String, bool, &str)> {
    let mut value = String::new();
    let mut characters = text.chars();
    if let Some(quoted) = text.strip_prefix('"') {
        characters = quoted.chars();
        loop {
            match characters.next()? {
                '"' => return Some((value, true, characters.as_str().trim_start_matches(SPACES))),
                '\\' => value.push(characters.next()?),
                other => value.push(other),
            }
        }
    }
    // Spaces at the end do not count, unless they were escaped.
    let mut kept = 0;
    loop {
        let rest = characters.as_str();
        match characters.next()? {
            ',' | '}' | '{' | '"' => {
                value.truncate(kept);
                return Some((value, false, rest));
            }
            '\\' => {
                value.push(characters.next()?);
                kept = value.len();
            }
            other => {
                value.push(other);
                if !SPACES.contains(&other) {
                    kept = value.len();
                }
            }
        }
    }
}

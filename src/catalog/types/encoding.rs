//! Bytes from a client as text: valid UTF-8 without NUL, which PostgreSQL's text cannot have either.

use crate::error::{CatalogError, Result};

/// Most bytes that the error shows.
const SHOWN_BYTES: usize = 8;

/// The text of `bytes`.
///
/// # Errors
/// 22021 with the offending bytes.
pub fn utf8(bytes: &[u8]) -> Result<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => without_nul(text),
        Err(error) => Err(invalid(&bytes[error.valid_up_to()..])),
    }
}

/// Refuses the character with code 0.
///
/// # Errors
/// 22021.
pub fn without_nul(text: &str) -> Result<&str> {
    if text.as_bytes().contains(&0) { Err(invalid(&[0])) } else { Ok(text) }
}

fn invalid(bytes: &[u8]) -> crate::Error {
    let length = match bytes.first() {
        Some(0xC0..=0xDF) => 2,
        Some(0xE0..=0xEF) => 3,
        Some(0xF0..=0xF7) => 4,
        _ => 1,
    };
    let shown: Vec<String> = bytes.iter().take(length.min(SHOWN_BYTES)).map(|byte| format!("0x{byte:02x}")).collect();
    CatalogError::InvalidEncoding(shown.join(" ")).into()
}

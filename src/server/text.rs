//! Text from clients: valid UTF-8 without NUL, or PostgreSQL's error 22021.
//!
//! PostgreSQL refuses both at the border, so that nothing inside has to ask again; so do we.

use crate::error::{CatalogError, Result};

/// Checks text of a client.
///
/// # Errors
/// 22021 with the offending bytes, in PostgreSQL's form.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str> {
    let bad_at = match std::str::from_utf8(bytes) {
        Ok(text) => match bytes.iter().position(|byte| *byte == 0) {
            None => return Ok(text),
            Some(nul) => nul,
        },
        // A NUL may stand before the place where the encoding breaks.
        Err(error) => {
            bytes[..error.valid_up_to()].iter().position(|byte| *byte == 0).unwrap_or(error.valid_up_to())
        }
    };
    Err(CatalogError::InvalidEncoding(offending(&bytes[bad_at..])).into())
}

/// The bytes that the first one announces, in hexadecimal.
fn offending(bytes: &[u8]) -> String {
    let announced = match bytes.first() {
        Some(0xC0..=0xDF) => 2,
        Some(0xE0..=0xEF) => 3,
        Some(0xF0..=0xF7) => 4,
        _ => 1,
    };
    let shown: Vec<String> = bytes.iter().take(announced).map(|byte| format!("{byte:#04x}")).collect();
    shown.join(" ")
}

#[cfg(test)]
mod tests {
    use super::utf8;

    /// The texts are PostgreSQL 15's.
    #[test]
    fn invalid_bytes_are_named_as_postgresql_names_them() {
        for (bytes, shown) in [
            (&b"a\xffb"[..], "0xff"),
            (b"a\0b", "0x00"),
            (b"\xc3\x28", "0xc3 0x28"),
            (b"\xe2\x82", "0xe2 0x82"),
            (b"\xf0\x28\x8c\xbc", "0xf0 0x28 0x8c 0xbc"),
            (b"x\0\xff", "0x00"),
        ] {
            let error = utf8(bytes).unwrap_err();
            assert_eq!(error.to_string(), format!("invalid byte sequence for encoding \"UTF8\": {shown}"));
            assert_eq!(error.sqlstate().0, "22021");
        }
        assert_eq!(utf8("grüße 🙂".as_bytes()).unwrap(), "grüße 🙂");
    }
}

//! `bytea` and `uuid`: bytes as text.

use super::style::ByteaOutput;
use crate::error::{CatalogError, Result};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Reads a `bytea` in hex (`\x00ff`) or escape form (`\000\377abc`).
///
/// # Errors
/// 22023 for bad hexadecimal digits, 22P02 for a bad escape.
pub fn parse_bytea(text: &str) -> Result<Vec<u8>> {
    match text.strip_prefix("\\x") {
        Some(hex) => parse_hex(hex),
        None => parse_escape(text.as_bytes()),
    }
}

fn parse_hex(text: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut characters = text.chars();
    while let Some(first) = characters.next() {
        if matches!(first, ' ' | '\n' | '\t' | '\r') {
            continue;
        }
        let high = digit(first)?;
        let Some(second) = characters.next() else {
            let message = "invalid hexadecimal data: odd number of digits";
            return Err(CatalogError::InvalidParameter(message.into()).into());
        };
        bytes.push(high << 4 | digit(second)?);
    }
    Ok(bytes)
}

fn digit(character: char) -> Result<u8> {
    let digit = character.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    digit.ok_or_else(|| CatalogError::InvalidParameter(format!("invalid hexadecimal digit: \"{character}\"")).into())
}

fn parse_escape(text: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        rest = match rest {
            [] => return Ok(bytes),
            [b'\\', b'\\', tail @ ..] => {
                bytes.push(b'\\');
                tail
            }
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', tail @ ..] => {
                bytes.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                tail
            }
            [b'\\', ..] => {
                let message = "invalid input syntax for type bytea".to_owned();
                return Err(CatalogError::BadText { message, detail: None }.into());
            }
            [byte, tail @ ..] => {
                bytes.push(*byte);
                tail
            }
        };
    }
}

/// Writes a `bytea`.
pub fn write_bytea(bytes: &[u8], form: ByteaOutput, out: &mut Vec<u8>) {
    match form {
        ByteaOutput::Hex => {
            out.extend_from_slice(b"\\x");
            write_hex(bytes, out);
        }
        ByteaOutput::Escape => {
            for byte in bytes {
                match byte {
                    b'\\' => out.extend_from_slice(b"\\\\"),
                    0x20..=0x7e => out.push(*byte),
                    _ => out.extend_from_slice(&[b'\\', b'0' + (byte >> 6), b'0' + (byte >> 3 & 7), b'0' + (byte & 7)]),
                }
            }
        }
    }
}

fn write_hex(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
}

/// Reads a `uuid`: 32 hexadecimal digits, hyphens after any group of four, braces around if wanted.
///
/// # Errors
/// 22P02.
pub fn parse_uuid(text: &str) -> Result<[u8; 16]> {
    uuid(text).ok_or_else(|| CatalogError::InvalidText { type_name: "uuid".into(), text: text.to_owned() }.into())
}

fn uuid(text: &str) -> Option<[u8; 16]> {
    let inner = match text.strip_prefix('{') {
        Some(inner) => inner.strip_suffix('}')?,
        None => text,
    };
    let mut rest = inner.as_bytes();
    let mut bytes = [0; 16];
    for (index, byte) in bytes.iter_mut().enumerate() {
        let [high, low, tail @ ..] = rest else { return None };
        let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|nibble| u8::try_from(nibble).ok());
        *byte = nibble(*high)? << 4 | nibble(*low)?;
        rest = tail;
        if index % 2 == 1 && index < 15 && rest.first() == Some(&b'-') {
            rest = &rest[1..];
        }
    }
    rest.is_empty().then_some(bytes)
}

/// Writes a `uuid`.
pub fn write_uuid(bytes: &[u8], out: &mut Vec<u8>) {
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        write_hex(&[*byte], out);
    }
}

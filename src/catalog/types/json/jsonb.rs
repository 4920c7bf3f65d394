//! The canonical text of `jsonb`: keys ordered by length, then bytes; of equal keys the last one; numbers
//! as `numeric` writes them; one space behind each colon and comma.

use std::io::Write;

use super::parse::Value;
use crate::error::Result;

/// Reads a `jsonb` text and writes it as PostgreSQL would print it.
///
/// # Errors
/// As [`Value::read`].
pub fn canonical(text: &str) -> Result<String> {
    let value = Value::read(text)?;
    let mut out = Vec::with_capacity(text.len());
    value.write(&mut out);
    Ok(String::from_utf8(out).expect("JSON of UTF-8 strings is UTF-8"))
}

/// Writes a JSON string with quotes, escaped as PostgreSQL's `escape_json` does it.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut plain_from = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            8 => b"\\b",
            12 => b"\\f",
            0..32 => b"",
            _ => continue,
        };
        out.extend_from_slice(&bytes[plain_from..at]);
        if escape.is_empty() {
            write!(out, "\\u{byte:04x}").expect("a Vec<u8> takes every write");
        } else {
            out.extend_from_slice(escape);
        }
        plain_from = at + 1;
    }
    out.extend_from_slice(&bytes[plain_from..]);
    out.push(b'"');
}

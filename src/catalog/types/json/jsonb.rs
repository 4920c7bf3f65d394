//! The canonical text of `jsonb`: keys ordered by length, then bytes; of equal keys the last one; numbers
//! as `numeric` writes them; one space behind each colon and comma.

use std::io::Write;

use super::parse::{Value, parse};
use crate::base::numeric::Numeric;
use crate::error::{CatalogError, Result};

/// Longest key or string in bytes.
const STRING_BYTES: usize = 0x0FFF_FFFF;

/// Reads a `jsonb` text and writes it as PostgreSQL would print it.
///
/// # Errors
/// 22P02 for what is no JSON, 22P05 for `\u0000`, 22003 for a number beyond `numeric`, 54001 when
/// nested too deep.
pub fn canonical(text: &str) -> Result<String> {
    let value = parse(text)?;
    let mut out = Vec::with_capacity(text.len());
    write(value, &mut out)?;
    Ok(String::from_utf8(out).expect("JSON of UTF-8 strings is UTF-8"))
}

fn write(value: Value, out: &mut Vec<u8>) -> Result<()> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(text) => {
            Numeric::parse(&text)?.write(out);
        }
        Value::String(text) => write_string(&text, out),
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.into_iter().enumerate() {
                if index > 0 {
                    out.extend_from_slice(b", ");
                }
                write(item, out)?;
            }
            out.push(b']');
        }
        Value::Object(members) => write_object(members, out)?,
    }
    Ok(())
}

fn write_object(mut members: Vec<(String, Value)>, out: &mut Vec<u8>) -> Result<()> {
    // The sort keeps the order of equal keys, so the last of them is the one that counts.
    members.sort_by(|(a, _), (b, _)| a.len().cmp(&b.len()).then_with(|| a.as_bytes().cmp(b.as_bytes())));
    out.push(b'{');
    let mut is_first = true;
    let mut members = members.into_iter().peekable();
    while let Some((key, value)) = members.next() {
        if members.peek().is_some_and(|(next, _)| *next == key) {
            // PostgreSQL checks a duplicate's number before it throws the value away.
            write(value, &mut Vec::new())?;
            continue;
        }
        if key.len() > STRING_BYTES {
            return Err(CatalogError::NotSupported("string too long to represent as jsonb string".into()).into());
        }
        if !is_first {
            out.extend_from_slice(b", ");
        }
        is_first = false;
        write_string(&key, out);
        out.extend_from_slice(b": ");
        write(value, out)?;
    }
    out.push(b'}');
    Ok(())
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

//! `jsonb_pretty`.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};

use super::strings;
use crate::catalog::types::json::{Value, write_string};
use crate::error::Result;

/// Documents on many lines, four spaces for each level.
///
/// # Errors
/// 54001 for documents that are nested too deep.
pub fn pretty(arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let answers = strings(&arrays[0]).iter().map(|document| {
        let Some(document) = document else { return Ok(None) };
        let mut out = Vec::with_capacity(document.len() * 2);
        write(&Value::of_jsonb(document)?, 0, &mut out);
        Ok(Some(String::from_utf8_lossy(&out).into_owned()))
    });
    Ok(Arc::new(answers.collect::<Result<StringArray>>()?))
}

fn line(level: usize, out: &mut Vec<u8>) {
    out.push(b'\n');
    out.resize(out.len() + level * 4, b' ');
}

fn write(value: &Value, level: usize, out: &mut Vec<u8>) {
    match value {
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                line(level + 1, out);
                write(item, level + 1, out);
            }
            line(level, out);
            out.push(b']');
        }
        Value::Object(members) => {
            out.push(b'{');
            for (index, (key, value)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                line(level + 1, out);
                write_string(key, out);
                out.extend_from_slice(b": ");
                write(value, level + 1, out);
            }
            line(level, out);
            out.push(b'}');
        }
        scalar => scalar.write(out),
    }
}

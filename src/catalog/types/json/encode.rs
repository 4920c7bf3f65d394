//! Values of columns as JSON, as PostgreSQL's `to_json` gives them: numbers and booleans bare, JSON as it
//! is, times in ISO 8601, arrays as arrays, everything else as a string of its text form.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Field, TimeUnit, TimestampMicrosecondType};

use super::jsonb::write_string;
use crate::catalog::types::datetime::write_moment;
use crate::catalog::types::text::{TextEncoder, list_values};
use crate::catalog::types::{OutputStyle, PgType};
use crate::error::Result;

type WriteValue = Box<dyn Fn(&dyn Array, usize, &mut Vec<u8>) + Send + Sync>;

/// Writes values of one column as JSON.
pub struct JsonEncoder {
    write: WriteValue,
}

impl std::fmt::Debug for JsonEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JsonEncoder")
    }
}

impl JsonEncoder {
    /// The encoder of a column with this Arrow field and PostgreSQL type. `style` gives the zone of
    /// `timestamptz`.
    ///
    /// # Errors
    /// 0A000 for an Arrow type that has no PostgreSQL form.
    pub fn new(field: &Field, pg: &PgType, style: &OutputStyle) -> Result<Self> {
        Ok(Self { write: resolve(field, pg, style, b",")? })
    }

    /// The same with line feeds between the elements of an array or the members of a row, but not within these.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_lines(field: &Field, pg: &PgType, style: &OutputStyle) -> Result<Self> {
        Ok(Self { write: resolve(field, pg, style, b",\n ")? })
    }

    /// Appends the value of a row; `null` for NULL.
    pub fn write(&self, array: &dyn Array, row: usize, out: &mut Vec<u8>) {
        if array.is_null(row) {
            out.extend_from_slice(b"null");
        } else {
            (self.write)(array, row, out);
        }
    }
}

fn resolve(field: &Field, pg: &PgType, style: &OutputStyle, separator: &'static [u8]) -> Result<WriteValue> {
    if let DataType::Struct(fields) = field.data_type() {
        let mut members = Vec::with_capacity(fields.len());
        for field in fields {
            let mut name = Vec::new();
            write_string(field.name(), &mut name);
            name.push(b':');
            members.push((name, JsonEncoder::new(field, &PgType::of_field(field), style)?));
        }
        return Ok(Box::new(move |array, row, out| {
            out.push(b'{');
            for (index, ((name, member), column)) in members.iter().zip(array.as_struct().columns()).enumerate() {
                if index > 0 {
                    out.extend_from_slice(separator);
                }
                out.extend_from_slice(name);
                member.write(column.as_ref(), row, out);
            }
            out.push(b'}');
        }));
    }
    let text = TextEncoder::new(field, pg, style)?;
    Ok(match (pg, field.data_type()) {
        (PgType::Bool, DataType::Boolean) => Box::new(|array, row, out| {
            out.extend_from_slice(if array.as_boolean().value(row) { b"true" } else { b"false" });
        }),
        (PgType::Int2 | PgType::Int4 | PgType::Int8 | PgType::Json | PgType::Jsonb, _) => {
            Box::new(move |array, row, out| text.write(array, row, out))
        }
        (PgType::Float4 | PgType::Float8 | PgType::Numeric(_), _) => Box::new(move |array, row, out| {
            let start = out.len();
            text.write(array, row, out);
            // JSON has no NaN and no Infinity.
            if out.last().is_some_and(|last| !last.is_ascii_digit()) {
                requote(out, start);
            }
        }),
        (PgType::Timestamp, DataType::Timestamp(TimeUnit::Microsecond, _)) => Box::new(|array, row, out| {
            out.push(b'"');
            write_moment(array.as_primitive::<TimestampMicrosecondType>().value(row), None, b'T', out);
            out.push(b'"');
        }),
        (PgType::Timestamptz, DataType::Timestamp(TimeUnit::Microsecond, _)) => {
            let zone = style.time_zone.clone();
            Box::new(move |array, row, out| {
                out.push(b'"');
                write_moment(array.as_primitive::<TimestampMicrosecondType>().value(row), Some(&zone), b'T', out);
                out.push(b'"');
            })
        }
        (
            PgType::Array(element),
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _),
        ) => {
            let item = JsonEncoder::new(item, element, style)?;
            let values = list_values(field.data_type());
            Box::new(move |array, row, out| {
                let items = values(array, row);
                out.push(b'[');
                for index in 0..items.len() {
                    if index > 0 {
                        out.extend_from_slice(separator);
                    }
                    item.write(&items, index, out);
                }
                out.push(b']');
            })
        }
        _ => Box::new(move |array, row, out| {
            let start = out.len();
            text.write(array, row, out);
            requote(out, start);
        }),
    })
}

/// Makes a JSON string of what was written since `start`.
fn requote(out: &mut Vec<u8>, start: usize) {
    let text = out.split_off(start);
    write_string(&String::from_utf8_lossy(&text), out);
}

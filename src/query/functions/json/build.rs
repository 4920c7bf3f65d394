//! What makes documents of values: `to_json`, `json_build_object`, `json_object`, and the elements of `json_agg`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use arrow::datatypes::{DataType, Field};

use super::{TextLists, any_null, invalid, strings};
use crate::catalog::types::json::{JsonEncoder, Value, write_string};
use crate::catalog::types::{OutputStyle, PgType};
use crate::error::{JsonFault, QueryError, Result};

/// Writes the values of one argument.
struct Argument<'a> {
    array: &'a ArrayRef,
    encoder: JsonEncoder,
    /// May it be the name of a member? Arrays, rows and documents may not.
    is_key: bool,
}

impl<'a> Argument<'a> {
    fn new(array: &'a ArrayRef, data_type: &PgType, style: &OutputStyle) -> Result<Self> {
        let field = Field::new("value", array.data_type().clone(), true);
        let is_nested = data_type.element().is_some() || is_nested(array.data_type());
        let is_key = !is_nested && !matches!(data_type, PgType::Json | PgType::Jsonb);
        Ok(Self { array, encoder: JsonEncoder::new(&field, data_type, style)?, is_key })
    }

    fn value(&self, row: usize, out: &mut Vec<u8>) {
        self.encoder.write(self.array.as_ref(), row, out);
    }

    fn key(&self, row: usize, out: &mut Vec<u8>) -> Result<()> {
        if !self.is_key {
            return Err(invalid("key value must be scalar, not array, composite, or json"));
        }
        let start = out.len();
        self.value(row, out);
        if out.get(start) != Some(&b'"') {
            out.insert(start, b'"');
            out.push(b'"');
        }
        Ok(())
    }
}

fn is_nested(data_type: &DataType) -> bool {
    matches!(data_type, DataType::List(_) | DataType::Struct(_))
}

/// Does a value of this type begin on a new line among the elements of `json_agg`?
pub fn has_lines(data_type: &PgType) -> bool {
    data_type.element().is_some() || is_nested(&data_type.arrow())
}

fn arguments<'a>(arrays: &'a [ArrayRef], types: &[PgType], style: &OutputStyle) -> Result<Vec<Argument<'a>>> {
    arrays.iter().zip(types).map(|(array, data_type)| Argument::new(array, data_type, style)).collect()
}

/// Documents, as they are or as jsonb.
struct Documents {
    builder: StringBuilder,
    canonical: bool,
}

impl Documents {
    fn new(rows: usize, canonical: bool) -> Self {
        Self { builder: StringBuilder::with_capacity(rows, rows * 32), canonical }
    }

    fn push(&mut self, text: &[u8]) -> Result<()> {
        let text = String::from_utf8_lossy(text);
        if self.canonical {
            self.builder.append_value(Value::read(&text)?.to_text());
        } else {
            self.builder.append_value(text);
        }
        Ok(())
    }

    fn null(&mut self) {
        self.builder.append_null();
    }

    fn finish(mut self) -> ArrayRef {
        Arc::new(self.builder.finish())
    }
}

/// `to_json(value)`, also as `row_to_json` and `array_to_json`, with line feeds between the outermost parts.
///
/// # Errors
/// 0A000 for a type that has no text.
pub fn of_value(
    array: &ArrayRef,
    data_type: &PgType,
    style: &OutputStyle,
    canonical: bool,
    lines: Option<&ArrayRef>,
) -> Result<ArrayRef> {
    let field = Field::new("value", array.data_type().clone(), true);
    let plain = JsonEncoder::new(&field, data_type, style)?;
    let pretty = lines.map(|_| JsonEncoder::with_lines(&field, data_type, style)).transpose()?;
    let lines = lines.map(|lines| lines.as_boolean());
    let mut documents = Documents::new(array.len(), canonical);
    let mut text = Vec::new();
    for row in 0..array.len() {
        if array.is_null(row) || lines.is_some_and(|lines| lines.is_null(row)) {
            documents.null();
            continue;
        }
        text.clear();
        match (&pretty, lines) {
            (Some(pretty), Some(lines)) if lines.value(row) => pretty.write(array.as_ref(), row, &mut text),
            _ => plain.write(array.as_ref(), row, &mut text),
        }
        documents.push(&text)?;
    }
    Ok(documents.finish())
}

/// A document for every row, whose text `write` appends.
fn documents(
    rows: usize,
    canonical: bool,
    mut write: impl FnMut(usize, &mut Vec<u8>) -> Result<()>,
) -> Result<ArrayRef> {
    let mut documents = Documents::new(rows, canonical);
    let mut text = Vec::new();
    for row in 0..rows {
        text.clear();
        write(row, &mut text)?;
        documents.push(&text)?;
    }
    Ok(documents.finish())
}

/// `json_build_array(…)`.
///
/// # Errors
/// As [`of_value`].
pub fn array(arrays: &[ArrayRef], types: &[PgType], style: &OutputStyle, canonical: bool) -> Result<ArrayRef> {
    let arguments = arguments(arrays, types, style)?;
    let rows = arrays.first().map_or(1, Array::len);
    documents(rows, canonical, |row, text| {
        text.push(b'[');
        for (index, argument) in arguments.iter().enumerate() {
            if index > 0 {
                text.extend_from_slice(b", ");
            }
            argument.value(row, text);
        }
        text.push(b']');
        Ok(())
    })
}

/// `json_build_object(…)`.
///
/// # Errors
/// 22023 for keys that are NULL or no scalars, and for a key without a value.
pub fn object(arrays: &[ArrayRef], types: &[PgType], style: &OutputStyle, canonical: bool) -> Result<ArrayRef> {
    if arrays.len() % 2 == 1 {
        let name = if canonical { "jsonb_build_object" } else { "json_build_object" };
        return Err(invalid("argument list must have even number of elements")
            .hint(format!("The arguments of {name}() must consist of alternating keys and values.")));
    }
    let arguments = arguments(arrays, types, style)?;
    let rows = arrays.first().map_or(1, Array::len);
    documents(rows, canonical, |row, text| {
        text.push(b'{');
        for (index, pair) in arguments.chunks_exact(2).enumerate() {
            if index > 0 {
                text.extend_from_slice(b", ");
            }
            if pair[0].array.is_null(row) {
                let number = 2 * index + 1;
                return Err(if canonical {
                    invalid(format!("argument {number}: key must not be null"))
                } else {
                    invalid(format!("argument {number} cannot be null")).hint("Object keys should be text.")
                });
            }
            pair[0].key(row, text)?;
            text.extend_from_slice(b" : ");
            pair[1].value(row, text);
        }
        text.push(b'}');
        Ok(())
    })
}

/// The elements of `json_agg`: a text for every row, also for NULL.
///
/// # Errors
/// As [`of_value`].
pub fn elements(arrays: &[ArrayRef], types: &[PgType], style: &OutputStyle) -> Result<ArrayRef> {
    let arguments = arguments(arrays, types, style)?;
    let rows = arrays.first().map_or(0, Array::len);
    documents(rows, false, |row, text| {
        arguments.iter().for_each(|argument| argument.value(row, text));
        Ok(())
    })
}

/// The members of `json_object_agg`: key and value as one text.
///
/// # Errors
/// 22023 for keys that are NULL or no scalars.
pub fn members(arrays: &[ArrayRef], types: &[PgType], style: &OutputStyle) -> Result<ArrayRef> {
    let arguments = arguments(arrays, types, style)?;
    let rows = arrays.first().map_or(0, Array::len);
    documents(rows, false, |row, text| {
        let [key, value] = arguments.as_slice() else { return Err(invalid("a key and a value are needed")) };
        if key.array.is_null(row) {
            return Err(invalid("field name must not be null"));
        }
        key.key(row, text)?;
        text.extend_from_slice(b" : ");
        value.value(row, text);
        Ok(())
    })
}

fn wrong_array(message: &str) -> crate::Error {
    QueryError::ArraySubscript(message.into()).into()
}

fn null_key() -> crate::Error {
    QueryError::NullNotAllowed("null value not allowed for object key".into()).into()
}

/// `json_object(text[])` and `json_object(keys, values)`.
///
/// # Errors
/// 2202E for arrays of the wrong lengths, 22004 for a key that is NULL.
pub fn object_of_texts(arrays: &[ArrayRef], canonical: bool) -> Result<ArrayRef> {
    let rows = arrays.first().map_or(0, Array::len);
    let mut documents = Documents::new(rows, canonical);
    for row in 0..rows {
        if any_null(arrays, row) {
            documents.null();
            continue;
        }
        let first: Vec<_> = TextLists::new(&arrays[0]).row(row).collect();
        let pairs: Vec<(Option<&str>, Option<&str>)> = match arrays.get(1) {
            None if first.len() % 2 == 1 => return Err(wrong_array("array must have even number of elements")),
            None => first.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect(),
            Some(values) => {
                let values: Vec<_> = TextLists::new(values).row(row).collect();
                if first.len() != values.len() {
                    return Err(wrong_array("mismatched array dimensions"));
                }
                first.into_iter().zip(values).collect()
            }
        };
        let mut text = vec![b'{'];
        for (index, (key, value)) in pairs.into_iter().enumerate() {
            if index > 0 {
                text.extend_from_slice(b", ");
            }
            write_string(key.ok_or_else(null_key)?, &mut text);
            text.extend_from_slice(b" : ");
            match value {
                Some(value) => write_string(value, &mut text),
                None => text.extend_from_slice(b"null"),
            }
        }
        text.push(b'}');
        documents.push(&text)?;
    }
    Ok(documents.finish())
}

/// The scalar that a jsonb is, as the text of the type that it is cast to; NULL for null.
///
/// # Errors
/// 22023 for any other document.
pub fn scalars(array: &ArrayRef, target: &PgType) -> Result<ArrayRef> {
    use crate::catalog::types::json::Shape;
    let wants = if *target == PgType::Bool { Shape::Boolean } else { Shape::Number };
    let documents = strings(array);
    let mut builder = StringBuilder::with_capacity(documents.len(), documents.len() * 8);
    for document in documents {
        match document.map(|document| (document, Shape::of(document))) {
            None => builder.append_null(),
            Some((document, shape)) if shape == wants => builder.append_value(document),
            Some((_, shape)) => {
                let what = match shape {
                    Shape::Array | Shape::Object => shape.name().to_owned(),
                    Shape::Number => "numeric".to_owned(),
                    other => other.name().to_owned(),
                };
                return Err(invalid(format!("cannot cast jsonb {what} to type {}", target.without_typmod().format())));
            }
        }
    }
    Ok(Arc::new(builder.finish()))
}

/// An error of SQL/JSON.
pub fn fault(fault: JsonFault, message: impl Into<String>) -> crate::Error {
    QueryError::Json { fault, message: message.into() }.into()
}

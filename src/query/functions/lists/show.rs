//! What says something of an array: its lengths and bounds, its text.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, StringBuilder};
use arrow::datatypes::{Field, Int32Type};

use super::elements;
use crate::base::limits::BATCH_BYTES;
use crate::catalog::types::text::TextEncoder;
use crate::catalog::types::{OutputStyle, PgType};
use crate::error::{QueryError, Result};

/// A number that is known from the length of an array and the dimension that is asked for (1 if none is).
pub fn numbers(arrays: &[ArrayRef], answer: impl Fn(i32, i32) -> Option<i32>) -> Result<ArrayRef> {
    let lists = arrays[0].as_list::<i32>();
    let dimensions = arrays.get(1).map(|dimensions| dimensions.as_primitive::<Int32Type>());
    let answers = (0..lists.len()).map(|row| {
        if lists.is_null(row) || dimensions.is_some_and(|dimensions| dimensions.is_null(row)) {
            return None;
        }
        answer(lists.value_length(row), dimensions.map_or(1, |dimensions| dimensions.value(row)))
    });
    Ok(Arc::new(answers.collect::<Int32Array>()))
}

/// `array_dims`.
///
/// # Errors
/// None of its own.
pub fn dimensions(first: i32, arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let lists = arrays[0].as_list::<i32>();
    let mut builder = StringBuilder::new();
    for row in 0..lists.len() {
        let length = if lists.is_null(row) { 0 } else { lists.value_length(row) };
        builder.append_option((length > 0).then(|| format!("[{first}:{}]", first + length - 1)));
    }
    Ok(Arc::new(builder.finish()))
}

/// `array_to_string(array, delimiter, text for NULL)`, by the output function of the elements.
///
/// # Errors
/// 0A000 for elements without a text, 54000 for texts that are too long.
pub fn joined(element: &PgType, style: &OutputStyle, arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let lists = arrays[0].as_list::<i32>();
    let delimiters = arrays[1].as_string::<i32>();
    let nulls = arrays.get(2).map(|nulls| nulls.as_string::<i32>());
    let field = Field::new("element", lists.values().data_type().clone(), true);
    let encoder = TextEncoder::new(&field, element, style)?;
    let mut builder = StringBuilder::new();
    let mut total = 0;
    for row in 0..lists.len() {
        if lists.is_null(row) || delimiters.is_null(row) {
            builder.append_null();
            continue;
        }
        let mut text = Vec::new();
        let null = nulls.filter(|nulls| nulls.is_valid(row)).map(|nulls| nulls.value(row));
        let mut is_first = true;
        for place in elements(lists, row) {
            let is_null = lists.values().is_null(place);
            if is_null && null.is_none() {
                continue;
            }
            if !is_first {
                text.extend_from_slice(delimiters.value(row).as_bytes());
            }
            is_first = false;
            match null {
                Some(null) if is_null => text.extend_from_slice(null.as_bytes()),
                _ => encoder.write(lists.values().as_ref(), place, &mut text),
            }
        }
        total += text.len() as u64;
        if total > BATCH_BYTES {
            return Err(QueryError::LimitExceeded("requested length too large".into()).into());
        }
        builder.append_value(String::from_utf8_lossy(&text));
    }
    Ok(Arc::new(builder.finish()))
}

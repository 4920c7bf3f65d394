//! What the functions and operators of json and jsonb compute, row by row of Arrow arrays.
//!
//! A `jsonb` is its canonical text. What only takes something out of a document works on the text
//! ([`crate::catalog::types::json::member`] and its siblings); what changes or compares documents reads it as a
//! [`Value`] and writes that again.

pub mod access;
pub mod build;
pub mod change;
pub mod collect;
pub mod expand;
pub mod order;
pub mod path;
pub mod pretty;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, StringArray, StringBuilder};

use arrow::datatypes::DataType;
use datafusion::logical_expr::{ScalarUDF, Volatility};

use super::kernel::Kernel;
use crate::catalog::types::PgType;
use crate::catalog::types::json::Value;
use crate::error::{QueryError, Result};
use crate::query::bind::errors;

/// `->` and its siblings for whoever knows only the Arrow form of what is looked for.
pub fn extract(document: &PgType, returns: PgType) -> Arc<ScalarUDF> {
    let name = format!("kalam_json_extract_{}_{}", document.name(), returns.name());
    let (as_text, of_jsonb) = (returns == PgType::Text, *document == PgType::Jsonb);
    Kernel::new(name, 2, returns, Volatility::Immutable, move |_, arrays| {
        let step = match arrays[1].data_type() {
            DataType::List(_) => access::Step::Path,
            DataType::Utf8 => access::Step::Member,
            _ => access::Step::Element { of_jsonb },
        };
        let mut arrays = arrays.to_vec();
        if let access::Step::Element { .. } = step {
            let places = arrow::compute::cast(&arrays[1], &DataType::Int32);
            arrays[1] = places.map_err(|error| errors::translate(error.into()))?;
        }
        access::extract(step, as_text, !of_jsonb, &arrays)
    })
}

/// The texts of an argument.
pub fn strings(array: &ArrayRef) -> &StringArray {
    array.as_string::<i32>()
}

/// Is one of the arguments NULL in this row?
pub fn any_null(arrays: &[ArrayRef], row: usize) -> bool {
    arrays.iter().any(|array| array.is_null(row))
}

/// One document for each row; NULL where an argument is NULL.
///
/// # Errors
/// The first row's that fails.
pub fn documents(arrays: &[ArrayRef], mut row: impl FnMut(usize) -> Result<Option<Value>>) -> Result<ArrayRef> {
    let rows = arrays.first().map_or(0, Array::len);
    let mut builder = StringBuilder::with_capacity(rows, rows * 32);
    let mut text = Vec::new();
    for index in 0..rows {
        match if any_null(arrays, index) { None } else { row(index)? } {
            None => builder.append_null(),
            Some(value) => {
                text.clear();
                value.write(&mut text);
                builder.append_value(String::from_utf8_lossy(&text));
            }
        }
    }
    Ok(Arc::new(builder.finish()))
}

/// One truth value for each row; NULL where an argument is NULL.
///
/// # Errors
/// The first row's that fails.
pub fn truths(arrays: &[ArrayRef], mut row: impl FnMut(usize) -> Result<Option<bool>>) -> Result<ArrayRef> {
    let rows = arrays.first().map_or(0, Array::len);
    let answers = (0..rows).map(|index| if any_null(arrays, index) { Ok(None) } else { row(index) });
    Ok(Arc::new(answers.collect::<Result<BooleanArray>>()?))
}

/// An argument of type text[].
#[derive(Clone, Copy)]
pub struct TextLists<'a> {
    list: &'a ListArray,
    values: &'a StringArray,
}

impl<'a> TextLists<'a> {
    pub fn new(array: &'a ArrayRef) -> Self {
        let list = array.as_list::<i32>();
        Self { list, values: list.values().as_string::<i32>() }
    }

    /// The elements of a row.
    pub fn row(self, row: usize) -> impl Iterator<Item = Option<&'a str>> {
        let place = |index: usize| usize::try_from(self.list.value_offsets()[index]).unwrap_or(0);
        (place(row)..place(row + 1))
            .map(move |element| if self.values.is_null(element) { None } else { Some(self.values.value(element)) })
    }
}

/// 22023.
fn invalid(message: impl Into<String>) -> crate::Error {
    QueryError::InvalidParameterValue(message.into()).into()
}

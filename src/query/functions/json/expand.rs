//! What makes rows of documents: `json_each`, `json_array_elements`, `json_object_keys`. The rows of one document are a
//! list; a function with two columns makes two lists of one length.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListBuilder, StringBuilder};

use super::{invalid, strings};
use crate::catalog::types::json::{self, Shape};
use crate::error::Result;

/// One column of such a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Keys,
    Values,
    /// Values as `->>` gives them.
    Texts,
}

/// The lists of one column. `function` is its name in SQL, for its errors.
///
/// # Errors
/// 22023 for a document that has no such parts.
pub fn lists(function: &str, column: Column, array: &ArrayRef) -> Result<ArrayRef> {
    let documents = strings(array);
    let of_elements = function.contains("array_elements");
    let mut builder = ListBuilder::new(StringBuilder::new());
    for document in documents {
        let Some(document) = document else {
            builder.append_null();
            continue;
        };
        check(function, of_elements, Shape::of(document))?;
        let reads_strings = !of_elements || column == Column::Texts;
        if reads_strings && !function.starts_with("jsonb") {
            json::check_strings(document)?;
        }
        if of_elements {
            json::elements(document).try_for_each(|value| append(builder.values(), column, value))?;
        } else {
            members(builder.values(), column, document)?;
        }
        builder.append(true);
    }
    Ok(Arc::new(builder.finish()))
}

fn members(builder: &mut StringBuilder, column: Column, document: &str) -> Result<()> {
    for (name, value) in json::members(document) {
        match column {
            Column::Keys => builder.append_value(json::unquoted(name)?),
            _ => append(builder, column, value)?,
        }
    }
    Ok(())
}

fn append(builder: &mut StringBuilder, column: Column, value: &str) -> Result<()> {
    match column {
        Column::Texts => builder.append_option(json::as_text(value)?),
        _ => builder.append_value(value),
    }
    Ok(())
}

fn check(function: &str, of_elements: bool, shape: Shape) -> Result<()> {
    let message = match (function, shape) {
        (_, Shape::Array) if of_elements => return Ok(()),
        (_, Shape::Object) if !of_elements => return Ok(()),
        ("jsonb_array_elements" | "jsonb_array_elements_text", Shape::Object) => {
            "cannot extract elements from an object".to_owned()
        }
        ("jsonb_array_elements" | "jsonb_array_elements_text", _) => "cannot extract elements from a scalar".to_owned(),
        ("json_array_elements" | "json_array_elements_text", Shape::Object) => {
            format!("cannot call {function} on a non-array")
        }
        ("json_each" | "json_each_text", Shape::Array) => "cannot deconstruct an array as an object".to_owned(),
        ("json_each" | "json_each_text", _) => "cannot deconstruct a scalar".to_owned(),
        ("jsonb_each" | "jsonb_each_text", _) => format!("cannot call {function} on a non-object"),
        (_, Shape::Array) => format!("cannot call {function} on an array"),
        _ => format!("cannot call {function} on a scalar"),
    };
    Err(invalid(message))
}

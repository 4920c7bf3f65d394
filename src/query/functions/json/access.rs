//! `->`, `->>`, `#>`, `#>>`, `?` and what else looks into documents.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int32Array, StringBuilder};
use arrow::datatypes::Int32Type;

use super::{TextLists, any_null, invalid, strings, truths};
use crate::catalog::types::json::{self, Shape, Value};
use crate::error::Result;

/// What leads to a part of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The name of a member.
    Member,
    /// The place of an element. A `jsonb` scalar is the only element of itself.
    Element { of_jsonb: bool },
    /// An array of names and places.
    Path,
}

/// Parts of documents, as documents or as texts. `of_json` says that the documents are no jsonb.
///
/// # Errors
/// 22P05 and 22P02 for characters that a text cannot have.
pub fn extract(step: Step, as_text: bool, of_json: bool, arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let documents = strings(&arrays[0]);
    if of_json {
        let read = |row: &usize| !any_null(arrays, *row);
        (0..documents.len()).filter(read).try_for_each(|row| json::check_strings(documents.value(row)))?;
    }
    let mut builder = StringBuilder::with_capacity(documents.len(), documents.len() * 16);
    for row in 0..documents.len() {
        let found = if any_null(arrays, row) { None } else { part(step, documents.value(row), &arrays[1], row) };
        match found {
            None => builder.append_null(),
            Some(found) if as_text => builder.append_option(json::as_text(found)?),
            Some(found) => builder.append_value(found),
        }
    }
    Ok(Arc::new(builder.finish()))
}

fn part<'a>(step: Step, document: &'a str, steps: &ArrayRef, row: usize) -> Option<&'a str> {
    match step {
        Step::Member => json::member(document, strings(steps).value(row)),
        Step::Element { of_jsonb } => {
            let index = steps.as_primitive::<Int32Type>().value(row);
            match Shape::of(document) {
                Shape::Array => json::element(document, index.into()),
                Shape::Object => None,
                _ => (of_jsonb && matches!(index, 0 | -1)).then_some(document),
            }
        }
        Step::Path => json::at_path(document, TextLists::new(steps).row(row)),
    }
}

/// `json_typeof`.
pub fn type_names(arrays: &[ArrayRef]) -> ArrayRef {
    let documents = strings(&arrays[0]);
    let mut builder = StringBuilder::with_capacity(documents.len(), documents.len() * 8);
    documents.iter().for_each(|document| builder.append_option(document.map(|text| Shape::of(text).name())));
    Arc::new(builder.finish())
}

/// `json_array_length`.
///
/// # Errors
/// 22023 for what is no array.
pub fn lengths(arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let count = |document: &str| match Shape::of(document) {
        Shape::Array => Ok(i32::try_from(json::elements(document).count()).unwrap_or(i32::MAX)),
        Shape::Object => Err(invalid("cannot get array length of a non-array")),
        _ => Err(invalid("cannot get array length of a scalar")),
    };
    let counts = strings(&arrays[0]).iter().map(|document| document.map(count).transpose());
    Ok(Arc::new(counts.collect::<Result<Int32Array>>()?))
}

/// Whether one (or all) of several names is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    One,
    Any,
    All,
}

/// `?`, `?|` and `?&`: a member of that name, an element that is that string, or that string itself.
///
/// # Errors
/// None of its own.
pub fn exists(names: Names, arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let documents = strings(&arrays[0]);
    truths(arrays, |row| {
        let document = documents.value(row);
        Ok(Some(match names {
            Names::One => has(document, strings(&arrays[1]).value(row)),
            Names::Any => TextLists::new(&arrays[1]).row(row).flatten().any(|name| has(document, name)),
            Names::All => TextLists::new(&arrays[1]).row(row).flatten().all(|name| has(document, name)),
        }))
    })
}

fn has(document: &str, name: &str) -> bool {
    let is_it = |value: &str| {
        Shape::of(value) == Shape::String && json::unquoted(json::trimmed(value)).is_ok_and(|text| text == name)
    };
    match Shape::of(document) {
        Shape::Object => json::member(document, name).is_some(),
        Shape::Array => json::elements(document).any(is_it),
        _ => is_it(document),
    }
}

/// `@>`; with the operands exchanged, `<@`.
///
/// # Errors
/// 54001 for documents that are nested too deep.
pub fn contains(container: &ArrayRef, contained: &ArrayRef) -> Result<ArrayRef> {
    let (left, right) = (strings(container), strings(contained));
    // A constant is read once.
    let mut known: Option<(&str, Value)> = None;
    let mut answers = Vec::with_capacity(left.len());
    for row in 0..left.len() {
        if left.is_null(row) || right.is_null(row) {
            answers.push(None);
            continue;
        }
        let wanted = right.value(row);
        let value = match known.take() {
            Some((text, value)) if text == wanted => value,
            _ => Value::of_jsonb(wanted)?,
        };
        answers.push(Some(Value::of_jsonb(left.value(row))?.contains(&value)));
        known = Some((wanted, value));
    }
    Ok(Arc::new(BooleanArray::from(answers)))
}

//! Values between PostgreSQL's text and Arrow, one at a time: literals, parameters, constants of plans.
//!
//! The input and output functions themselves are in [`crate::catalog::types`]; here is only what a plan
//! needs around them.

use std::sync::Arc;

use arrow::array::{ArrayRef, new_null_array};
use datafusion::common::metadata::FieldMetadata;
use datafusion::common::{DataFusionError, ScalarValue};
use datafusion::logical_expr::Expr;

use super::bind::errors;
use crate::catalog::types::datetime;
use crate::catalog::types::text::TextDecoder;
use crate::catalog::types::{OutputStyle, PgType};
use crate::error::Result;

/// Reads a text as a value of a type, by the type's input function.
///
/// # Errors
/// The input function's: 22P02, 22007, 22008, 22003, 22001.
pub fn parse(text: &str, data_type: &PgType, style: &OutputStyle) -> Result<ScalarValue> {
    let mut decoder = TextDecoder::new(data_type, style);
    decoder.append(text)?;
    of_array(&decoder.finish())
}

/// Reads a text as an interval whose type names fields: they say what a number without a unit is.
///
/// # Errors
/// As [`parse`].
pub fn parse_interval(text: &str, typmod: i32) -> Result<ScalarValue> {
    let range = typmod >> 16 & 0x7fff;
    Ok(ScalarValue::IntervalMonthDayNano(Some(datetime::parse_interval_of(text, range)?)))
}

/// The first value of an array.
pub fn of_array(array: &ArrayRef) -> Result<ScalarValue> {
    ScalarValue::try_from_array(array, 0).map_err(errors::translate)
}

/// A literal of a type, read from text.
///
/// # Errors
/// As [`parse`].
pub fn literal(text: &str, data_type: &PgType, style: &OutputStyle) -> Result<Expr> {
    Ok(constant(parse(text, data_type, style)?, data_type))
}

/// NULL of a type.
///
/// # Errors
/// For a type without an Arrow form, which there is none of.
pub fn null(data_type: &PgType) -> Result<Expr> {
    Ok(constant(null_value(data_type)?, data_type))
}

/// NULL of a type as a value.
///
/// # Errors
/// As [`null`].
pub fn null_value(data_type: &PgType) -> Result<ScalarValue> {
    of_array(&new_null_array(&data_type.arrow(), 1))
}

/// A value as an expression that knows its type.
pub fn constant(value: ScalarValue, data_type: &PgType) -> Expr {
    let metadata = FieldMetadata::from(data_type.metadata().into_iter().collect::<std::collections::BTreeMap<_, _>>());
    Expr::Literal(value, Some(metadata))
}

/// Values of one type as an array. Values that only differ in their Arrow form are converted.
///
/// # Errors
/// When a value cannot be converted to the type's Arrow form.
pub fn to_array(values: Vec<ScalarValue>, data_type: &PgType) -> Result<ArrayRef> {
    let target = data_type.arrow();
    let values: Vec<ScalarValue> = values
        .into_iter()
        .map(|value| if value.data_type() == target { Ok(value) } else { value.cast_to(&target) })
        .collect::<Result<_, DataFusionError>>()
        .map_err(errors::translate)?;
    if values.is_empty() {
        return Ok(Arc::clone(&arrow::array::new_empty_array(&target)));
    }
    ScalarValue::iter_to_array(values).map_err(errors::translate)
}

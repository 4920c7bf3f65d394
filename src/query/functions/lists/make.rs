//! What makes arrays: `ARRAY[…]`, `array_fill`, `generate_subscripts`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Builder, ListBuilder};
use arrow::datatypes::{DataType, Int32Type};

use super::Gather;
use crate::base::limits::BATCH_BYTES;
use crate::error::{QueryError, Result};
use crate::query::bind::refuse;

/// `ARRAY[a, b, …]`.
///
/// # Errors
/// 54000 for too many elements.
pub fn of_values(item: &DataType, arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let mut gather = Gather::new(item, &arrays.iter().collect::<Vec<_>>())?;
    for row in 0..arrays.first().map_or(1, Array::len) {
        (0..arrays.len()).for_each(|part| gather.pick(part, row));
        gather.end()?;
    }
    gather.finish()
}

/// `array_fill(value, dimensions, lower bounds)`.
///
/// # Errors
/// 22004 for dimensions that are NULL, 54000 for too many elements, 0A000 for more than one dimension and for other
/// lower bounds than 1.
pub fn filled(item: &DataType, arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let dimensions = arrays[1].as_list::<i32>();
    let bounds = arrays.get(2).map(|bounds| bounds.as_list::<i32>());
    let null = |message: &str| crate::Error::from(QueryError::NullNotAllowed(message.into()));
    let mut gather = Gather::new(item, &[&arrays[0]])?;
    for row in 0..dimensions.len() {
        if dimensions.is_null(row) || bounds.is_some_and(|bounds| bounds.is_null(row)) {
            return Err(null("dimension array or low bound array cannot be null"));
        }
        let sizes = dimensions.value(row);
        let sizes = sizes.as_primitive::<Int32Type>();
        if sizes.null_count() > 0 {
            return Err(null("dimension values cannot be null"));
        }
        if let Some(bounds) = bounds {
            let bounds = bounds.value(row);
            let bounds = bounds.as_primitive::<Int32Type>();
            if bounds.null_count() > 0 {
                return Err(null("dimension values cannot be null"));
            }
            if bounds.len() != sizes.len() {
                let error = crate::Error::from(QueryError::ArraySubscript("wrong number of array subscripts".into()));
                return Err(error.detail("Low bound array has different size than dimensions array."));
            }
            if bounds.values().iter().any(|bound| *bound != 1) && sizes.values().iter().all(|size| *size > 0) {
                return Err(refuse::not_supported("an array whose lower bound is not 1"));
            }
        }
        match sizes.values().as_ref() {
            [] => {}
            [size] => {
                let too_many =
                    || QueryError::LimitExceeded("array size exceeds the maximum allowed (134217727)".into());
                let size = usize::try_from(*size).map_err(|_| too_many())?;
                if size as u64 * 8 > BATCH_BYTES {
                    return Err(too_many().into());
                }
                (0..size).for_each(|_| gather.pick(0, row));
            }
            several if several.contains(&0) => {}
            _ => return Err(refuse::not_supported("an array of several dimensions")),
        }
        gather.end()?;
    }
    gather.finish()
}

/// `generate_subscripts(array, dimension, reverse)`, as lists.
///
/// # Errors
/// None of its own.
pub fn subscripts(first: i32, arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let (list, dimensions) = (arrays[0].as_list::<i32>(), arrays[1].as_primitive::<Int32Type>());
    let reverse = arrays.get(2).map(|reverse| reverse.as_boolean());
    let mut builder = ListBuilder::new(Int32Builder::new());
    for row in 0..list.len() {
        let is_there = arrays.iter().all(|array| array.is_valid(row)) && dimensions.value(row) == 1;
        if is_there {
            let all = first..first + list.value_length(row);
            if reverse.is_some_and(|reverse| reverse.value(row)) {
                all.rev().for_each(|subscript| builder.values().append_value(subscript));
            } else {
                all.for_each(|subscript| builder.values().append_value(subscript));
            }
        }
        builder.append(is_there);
    }
    Ok(Arc::new(builder.finish()))
}

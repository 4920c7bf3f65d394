//! `array[1]` and `array[1:2]`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, ListArray, UInt32Array};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::take;
use arrow::datatypes::{Field, Int32Type};
use datafusion::logical_expr::{Expr, Volatility};

use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::bind::{errors, refuse};
use crate::query::environment::Environment;
use crate::query::functions::kernel::{self, Kernel};
use crate::query::values;

/// An element of an array, or with `slice` a part of it. Bounds that are not written are `None`.
///
/// # Errors
/// 0A000 for what is no array.
pub fn subscript(
    array: Expr,
    data_type: &PgType,
    mut bounds: Vec<(Option<Expr>, Option<Expr>)>,
    slice: bool,
) -> Result<Expr> {
    let Some(element) = data_type.element() else { return Err(refuse::not_supported("subscripts of this type")) };
    // The vectors of the system catalogs count from 0.
    let first = if matches!(data_type, PgType::Array(_)) { 1 } else { 0 };
    let result = if slice { PgType::Array(Box::new(element.clone())) } else { element };
    let (Some((lower, upper)), true) = (bounds.pop(), bounds.is_empty()) else {
        // An array of one dimension has nothing in a second one.
        let nothing = values::null_value(&result)?;
        return Ok(values::constant(nothing, &result));
    };
    let name = format!("pg_subscript_{}_{first}_{}_{}", data_type.oid(), lower.is_some(), upper.is_some());
    let (has_lower, has_upper) = (lower.is_some(), upper.is_some());
    let arguments: Vec<Expr> = [Some(array), lower, upper].into_iter().flatten().collect();
    let count = arguments.len();
    let work = move |_: &Environment, arrays: &[ArrayRef]| {
        let list = arrays[0].as_list::<i32>();
        let bound = |place: usize| arrays[place].as_primitive::<Int32Type>();
        if slice {
            let lower = has_lower.then(|| bound(1));
            let upper = has_upper.then(|| bound(1 + usize::from(has_lower)));
            part(list, first, lower, upper)
        } else {
            one(list, first, bound(1))
        }
    };
    let name = if slice { format!("{name}_slice") } else { name };
    Ok(kernel::call(Kernel::new(name, count, result, Volatility::Immutable, work), arguments))
}

fn one(list: &ListArray, first: i64, indexes: &Int32Array) -> Result<ArrayRef> {
    let places = (0..list.len()).map(|row| {
        if list.is_null(row) || indexes.is_null(row) {
            return None;
        }
        let place = i64::from(indexes.value(row)) - first;
        let start = i64::from(list.value_offsets()[row]);
        (0..i64::from(list.value_length(row))).contains(&place).then(|| u32::try_from(start + place).ok())?
    });
    let places: UInt32Array = places.collect();
    take(list.values(), &places, None).map_err(|error| errors::translate(error.into()))
}

fn part(list: &ListArray, first: i64, lower: Option<&Int32Array>, upper: Option<&Int32Array>) -> Result<ArrayRef> {
    let mut places: Vec<u32> = Vec::new();
    let mut offsets = vec![0i32];
    let mut is_there = Vec::with_capacity(list.len());
    for row in 0..list.len() {
        let is_null = |bound: Option<&Int32Array>| bound.is_some_and(|bound| bound.is_null(row));
        is_there.push(!(list.is_null(row) || is_null(lower) || is_null(upper)));
        if is_there[row] {
            let (start, length) = (i64::from(list.value_offsets()[row]), i64::from(list.value_length(row)));
            let from = lower.map_or(0, |bound| i64::from(bound.value(row)) - first).max(0);
            let to = upper.map_or(length, |bound| i64::from(bound.value(row)) - first + 1).min(length);
            places.extend((from..to).filter_map(|place| u32::try_from(start + place).ok()));
        }
        offsets.push(i32::try_from(places.len()).unwrap_or(i32::MAX));
    }
    let translate = |error: arrow::error::ArrowError| errors::translate(error.into());
    let values = take(list.values(), &UInt32Array::from(places), None).map_err(translate)?;
    let field = Arc::new(Field::new_list_field(values.data_type().clone(), true));
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    let answer = ListArray::try_new(field, offsets, values, Some(NullBuffer::from(is_there))).map_err(translate)?;
    Ok(Arc::new(answer))
}

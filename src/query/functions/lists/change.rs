//! What makes a changed array of one: `||`, `array_remove`, `array_replace`, `trim_array`.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Int32Type};

use super::compare::equality;
use super::{Gather, elements};
use crate::catalog::types::PgType;
use crate::error::{QueryError, Result};

/// `array_append` and `array_prepend`. A NULL array is an empty one.
///
/// # Errors
/// 54000 for too many elements, as of all functions here.
pub fn extended(item: &DataType, lists: &ArrayRef, values: &ArrayRef, in_front: bool) -> Result<ArrayRef> {
    let list = lists.as_list::<i32>();
    let mut gather = Gather::new(item, &[list.values(), values])?;
    for row in 0..list.len() {
        if in_front {
            gather.pick(1, row);
        }
        if list.is_valid(row) {
            elements(list, row).for_each(|place| gather.pick(0, place));
        }
        if !in_front {
            gather.pick(1, row);
        }
        gather.end()?;
    }
    gather.finish()
}

/// `array_cat`. A NULL array counts for nothing beside another one.
///
/// # Errors
/// As [`extended`].
pub fn joined(item: &DataType, arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let (left, right) = (arrays[0].as_list::<i32>(), arrays[1].as_list::<i32>());
    let mut gather = Gather::new(item, &[left.values(), right.values()])?;
    for row in 0..left.len() {
        if left.is_null(row) && right.is_null(row) {
            gather.null();
            continue;
        }
        for (part, list) in [left, right].into_iter().enumerate() {
            if list.is_valid(row) {
                elements(list, row).for_each(|place| gather.pick(part, place));
            }
        }
        gather.end()?;
    }
    gather.finish()
}

/// `array_remove` and `array_replace`: elements equal to a value go, or become another one. NULL equals NULL.
///
/// # Errors
/// For elements that have no equality.
pub fn replaced(item: &DataType, element: &PgType, arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let list = arrays[0].as_list::<i32>();
    let equal = equality(list, &arrays[1], element)?;
    let mut parts = vec![list.values()];
    parts.extend(arrays.get(2));
    let mut gather = Gather::new(item, &parts)?;
    for row in 0..list.len() {
        if list.is_null(row) {
            gather.null();
            continue;
        }
        for place in elements(list, row) {
            match (equal(place, row).is_eq(), arrays.get(2)) {
                (false, _) => gather.pick(0, place),
                (true, Some(_)) => gather.pick(1, row),
                (true, None) => {}
            }
        }
        gather.end()?;
    }
    gather.finish()
}

/// `trim_array(array, n)`: without the last n.
///
/// # Errors
/// 2202E for more than there are.
pub fn trimmed(item: &DataType, arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let (list, counts) = (arrays[0].as_list::<i32>(), arrays[1].as_primitive::<Int32Type>());
    let mut gather = Gather::new(item, &[list.values()])?;
    for row in 0..list.len() {
        if list.is_null(row) || counts.is_null(row) {
            gather.null();
            continue;
        }
        let (length, count) = (list.value_length(row), counts.value(row));
        if !(0..=length).contains(&count) {
            let message = format!("number of elements to trim must be between 0 and {length}");
            return Err(QueryError::ArraySubscript(message).into());
        }
        let kept = usize::try_from(length - count).unwrap_or(0);
        elements(list, row).take(kept).for_each(|place| gather.pick(0, place));
        gather.end()?;
    }
    gather.finish()
}

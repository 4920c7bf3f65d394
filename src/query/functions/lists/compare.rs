//! Comparisons of arrays, and of values with the elements of arrays.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float32Array, Float64Array, Int32Array, ListArray,
    make_comparator,
};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int32Type, IntervalMonthDayNanoType};
use datafusion::logical_expr::Operator;

use super::{arrow, elements, in_form};
use crate::catalog::types::PgType;
use crate::error::{QueryError, Result};
use crate::query::functions::array::Quantifier;
use crate::query::functions::interval::span_of;
use crate::query::functions::json::order;
use crate::query::functions::numbers;

/// Values of a type in a form whose Arrow order is the order of the type.
fn comparable(values: &ArrayRef, data_type: &PgType) -> Result<ArrayRef> {
    Ok(match (data_type, values.data_type()) {
        (PgType::Interval, _) => {
            let spans: Decimal128Array = values.as_primitive::<IntervalMonthDayNanoType>().unary(span_of);
            Arc::new(spans.with_precision_and_scale(38, 0).map_err(arrow)?)
        }
        (PgType::Jsonb, _) => order::keys(values)?,
        (PgType::Numeric(_), DataType::BinaryView) => numbers::keys(values)?,
        // Zero has one sign only, and NaN too.
        (_, DataType::Float32) => {
            let plain = |value: f32| if value.is_nan() { f32::NAN } else { value + 0.0 };
            let values: Float32Array = values.as_primitive::<Float32Type>().unary(plain);
            Arc::new(values)
        }
        (_, DataType::Float64) => {
            let plain = |value: f64| if value.is_nan() { f64::NAN } else { value + 0.0 };
            let values: Float64Array = values.as_primitive::<Float64Type>().unary(plain);
            Arc::new(values)
        }
        _ => Arc::clone(values),
    })
}

/// Both in one form, where one of them has no values.
fn pair(left: &ArrayRef, right: &ArrayRef, data_type: &PgType) -> Result<(ArrayRef, ArrayRef)> {
    let (left, right) = (comparable(left, data_type)?, comparable(right, data_type)?);
    if left.data_type() == right.data_type() {
        return Ok((left, right));
    }
    let wanted = match (left.data_type(), right.data_type()) {
        (DataType::Null, other) | (other, DataType::Null) => other.clone(),
        _ => PgType::arrow(data_type),
    };
    Ok((in_form(&left, &wanted)?, in_form(&right, &wanted)?))
}

type Compare = Box<dyn Fn(usize, usize) -> Ordering + Send + Sync>;

/// Compares an element of one array with one of another, NULL being equal to NULL and behind everything.
fn comparator(left: &ArrayRef, right: &ArrayRef, data_type: &PgType) -> Result<Compare> {
    let (left, right) = pair(left, right, data_type)?;
    make_comparator(&left, &right, SortOptions { descending: false, nulls_first: false }).map_err(arrow)
}

/// The outcome of a comparison operator.
fn holds(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Eq => order.is_eq(),
        Operator::NotEq => order.is_ne(),
        Operator::Lt => order.is_lt(),
        Operator::LtEq => order.is_le(),
        Operator::Gt => order.is_gt(),
        _ => order.is_ge(),
    }
}

/// The order of arrays: element by element, NULL behind everything, then by length.
fn order_of(left: &ListArray, right: &ListArray, row: usize, compare: &Compare) -> Ordering {
    let pairs = elements(left, row).zip(elements(right, row));
    let different = pairs.map(|(one, other)| compare(one, other)).find(|order| order.is_ne());
    different.unwrap_or_else(|| left.value_length(row).cmp(&right.value_length(row)))
}

/// A comparison of arrays. Of the catalog's vectors the length comes first.
///
/// # Errors
/// For elements that have no order.
pub fn compared(operator: Operator, element: &PgType, by_length: bool, arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let (left, right) = (arrays[0].as_list::<i32>(), arrays[1].as_list::<i32>());
    let compare = comparator(left.values(), right.values(), element)?;
    let answers = (0..left.len()).map(|row| {
        if left.is_null(row) || right.is_null(row) {
            return None;
        }
        let lengths = left.value_length(row).cmp(&right.value_length(row));
        let order = if by_length && lengths.is_ne() { lengths } else { order_of(left, right, row, &compare) };
        Some(holds(operator, order))
    });
    Ok(Arc::new(answers.collect::<BooleanArray>()))
}

/// `btarraycmp`.
///
/// # Errors
/// As [`compared`].
pub fn orders(element: &PgType, arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let (left, right) = (arrays[0].as_list::<i32>(), arrays[1].as_list::<i32>());
    let compare = comparator(left.values(), right.values(), element)?;
    let order = |row: usize| order_of(left, right, row, &compare) as i32;
    let answers = (0..left.len()).map(|row| (left.is_valid(row) && right.is_valid(row)).then(|| order(row)));
    Ok(Arc::new(answers.collect::<Int32Array>()))
}

/// `@>`, `<@` and `&&`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    Contains,
    Contained,
    Overlaps,
}

/// Whether the elements of one list are among those of another. NULL is equal to nothing.
///
/// # Errors
/// As [`compared`].
pub fn related(relation: Relation, element: &PgType, arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let (left, right) = match relation {
        Relation::Contained => (&arrays[1], &arrays[0]),
        _ => (&arrays[0], &arrays[1]),
    };
    let (left, right) = (left.as_list::<i32>(), right.as_list::<i32>());
    let compare = comparator(left.values(), right.values(), element)?;
    let answers = (0..left.len()).map(|row| {
        if left.is_null(row) || right.is_null(row) {
            return None;
        }
        let is_there = |wanted: usize| {
            right.values().is_valid(wanted)
                && elements(left, row).any(|own| left.values().is_valid(own) && compare(own, wanted).is_eq())
        };
        Some(match relation {
            Relation::Overlaps => elements(right, row).any(is_there),
            _ => elements(right, row).all(is_there),
        })
    });
    Ok(Arc::new(answers.collect::<BooleanArray>()))
}

/// Whether elements are equal to the value of their row; NULL is found, unlike by the operators.
pub(super) fn equality(list: &ListArray, values: &ArrayRef, element: &PgType) -> Result<Compare> {
    comparator(list.values(), values, element)
}

/// `array_position`: the place of an element, counted from 1.
///
/// # Errors
/// As [`compared`]; 22004 for a start that is NULL.
pub fn position(element: &PgType, arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let lists = arrays[0].as_list::<i32>();
    let equal = equality(lists, &arrays[1], element)?;
    let starts = arrays.get(2).map(|starts| starts.as_primitive::<Int32Type>());
    let mut answers = Vec::with_capacity(lists.len());
    for row in 0..lists.len() {
        if lists.is_null(row) {
            answers.push(None);
            continue;
        }
        if starts.is_some_and(|starts| starts.is_null(row)) {
            return Err(QueryError::NullNotAllowed("initial position must not be null".into()).into());
        }
        let start = starts.map_or(1, |starts| starts.value(row)).max(1);
        let found = elements(lists, row).zip(1..).find(|(own, place)| *place >= start && equal(*own, row).is_eq());
        answers.push(found.map(|(_, place)| place));
    }
    Ok(Arc::new(Int32Array::from(answers)))
}

/// `array_positions`: all of them.
///
/// # Errors
/// As [`compared`].
pub fn positions(element: &PgType, arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let lists = arrays[0].as_list::<i32>();
    let equal = equality(lists, &arrays[1], element)?;
    let mut builder = arrow::array::ListBuilder::new(arrow::array::Int32Builder::new());
    for row in 0..lists.len() {
        if lists.is_valid(row) {
            let found = elements(lists, row).zip(1..).filter(|(own, _)| equal(*own, row).is_eq());
            found.for_each(|(_, place)| builder.values().append_value(place));
        }
        builder.append(lists.is_valid(row));
    }
    Ok(Arc::new(builder.finish()))
}

/// `width_bucket(operand, thresholds)`: how many of the thresholds are at most the operand.
///
/// # Errors
/// 22004 for a threshold that is NULL.
pub fn bucket(element: &PgType, arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let lists = arrays[1].as_list::<i32>();
    let compare = comparator(lists.values(), &arrays[0], element)?;
    let mut answers = Vec::with_capacity(lists.len());
    for row in 0..lists.len() {
        if lists.is_null(row) || arrays[0].is_null(row) {
            answers.push(None);
            continue;
        }
        let places = elements(lists, row);
        if places.clone().any(|place| lists.values().is_null(place)) {
            return Err(QueryError::NullNotAllowed("thresholds array must not contain NULLs".into()).into());
        }
        let (mut low, mut high) = (places.start, places.end);
        while low < high {
            let middle = low + (high - low) / 2;
            if compare(middle, row).is_gt() {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        answers.push(i32::try_from(low - places.start).ok());
    }
    Ok(Arc::new(Int32Array::from(answers)))
}

/// `left operator ANY|ALL (array)`: decided by one element, NULL when none decides but one comparison is NULL.
///
/// # Errors
/// As [`compared`].
pub fn quantified(
    quantifier: Quantifier,
    operator: Operator,
    element: &PgType,
    arrays: &[ArrayRef],
) -> Result<ArrayRef> {
    if arrays[1].data_type().is_null() {
        return Ok(Arc::new(BooleanArray::new_null(arrays[1].len())));
    }
    let (left, lists) = (&arrays[0], arrays[1].as_list::<i32>());
    let compare = comparator(left, lists.values(), element)?;
    let decisive = quantifier == Quantifier::Any;
    let answers = (0..lists.len()).map(|row| {
        if lists.is_null(row) {
            return None;
        }
        let mut unknown = false;
        for place in elements(lists, row) {
            if left.is_null(row) || lists.values().is_null(place) {
                unknown = true;
            } else if holds(operator, compare(row, place)) == decisive {
                return Some(decisive);
            }
        }
        if unknown { None } else { Some(!decisive) }
    });
    Ok(Arc::new(answers.collect::<BooleanArray>()))
}

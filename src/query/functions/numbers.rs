//! Numerics in Arrow arrays: reading, building, the keys by which they compare, arithmetic.
//!
//! A numeric is a `BinaryView` of the bytes that [`Numeric::encode`] writes. Equal numbers may have different bytes,
//! because the scale is a part of them: whatever compares numbers compares their [`key`]s.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryBuilder, BinaryViewArray, BinaryViewBuilder, ListArray};
use arrow::compute;
use arrow::datatypes::{DataType, Decimal256Type, Field, Int64Type};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, Volatility};

use super::kernel::{self, Kernel};
use crate::base::limits::BATCH_BYTES;
use crate::base::numeric::{self, Numeric};
use crate::catalog::types::PgType;
use crate::error::{QueryError, Result};
use crate::query::bind::errors;
use crate::query::environment::Environment;

/// The name of the function that gives the key of a number.
pub const KEY: &str = "kalam_numeric_key";

/// Reads an encoded number.
///
/// # Errors
/// XX000 for bytes that are none.
pub fn decode(bytes: &[u8]) -> Result<Numeric> {
    Numeric::decode(bytes).ok_or_else(|| QueryError::Engine { message: "a value is no numeric".into() }.into())
}

/// The number of a row that is not NULL.
///
/// # Errors
/// As [`decode`].
pub fn value(array: &BinaryViewArray, row: usize) -> Result<Numeric> {
    decode(array.value(row))
}

/// A number as a scalar.
pub fn scalar(number: &Numeric) -> ScalarValue {
    let mut bytes = Vec::new();
    number.encode(&mut bytes);
    ScalarValue::BinaryView(Some(bytes))
}

/// An array of numbers under construction.
#[derive(Debug)]
pub struct Numbers {
    builder: BinaryViewBuilder,
    bytes: Vec<u8>,
}

impl Numbers {
    pub fn with_capacity(rows: usize) -> Self {
        Self { builder: BinaryViewBuilder::with_capacity(rows), bytes: Vec::new() }
    }

    pub fn append(&mut self, number: &Numeric) {
        self.bytes.clear();
        number.encode(&mut self.bytes);
        self.builder.append_value(&self.bytes);
    }

    pub fn append_null(&mut self) {
        self.builder.append_null();
    }

    pub fn finish(mut self) -> ArrayRef {
        Arc::new(self.builder.finish())
    }
}

/// Computes a number of each row in which no argument is NULL. Numbers may be long: their work can be cancelled, and
/// what a batch may hold of them is bounded.
///
/// # Errors
/// Those of the computation, 57014, 54000.
pub fn map(
    environment: &Environment,
    arrays: &[ArrayRef],
    compute: impl Fn(usize) -> Result<Numeric>,
) -> Result<ArrayRef> {
    /// Numbers of more bytes take long to compute.
    const LONG: usize = 256;
    let rows = arrays.first().map_or(0, |array| array.len());
    let mut numbers = Numbers::with_capacity(rows);
    let mut total = 0;
    for row in 0..rows {
        if arrays.iter().any(|array| array.is_null(row)) {
            numbers.append_null();
            continue;
        }
        numbers.append(&compute(row)?);
        if numbers.bytes.len() > LONG || row % 1024 == 0 {
            total += numbers.bytes.len() as u64;
            if total > BATCH_BYTES {
                return Err(QueryError::LimitExceeded("requested length too large".into()).into());
            }
            if environment.cancel.is_cancelled() {
                return Err(QueryError::Canceled.into());
            }
        }
    }
    Ok(numbers.finish())
}

/// As [`map`], for what is no work.
fn converted(array: &ArrayRef, number: impl Fn(usize) -> Numeric) -> ArrayRef {
    let mut numbers = Numbers::with_capacity(array.len());
    for row in 0..array.len() {
        if array.is_null(row) {
            numbers.append_null();
        } else {
            numbers.append(&number(row));
        }
    }
    numbers.finish()
}

/// What equal numbers have in common, in the order of the numbers; of arrays element by element. It has another form
/// than numbers have, so that no key is ever taken for a number.
pub fn key(expr: Expr, data_type: &PgType) -> Expr {
    let (name, form) = match data_type {
        PgType::Array(_) => ("kalam_numeric_keys", DataType::new_list(DataType::Binary, true)),
        _ => (KEY, DataType::Binary),
    };
    kernel::call(Kernel::key(name, form, |_, arrays| keys(&arrays[0])), vec![expr])
}

/// The keys of an array of numbers, or of arrays of them.
///
/// # Errors
/// None that a caller could cause.
pub fn keys(array: &ArrayRef) -> Result<ArrayRef> {
    if let Some(list) = array.as_list_opt::<i32>() {
        let values = keys(list.values())?;
        let field = Arc::new(Field::new_list_field(DataType::Binary, true));
        let list = ListArray::try_new(field, list.offsets().clone(), values, list.nulls().cloned());
        return Ok(Arc::new(list.map_err(|error| errors::translate(error.into()))?));
    }
    let numbers = array.as_binary_view();
    let mut builder = BinaryBuilder::with_capacity(numbers.len(), numbers.len() * 8);
    for bytes in numbers {
        builder.append_option(bytes.map(numeric::key));
    }
    Ok(Arc::new(builder.finish()))
}

/// A function of two numbers.
pub fn binary(name: String, compute: fn(&Numeric, &Numeric) -> Result<Numeric>, arguments: Vec<Expr>) -> Expr {
    let function = Kernel::new(name, 2, PgType::Numeric(None), Volatility::Immutable, move |environment, arrays| {
        let (left, right) = (arrays[0].as_binary_view(), arrays[1].as_binary_view());
        map(environment, arrays, |row| compute(&value(left, row)?, &value(right, row)?))
    });
    kernel::call(function, arguments)
}

/// `greatest` and `least`, of which NULLs are no part; the first of several that are equal.
pub fn extreme_of(is_greatest: bool, arguments: Vec<Expr>) -> Expr {
    let name = if is_greatest { "kalam_numeric_greatest" } else { "kalam_numeric_least" };
    let count = arguments.len();
    let function = Kernel::new(name, count, PgType::Numeric(None), Volatility::Immutable, move |_, arrays| {
        let columns: Vec<&BinaryViewArray> = arrays.iter().map(|array| array.as_binary_view()).collect();
        let rows = columns.first().map_or(0, |column| column.len());
        let mut builder = BinaryViewBuilder::with_capacity(rows);
        for row in 0..rows {
            let values = columns.iter().filter(|column| column.is_valid(row)).map(|column| column.value(row));
            builder.append_option(values.reduce(|best, value| {
                let order = numeric::key(value).cmp(numeric::key(best));
                let is_better = if is_greatest { order.is_gt() } else { order.is_lt() };
                if is_better { value } else { best }
            }));
        }
        Ok(Arc::new(builder.finish()))
    });
    kernel::call(function, arguments)
}

/// Integers, or the decimals that DataFusion makes, as numerics.
///
/// # Errors
/// For an array that is neither.
pub fn from_array(array: &ArrayRef) -> Result<ArrayRef> {
    let arrow = |error: arrow::error::ArrowError| errors::translate(error.into());
    match array.data_type() {
        DataType::BinaryView => Ok(Arc::clone(array)),
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale) => {
            // A negative scale stands for zeros before the point.
            let shown = (*scale).max(0);
            let wide = compute::cast(array, &DataType::Decimal256(76, shown)).map_err(arrow)?;
            let values = wide.as_primitive::<Decimal256Type>();
            let shown = u16::from(shown.unsigned_abs());
            Ok(converted(array, |row| Numeric::from_wide(&values.value(row).to_le_bytes(), shown)))
        }
        _ => {
            let wide = compute::cast(array, &DataType::Int64).map_err(arrow)?;
            let values = wide.as_primitive::<Int64Type>();
            Ok(converted(array, |row| Numeric::from_integer(values.value(row))))
        }
    }
}

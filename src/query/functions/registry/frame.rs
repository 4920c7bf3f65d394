//! Kernels of the families: what is the same around all of them.
//!
//! A kernel answers the type that `pg_proc` declares, NULL where an argument is NULL, and counts what it writes: a
//! batch of text that is larger than Arrow can count is an error before it is there.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, BinaryBuilder, BooleanArray, PrimitiveBuilder, StringBuilder};
use datafusion::logical_expr::{Expr, Volatility};

use super::Call;
use crate::base::limits::{BATCH_BYTES, VALUE_BYTES};
use crate::error::{QueryError, Result};
use crate::query::environment::Environment;
use crate::query::functions::kernel::{self, Kernel};

/// The call as one of a kernel that only its arguments decide.
pub(super) fn immutable(
    call: &mut Call<'_>,
    work: impl Fn(&[ArrayRef]) -> Result<ArrayRef> + Send + Sync + 'static,
) -> Expr {
    with(call, Volatility::Immutable, move |_: &Environment, arrays: &[ArrayRef]| work(arrays))
}

/// The call as one of a kernel that also looks at the session's settings.
pub(super) fn stable(
    call: &mut Call<'_>,
    work: impl Fn(&Environment, &[ArrayRef]) -> Result<ArrayRef> + Send + Sync + 'static,
) -> Expr {
    with(call, Volatility::Stable, work)
}

fn with(
    call: &mut Call<'_>,
    volatility: Volatility,
    work: impl Fn(&Environment, &[ArrayRef]) -> Result<ArrayRef> + Send + Sync + 'static,
) -> Expr {
    let (name, arguments) = (format!("pg_{}", call.source), call.take());
    kernel::call(Kernel::new(name, arguments.len(), call.result.clone(), volatility, work), arguments)
}

/// The number of rows of the arguments of a kernel.
pub(super) fn rows(arrays: &[ArrayRef]) -> usize {
    arrays.first().map_or(0, |array| array.len())
}

/// Is an argument of this row NULL?
pub(super) fn any_null(arrays: &[ArrayRef], row: usize) -> bool {
    arrays.iter().any(|array| array.is_null(row))
}

/// 54000 for what is more than a value, or all values of a batch, may have.
pub(super) fn check_size(value: usize, batch: usize) -> Result<()> {
    if value as u64 > VALUE_BYTES || batch as u64 > BATCH_BYTES {
        return Err(QueryError::LimitExceeded("requested length too large".into()).into());
    }
    Ok(())
}

/// A text for every row, written into the buffer; `false` is NULL.
pub(super) fn texts(
    arrays: &[ArrayRef],
    mut write: impl FnMut(usize, &mut String) -> Result<bool>,
) -> Result<ArrayRef> {
    let rows = rows(arrays);
    let mut builder = StringBuilder::with_capacity(rows, rows * 16);
    let mut buffer = String::new();
    for row in 0..rows {
        buffer.clear();
        if !any_null(arrays, row) && write(row, &mut buffer)? {
            check_size(buffer.len(), builder.values_slice().len() + buffer.len())?;
            builder.append_value(&buffer);
        } else {
            builder.append_null();
        }
    }
    Ok(Arc::new(builder.finish()))
}

/// Bytes for every row, written into the buffer.
pub(super) fn bytes(arrays: &[ArrayRef], mut write: impl FnMut(usize, &mut Vec<u8>) -> Result<()>) -> Result<ArrayRef> {
    let rows = rows(arrays);
    let mut builder = BinaryBuilder::with_capacity(rows, rows * 16);
    let mut buffer = Vec::new();
    for row in 0..rows {
        buffer.clear();
        if any_null(arrays, row) {
            builder.append_null();
            continue;
        }
        write(row, &mut buffer)?;
        check_size(buffer.len(), builder.values_slice().len() + buffer.len())?;
        builder.append_value(&buffer);
    }
    Ok(Arc::new(builder.finish()))
}

/// A number for every row; `None` is NULL.
pub(super) fn numbers<T: ArrowPrimitiveType>(
    arrays: &[ArrayRef],
    mut answer: impl FnMut(usize) -> Result<Option<T::Native>>,
) -> Result<ArrayRef> {
    let rows = rows(arrays);
    let mut builder = PrimitiveBuilder::<T>::with_capacity(rows);
    for row in 0..rows {
        builder.append_option(if any_null(arrays, row) { None } else { answer(row)? });
    }
    Ok(Arc::new(builder.finish()))
}

/// A truth for every row.
pub(super) fn truths(arrays: &[ArrayRef], mut answer: impl FnMut(usize) -> Result<bool>) -> Result<ArrayRef> {
    let answers = (0..rows(arrays)).map(|row| if any_null(arrays, row) { Ok(None) } else { answer(row).map(Some) });
    Ok(Arc::new(answers.collect::<Result<BooleanArray>>()?))
}

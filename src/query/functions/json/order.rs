//! The order and equality of jsonb, as bytes.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryBuilder, Int32Array, StringArray};
use datafusion::logical_expr::{Expr, Volatility};

use super::strings;
use crate::catalog::types::PgType;
use crate::catalog::types::json::{Value, order_key};
use crate::error::Result;
use crate::query::functions::kernel::{Kernel, call};

/// A jsonb as bytes that compare as the documents do: `1` and `1.0` are one number, and `[]` is less than everything.
pub fn key(document: Expr) -> Expr {
    let function =
        Kernel::new("kalam_jsonb_key", 1, PgType::Bytea, Volatility::Immutable, |_, arrays| keys(&arrays[0]));
    call(function, vec![document])
}

/// The keys of documents.
///
/// # Errors
/// 54001 for documents that are nested too deep.
pub fn keys(array: &ArrayRef) -> Result<ArrayRef> {
    let documents = strings(array);
    let mut builder = BinaryBuilder::with_capacity(documents.len(), documents.len() * 16);
    let mut key = Vec::new();
    for document in documents {
        match document {
            None => builder.append_null(),
            Some(document) => {
                key.clear();
                order_key(&Value::of_jsonb(document)?, &mut key);
                builder.append_value(&key);
            }
        }
    }
    Ok(Arc::new(builder.finish()))
}

/// `jsonb_cmp`: -1, 0 or 1.
///
/// # Errors
/// As [`keys`].
pub fn compare(arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let (left, right) = (keys(&arrays[0])?, keys(&arrays[1])?);
    let (left, right) =
        (arrow::array::AsArray::as_binary::<i32>(&left), arrow::array::AsArray::as_binary::<i32>(&right));
    let orders = left.iter().zip(right).map(|(left, right)| Some(left?.cmp(right?) as i32));
    Ok(Arc::new(orders.collect::<Int32Array>()))
}

/// GREATEST or LEAST: NULLs do not count.
pub fn extreme(greatest: bool, arguments: Vec<Expr>) -> Expr {
    let name = if greatest { "kalam_jsonb_greatest" } else { "kalam_jsonb_least" };
    let function = Kernel::new(name, arguments.len(), PgType::Jsonb, Volatility::Immutable, move |_, arrays| {
        let keyed = arrays.iter().map(keys).collect::<Result<Vec<_>>>()?;
        let rows = arrays.first().map_or(0, Array::len);
        let chosen = (0..rows).map(|row| {
            let there = (0..arrays.len()).filter(|index| arrays[*index].is_valid(row));
            let key = |index: &usize| keyed[*index].as_binary::<i32>().value(row);
            // Of equal ones the first.
            let best = if greatest { there.rev().max_by_key(key) } else { there.min_by_key(key) };
            best.map(|index| strings(&arrays[index]).value(row))
        });
        Ok(Arc::new(chosen.collect::<StringArray>()))
    });
    call(function, arguments)
}

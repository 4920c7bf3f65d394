//! Arrays: `ANY` and `ALL` with PostgreSQL's NULLs, `ARRAY(SELECT …)`, bounds.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, UInt32Array};
use arrow::compute::{cast, kernels::cmp, take};
use datafusion::logical_expr::{Operator, ScalarUDF, Volatility};

use super::kernel::Kernel;
use crate::catalog::types::PgType;
use crate::error::Result;
use crate::query::bind::errors;

/// ANY or ALL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    Any,
    All,
}

/// `left operator ANY (right)`: true when one element compares true, NULL when none does but one
/// comparison is NULL.
pub fn quantified(quantifier: Quantifier, operator: Operator) -> Arc<ScalarUDF> {
    let name = format!("kalam_{quantifier:?}_{operator}").to_lowercase();
    Kernel::new(name, 2, PgType::Bool, Volatility::Immutable, move |_, arrays| {
        compare_all(quantifier, operator, &arrays[0], &arrays[1])
    })
}

fn compare_all(quantifier: Quantifier, operator: Operator, left: &ArrayRef, right: &ArrayRef) -> Result<ArrayRef> {
    if right.data_type().is_null() {
        return Ok(Arc::new(BooleanArray::new_null(right.len())));
    }
    let lists = right.as_list::<i32>();
    // The left side once for every element it is compared with.
    let mut rows = Vec::with_capacity(lists.values().len());
    let mut elements = Vec::with_capacity(lists.values().len());
    for (row, window) in lists.value_offsets().windows(2).enumerate() {
        for element in window[0]..window[1] {
            rows.push(u32::try_from(row).expect("a batch has fewer rows than u32 has values"));
            elements.push(u32::try_from(element).expect("offsets are not negative"));
        }
    }
    let arrow = |error: arrow::error::ArrowError| errors::translate(error.into());
    let repeated = take(left, &UInt32Array::from(rows), None).map_err(arrow)?;
    let values = take(lists.values(), &UInt32Array::from(elements), None).map_err(arrow)?;
    let values = if values.data_type() == repeated.data_type() {
        values
    } else {
        cast(&values, repeated.data_type()).map_err(arrow)?
    };
    let compared = match operator {
        Operator::Eq => cmp::eq(&repeated, &values),
        Operator::NotEq => cmp::neq(&repeated, &values),
        Operator::Lt => cmp::lt(&repeated, &values),
        Operator::LtEq => cmp::lt_eq(&repeated, &values),
        Operator::Gt => cmp::gt(&repeated, &values),
        _ => cmp::gt_eq(&repeated, &values),
    }
    .map_err(arrow)?;
    let decisive = quantifier == Quantifier::Any;
    let mut at = 0;
    let answers: BooleanArray = (0..lists.len())
        .map(|row| {
            let count = usize::try_from(lists.value_length(row)).unwrap_or(0);
            let outcomes = at..at + count;
            at += count;
            if lists.is_null(row) {
                return None;
            }
            if outcomes.clone().any(|index| compared.is_valid(index) && compared.value(index) == decisive) {
                return Some(decisive);
            }
            if outcomes.clone().any(|index| compared.is_null(index)) { None } else { Some(!decisive) }
        })
        .collect();
    Ok(Arc::new(answers))
}

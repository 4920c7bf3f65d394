//! The order of values where a group or a window puts rows in order itself.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, DynComparator, make_comparator};
use arrow::compute::{SortOptions, cast};
use arrow::datatypes::{DataType, Float32Type, Float64Type, IntervalMonthDayNanoType, IntervalUnit};
use datafusion::common::Result as DataFusionResult;

use crate::query::bind::errors;
use crate::query::functions::interval::span_of;
use crate::query::functions::numbers;

/// The values in a form that Arrow compares as PostgreSQL compares the values: zero has no sign, NaN is one value,
/// of an interval the length counts, of a number not its scale.
///
/// # Errors
/// For a length that is no decimal, which there is none of.
pub fn comparable(array: &ArrayRef) -> DataFusionResult<ArrayRef> {
    Ok(match array.data_type() {
        DataType::Float64 => {
            let plain = |value: f64| if value.is_nan() { f64::NAN } else { value + 0.0 };
            Arc::new(array.as_primitive::<Float64Type>().unary::<_, Float64Type>(plain))
        }
        DataType::Float32 => {
            let plain = |value: f32| if value.is_nan() { f32::NAN } else { value + 0.0 };
            Arc::new(array.as_primitive::<Float32Type>().unary::<_, Float32Type>(plain))
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let spans: Decimal128Array = array.as_primitive::<IntervalMonthDayNanoType>().unary(span_of);
            Arc::new(spans.with_precision_and_scale(38, 0)?)
        }
        DataType::BinaryView => numbers::keys(array).map_err(errors::external)?,
        _ => Arc::clone(array),
    })
}

/// How a key sorts, in a word: functions of different orders have different names in a plan.
pub fn shown(order: SortOptions) -> &'static str {
    match (order.descending, order.nulls_first) {
        (false, false) => "asc",
        (false, true) => "asc nulls first",
        (true, true) => "desc",
        (true, false) => "desc nulls last",
    }
}

/// Compares the rows of some columns with those of others, column after column.
pub struct Rows {
    columns: Vec<DynComparator>,
}

impl Rows {
    /// Columns of [`comparable`] values, and how each of them is sorted.
    ///
    /// # Errors
    /// For columns of different types, and for types without an order.
    pub fn new(left: &[ArrayRef], right: &[ArrayRef], orders: &[SortOptions]) -> DataFusionResult<Self> {
        let mut columns = Vec::with_capacity(orders.len());
        for ((left, right), order) in left.iter().zip(right).zip(orders) {
            let (left, right) = alike(left, right)?;
            columns.push(make_comparator(&left, &right, *order)?);
        }
        Ok(Self { columns })
    }

    /// A row of the one side beside a row of the other.
    pub fn compare(&self, left: usize, right: usize) -> Ordering {
        let mut orders = self.columns.iter().map(|column| column(left, right));
        orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }

    /// The numbers of `rows` rows in order; equal ones stay as they came.
    pub fn sorted(&self, rows: usize) -> Vec<usize> {
        let mut numbers: Vec<usize> = (0..rows).collect();
        numbers.sort_by(|left, right| self.compare(*left, *right));
        numbers
    }
}

/// Two columns of one type.
fn alike(left: &ArrayRef, right: &ArrayRef) -> DataFusionResult<(ArrayRef, ArrayRef)> {
    if left.data_type() == right.data_type() {
        return Ok((Arc::clone(left), Arc::clone(right)));
    }
    Ok((Arc::clone(left), cast(right, left.data_type())?))
}

//! `generate_series` of times, as lists: from one time to another in steps of an interval.
//!
//! Months and days of the step are those of the session's time zone, as for `timestamptz + interval`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, TimestampMicrosecondArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType};
use datafusion::logical_expr::{ScalarUDF, Volatility};

use super::interval::{shift, span_of};
use super::kernel::Kernel;
use crate::base::limits::BATCH_BYTES;
use crate::catalog::types::{PgType, Zone};
use crate::error::{CatalogError, QueryError, Result};
use crate::query::bind::errors;
use crate::query::environment::Environment;

/// The series of `timestamp` or of `timestamptz`.
pub fn of_times(element: &PgType) -> Arc<ScalarUDF> {
    let zoned = *element == PgType::Timestamptz;
    let form = element.arrow();
    let name = if zoned { "pg_generate_series_timestamptz" } else { "pg_generate_series_timestamp" };
    let list = PgType::Array(Box::new(element.clone()));
    Kernel::new(name, 3, list, Volatility::Stable, move |environment: &Environment, arrays| {
        let zone = zoned.then_some(&environment.style.time_zone);
        lists(arrays, &form, zone)
    })
}

fn lists(arrays: &[ArrayRef], form: &DataType, zone: Option<&Zone>) -> Result<ArrayRef> {
    let micros = |array: &ArrayRef| cast(array, &DataType::Int64).map_err(|error| errors::translate(error.into()));
    let (starts, stops) = (micros(&arrays[0])?, micros(&arrays[1])?);
    let (starts, stops) = (starts.as_primitive::<Int64Type>(), stops.as_primitive::<Int64Type>());
    let steps = arrays[2].as_primitive::<IntervalMonthDayNanoType>();
    let mut values: Vec<i64> = Vec::new();
    let mut offsets = vec![0i32];
    let mut known = Vec::with_capacity(starts.len());
    for row in 0..starts.len() {
        let is_known = starts.is_valid(row) && stops.is_valid(row) && steps.is_valid(row);
        known.push(is_known);
        if is_known {
            extend(&mut values, starts.value(row), stops.value(row), steps.value(row), zone)?;
        }
        offsets.push(i32::try_from(values.len()).map_err(|_| too_long())?);
    }
    let values = TimestampMicrosecondArray::from(values);
    let values: ArrayRef = match form {
        DataType::Timestamp(_, Some(zone)) => Arc::new(values.with_timezone(Arc::clone(zone))),
        _ => Arc::new(values),
    };
    let field = Arc::new(Field::new_list_field(form.clone(), true));
    let list = ListArray::try_new(field, OffsetBuffer::new(offsets.into()), values, Some(NullBuffer::from(known)));
    Ok(Arc::new(list.map_err(|error| errors::translate(error.into()))?))
}

fn too_long() -> crate::Error {
    QueryError::LimitExceeded("requested length too large".into()).into()
}

fn extend(values: &mut Vec<i64>, start: i64, stop: i64, step: IntervalMonthDayNano, zone: Option<&Zone>) -> Result<()> {
    let direction = span_of(step).signum();
    if direction == 0 {
        return Err(QueryError::InvalidParameterValue("step size cannot equal zero".into()).into());
    }
    let mut current = start;
    while if direction > 0 { current <= stop } else { current >= stop } {
        values.push(current);
        if (values.len() * size_of::<i64>()) as u64 > BATCH_BYTES {
            return Err(too_long());
        }
        let next = shift(current, step, 1, zone);
        current = next.ok_or_else(|| CatalogError::DatetimeOverflow("timestamp out of range".into()))?;
    }
    Ok(())
}

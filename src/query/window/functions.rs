//! The window functions that are no aggregates.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int32Array, Int64Array, new_null_array};
use arrow::compute::{cast, interleave};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{DataFusionError, Result as DataFusionResult};

use super::frames::{Frames, Partition};
use crate::error::QueryError;
use crate::query::bind::errors;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Builtin {
    RowNumber,
    Rank,
    DenseRank,
    PercentRank,
    CumeDist,
    Ntile,
    Lag,
    Lead,
    FirstValue,
    LastValue,
    NthValue,
}

impl Builtin {
    /// The function that has this name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "row_number" => Self::RowNumber,
            "rank" => Self::Rank,
            "dense_rank" => Self::DenseRank,
            "percent_rank" => Self::PercentRank,
            "cume_dist" => Self::CumeDist,
            "ntile" => Self::Ntile,
            "lag" => Self::Lag,
            "lead" => Self::Lead,
            "first_value" => Self::FirstValue,
            "last_value" => Self::LastValue,
            "nth_value" => Self::NthValue,
            _ => return None,
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::RowNumber => "row_number",
            Self::Rank => "rank",
            Self::DenseRank => "dense_rank",
            Self::PercentRank => "percent_rank",
            Self::CumeDist => "cume_dist",
            Self::Ntile => "ntile",
            Self::Lag => "lag",
            Self::Lead => "lead",
            Self::FirstValue => "first_value",
            Self::LastValue => "last_value",
            Self::NthValue => "nth_value",
        }
    }

    /// The form of its answer, for a first argument of this one.
    pub fn result(self, argument: Option<&DataType>) -> DataType {
        match self {
            Self::RowNumber | Self::Rank | Self::DenseRank => DataType::Int64,
            Self::PercentRank | Self::CumeDist => DataType::Float64,
            Self::Ntile => DataType::Int32,
            Self::Lag | Self::Lead | Self::FirstValue | Self::LastValue | Self::NthValue => {
                argument.cloned().unwrap_or(DataType::Null)
            }
        }
    }

    /// Its answers for the rows of a partition, of which `arguments` are columns.
    ///
    /// # Errors
    /// 22014 and 22016 for arguments that are not greater than zero.
    pub fn compute(
        self,
        partition: &Partition,
        frames: &Frames<'_>,
        arguments: &[ArrayRef],
    ) -> DataFusionResult<ArrayRef> {
        let rows = partition.rows;
        let whole = |number: fn(&Partition, usize) -> usize| -> ArrayRef {
            let numbers = (0..rows).map(|row| i64::try_from(number(partition, row)).ok());
            Arc::new(numbers.collect::<Int64Array>())
        };
        Ok(match self {
            Self::RowNumber => whole(|_, row| row + 1),
            Self::Rank => whole(|partition, row| partition.peers(row).start + 1),
            Self::DenseRank => whole(|partition, row| partition.group_of[row] + 1),
            Self::PercentRank => {
                let share = |row| if rows > 1 { ratio(partition.peers(row).start, rows - 1) } else { 0.0 };
                Arc::new((0..rows).map(|row| Some(share(row))).collect::<Float64Array>())
            }
            Self::CumeDist => {
                Arc::new((0..rows).map(|row| Some(ratio(partition.peers(row).end, rows))).collect::<Float64Array>())
            }
            Self::Ntile => ntile(rows, &arguments[0])?,
            Self::Lag => shifted(arguments, -1)?,
            Self::Lead => shifted(arguments, 1)?,
            Self::FirstValue => chosen(&arguments[0], (0..rows).map(|row| first(frames.of(row), 0)))?,
            Self::LastValue => chosen(&arguments[0], (0..rows).map(|row| last(frames.of(row))))?,
            Self::NthValue => {
                let numbers = cast(&arguments[1], &DataType::Int64)?;
                let numbers = numbers.as_primitive::<Int64Type>();
                let mut places = Vec::with_capacity(rows);
                for row in 0..rows {
                    places.push(match numbers.is_valid(row).then(|| numbers.value(row)) {
                        None => None,
                        Some(..=0) => return Err(nth_value_argument()),
                        Some(number) => {
                            usize::try_from(number - 1).ok().and_then(|skipped| first(frames.of(row), skipped))
                        }
                    });
                }
                chosen(&arguments[0], places.into_iter())?
            }
        })
    }
}

fn nth_value_argument() -> DataFusionError {
    errors::external(QueryError::NthValueArgument)
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

/// The row of some ranges that has so many before it.
fn first(ranges: [Range<usize>; 3], mut skipped: usize) -> Option<usize> {
    for range in ranges {
        if skipped < range.len() {
            return Some(range.start + skipped);
        }
        skipped -= range.len();
    }
    None
}

fn last(ranges: [Range<usize>; 3]) -> Option<usize> {
    ranges.into_iter().rev().find(|range| !range.is_empty()).map(|range| range.end - 1)
}

/// The values of these rows, NULL for none.
fn chosen(values: &ArrayRef, rows: impl Iterator<Item = Option<usize>>) -> DataFusionResult<ArrayRef> {
    let null = new_null_array(values.data_type(), 1);
    let places: Vec<(usize, usize)> = rows.map(|row| row.map_or((1, 0), |row| (0, row))).collect();
    Ok(interleave(&[values.as_ref(), null.as_ref()], &places)?)
}

/// `lag` and `lead`: value, distance, default.
fn shifted(arguments: &[ArrayRef], direction: i64) -> DataFusionResult<ArrayRef> {
    let values = &arguments[0];
    let distances = arguments.get(1).map(|distances| cast(distances, &DataType::Int64)).transpose()?;
    let null = new_null_array(values.data_type(), 1);
    let default = arguments.get(2).map(|default| cast(default, values.data_type())).transpose()?;
    let places: Vec<(usize, usize)> = (0..values.len())
        .map(|row| {
            let distance = match &distances {
                None => 1,
                Some(distances) if distances.is_null(row) => return (1, 0),
                Some(distances) => distances.as_primitive::<Int64Type>().value(row),
            };
            let place = i64::try_from(row).unwrap_or(i64::MAX).checked_add(distance.saturating_mul(direction));
            match place.and_then(|place| usize::try_from(place).ok()).filter(|place| *place < values.len()) {
                Some(place) => (0, place),
                None if default.is_some() => (2, row),
                None => (1, 0),
            }
        })
        .collect();
    let default = default.unwrap_or_else(|| Arc::clone(&null));
    Ok(interleave(&[values.as_ref(), null.as_ref(), default.as_ref()], &places)?)
}

/// Rows dealt into as many buckets as the first row says, the first ones one row larger if need be.
fn ntile(rows: usize, buckets: &ArrayRef) -> DataFusionResult<ArrayRef> {
    let buckets = cast(buckets, &DataType::Int64)?;
    if rows == 0 || buckets.is_null(0) {
        return Ok(new_null_array(&DataType::Int32, rows));
    }
    let buckets = buckets.as_primitive::<Int64Type>().value(0);
    let Some(buckets) = usize::try_from(buckets).ok().filter(|buckets| *buckets > 0) else {
        return Err(errors::external(QueryError::NtileArgument));
    };
    let (size, larger) = (rows / buckets, rows % buckets);
    let in_larger = larger * (size + 1);
    let bucket = |row: usize| if row < in_larger { row / (size + 1) } else { larger + (row - in_larger) / size.max(1) };
    Ok(Arc::new((0..rows).map(|row| i32::try_from(bucket(row) + 1).ok()).collect::<Int32Array>()))
}

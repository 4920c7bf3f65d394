//! What is known of a column of a file without opening it: its smallest and largest value.
//!
//! Bounds are memcomparable bytes, the encoding of keys, so that one comparison of bytes serves every type.
//! They come from Parquet's own statistics, which are cut at 64 bytes in the safe direction: a cut minimum is
//! smaller than the value, a cut maximum is raised. A bound that is not certain is left out, and a missing
//! bound never excludes anything.
//!
//! Parquet leaves NaN out of the statistics of floats, PostgreSQL sorts NaN above every number: an upper
//! bound from Parquet would hide NaN rows from `x > 5`. Floats therefore have no upper bound.

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, Field};
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::file::metadata::ParquetMetaData;
use serde::{Deserialize, Serialize};

use super::decimal;
use super::errors::parquet_error;
use super::format::{self, Format};
use super::manifest::hex;
use crate::error::StorageError;
use crate::storage::{ColumnRange, Shape, keys};

/// The bounds of one column in one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnStats {
    /// Not greater than any value.
    #[serde(with = "hex::option", default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Vec<u8>>,
    /// Not less than any value.
    #[serde(with = "hex::option", default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Vec<u8>>,
    pub nulls: u64,
}

impl ColumnStats {
    /// Whether some value may lie in `range`. Never a wrong `false`.
    pub fn may_match(&self, shape: &Shape, range: &ColumnRange) -> bool {
        let Some(field) = shape.schema.fields().get(range.column) else { return true };
        Bounds::of(field, range).admit(self.min.as_deref(), self.max.as_deref())
    }

    /// The statistics of all stored columns of a file that was just written.
    ///
    /// # Errors
    /// When Parquet's statistics cannot be converted back to Arrow.
    pub(super) fn of_file(
        shape: &Shape,
        format: &Format,
        metadata: &ParquetMetaData,
    ) -> Result<Vec<Self>, StorageError> {
        let fields = format.stored_fields().iter().enumerate();
        fields
            .map(|(column, stored)| {
                Self::of_column(format::leaf(shape, column), stored, shape.schema.field(column), metadata)
            })
            .collect()
    }

    /// `stored` is the column as the file has it, `field` as the shape has it.
    fn of_column(leaf: usize, stored: &Field, field: &Field, metadata: &ParquetMetaData) -> Result<Self, StorageError> {
        let nulls = |statistics: &parquet::file::statistics::Statistics| statistics.null_count_opt().unwrap_or(0);
        let groups = metadata.row_groups();
        let mut stats = Self {
            nulls: groups.iter().filter_map(|group| group.column(leaf).statistics()).map(nulls).sum(),
            ..Self::default()
        };
        if !is_ordered(field) {
            return Ok(stats);
        }
        let schema = metadata.file_metadata().schema_descr();
        let converter = StatisticsConverter::from_column_index(leaf, stored, schema).map_err(parquet_error)?;
        let minima = converter.row_group_mins(groups).map_err(parquet_error)?;
        let maxima = converter.row_group_maxes(groups).map_err(parquet_error)?;
        // A row group that is all NULL has no bounds and restricts nothing; one with values but without
        // bounds makes the whole column unbounded.
        let known = |array: &ArrayRef| {
            (0..groups.len()).all(|group| {
                array.is_valid(group)
                    || groups[group].column(leaf).statistics().is_some_and(|statistics| {
                        statistics.null_count_opt() == u64::try_from(groups[group].num_rows()).ok()
                    })
            })
        };
        let encoded = |array: &ArrayRef| (0..array.len()).filter_map(|row| encode(array, row)).collect::<Vec<_>>();
        let minima = bounds_in_form(minima, field)?;
        let maxima = bounds_in_form(maxima, field)?;
        if known(&minima) {
            stats.min = encoded(&minima).into_iter().min();
        }
        if known(&maxima) && has_upper_bound(field.data_type()) {
            stats.max = encoded(&maxima).into_iter().max();
        }
        Ok(stats)
    }
}

/// The bounds of a [`ColumnRange`] in encoded form.
pub(super) struct Bounds {
    lower: Option<(Vec<u8>, bool)>,
    upper: Option<(Vec<u8>, bool)>,
}

impl Bounds {
    /// A bound that is NULL or not of the column's type is left out: then it excludes nothing.
    pub fn of(field: &Field, range: &ColumnRange) -> Self {
        let bound = |bound: &Option<(ArrayRef, bool)>| {
            let (value, inclusive) = bound.as_ref()?;
            let comparable = value.len() == 1 && value.data_type() == field.data_type() && is_ordered(field);
            comparable.then(|| encode(value, 0)).flatten().map(|value| (value, *inclusive))
        };
        Self { lower: bound(&range.lower), upper: bound(&range.upper) }
    }

    /// Whether there is no bound, so that nothing can be excluded.
    pub fn is_empty(&self) -> bool {
        self.lower.is_none() && self.upper.is_none()
    }

    /// Whether values between `min` and `max` may lie inside.
    pub fn admit(&self, min: Option<&[u8]>, max: Option<&[u8]>) -> bool {
        let above = match (&self.lower, max) {
            (Some((lower, true)), Some(max)) => max >= lower.as_slice(),
            (Some((lower, false)), Some(max)) => max > lower.as_slice(),
            _ => true,
        };
        above
            && match (&self.upper, min) {
                (Some((upper, true)), Some(min)) => min <= upper.as_slice(),
                (Some((upper, false)), Some(min)) => min < upper.as_slice(),
                _ => true,
            }
    }
}

/// A value as memcomparable bytes; `None` for NULL and for types without an order.
pub(super) fn encode(array: &ArrayRef, row: usize) -> Option<Vec<u8>> {
    if array.is_null(row) {
        return None;
    }
    let mut bytes = Vec::new();
    keys::encode_value(array.as_ref(), row, &mut bytes).ok()?;
    Some(bytes)
}

/// Whether values of the type have bounds at all.
pub(super) fn is_ordered(field: &Field) -> bool {
    match field.data_type() {
        DataType::Interval(_) | DataType::List(_) | DataType::Struct(_) | DataType::Null => false,
        // The order of texts of numbers is not the order of the numbers.
        DataType::BinaryView => decimal::file_type(field) != DataType::Utf8,
        _ => true,
    }
}

/// Bounds that come from a file in the form of the shape's column.
pub(super) fn bounds_in_form(bounds: ArrayRef, field: &Field) -> Result<ArrayRef, StorageError> {
    if *field.data_type() == DataType::BinaryView { decimal::from_file(&bounds) } else { Ok(bounds) }
}

/// Whether Parquet's maximum is an upper bound of all values.
pub(super) fn has_upper_bound(data_type: &DataType) -> bool {
    !matches!(data_type, DataType::Float16 | DataType::Float32 | DataType::Float64)
}

//! The form of a history file: how the columns of a table are written to Parquet.
//!
//! ```text
//!   column 0 .. n-1   the stored columns of the shape, by position
//!   column n          `_seq` UInt64: the commit that wrote the row
//! ```
//!
//! The file is plain Parquet: uuid carries Parquet's UUID type, so that DuckDB and pyarrow show it as one.
//! An interval becomes a struct of months, days and nanoseconds, because Parquet's own INTERVAL cannot hold
//! more than milliseconds and arrow-rs does not write it. Numerics are decimals or text, see [`super::decimal`]. An
//! array is a LIST. Only key columns are REQUIRED: what NOT NULL means
//! may change while the file does not.
//!
//! Columns are found by position, as in the row codec: a file written before a column was added reads as
//! NULL there, and a renamed column keeps its values.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Int32Array, Int64Array, IntervalMonthDayNanoArray, ListArray, RecordBatch, StructArray,
    UInt64Array, new_null_array,
};
use arrow::datatypes::{DataType, Field, Fields, IntervalMonthDayNano, IntervalUnit, Schema, SchemaRef};
use parquet::arrow::ArrowSchemaConverter;
use parquet::basic::{LogicalType, Repetition, Type as PhysicalType};
use parquet::schema::types::{SchemaDescriptor, Type, TypePtr};

use super::decimal;
use super::errors::{arrow_error, parquet_error};
use crate::error::StorageError;
use crate::storage::Shape;

/// The name of the column with the commit sequence.
pub const SEQ_COLUMN: &str = "_seq";

/// The name of the hidden column with the encoded key that a scan can be asked for.
pub const KEY_COLUMN: &str = "_key";

/// How the rows of one shape lie in a file.
pub(super) struct Format {
    schema: SchemaRef,
    /// The stored columns as the file holds them: without `_seq`.
    stored: Fields,
}

impl Format {
    /// The form of files of this shape.
    pub fn new(shape: &Shape) -> Self {
        let stored: Fields = shape
            .schema
            .fields()
            .iter()
            .enumerate()
            .map(|(index, field)| {
                field.as_ref().clone().with_data_type(file_type(field)).with_nullable(!shape.key.contains(&index))
            })
            .collect();
        let fields = stored.iter().cloned().chain([Arc::new(Field::new(SEQ_COLUMN, DataType::UInt64, false))]);
        Self { schema: Arc::new(Schema::new(fields.collect::<Fields>())), stored }
    }

    /// The Arrow schema of the file, with `_seq`.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The stored columns, without `_seq`.
    pub fn stored_fields(&self) -> &Fields {
        &self.stored
    }

    /// The Parquet schema of the file: what Arrow's converter makes, with UUIDs marked as such.
    ///
    /// # Errors
    /// When a column has a type that Parquet cannot hold.
    pub fn parquet_schema(&self) -> Result<SchemaDescriptor, StorageError> {
        let converted = ArrowSchemaConverter::new().convert(&self.schema).map_err(parquet_error)?;
        let fields: Result<Vec<TypePtr>, StorageError> = converted
            .root_schema()
            .get_fields()
            .iter()
            .zip(self.schema.fields())
            .map(|(column, field)| match field.data_type() {
                DataType::FixedSizeBinary(16) => uuid_type(field),
                _ => Ok(column.clone()),
            })
            .collect();
        let root = Type::group_type_builder(converted.root_schema().name()).with_fields(fields?).build();
        Ok(SchemaDescriptor::new(Arc::new(root.map_err(parquet_error)?)))
    }

    /// A batch of the shape, and the commit of each row, as the file holds them.
    ///
    /// # Errors
    /// When the batch does not have the shape's columns.
    pub fn to_file(&self, batch: &RecordBatch, seqs: &UInt64Array) -> Result<RecordBatch, StorageError> {
        let mut columns = Vec::with_capacity(batch.num_columns() + 1);
        for (column, field) in batch.columns().iter().zip(batch.schema_ref().fields()) {
            columns.push(as_in_file(column, field)?);
        }
        columns.push(Arc::new(seqs.clone()));
        RecordBatch::try_new(self.schema.clone(), columns).map_err(arrow_error)
    }
}

/// The first Parquet leaf of a stored column: an interval takes one for each of its parts, others take one.
pub(super) fn leaf(shape: &Shape, column: usize) -> usize {
    fn parts(data_type: &DataType) -> usize {
        match data_type {
            DataType::Interval(_) => 3,
            DataType::List(item) => parts(item.data_type()),
            _ => 1,
        }
    }
    shape.schema.fields().iter().take(column).map(|field| parts(field.data_type())).sum()
}

/// A column of a file as the shape's `field` wants it; all NULL when the file was written before the column.
pub(super) fn from_file(column: Option<&ArrayRef>, field: &Field, rows: usize) -> Result<ArrayRef, StorageError> {
    let Some(column) = column else { return Ok(new_null_array(field.data_type(), rows)) };
    if column.data_type() == field.data_type() {
        return Ok(column.clone());
    }
    if *field.data_type() == DataType::BinaryView {
        return decimal::from_file(column);
    }
    if let (DataType::List(item), Some(list)) = (field.data_type(), column.as_list_opt::<i32>()) {
        let values = from_file(Some(list.values()), item, list.values().len())?;
        let list = ListArray::try_new(Arc::clone(item), list.offsets().clone(), values, list.nulls().cloned());
        return Ok(Arc::new(list.map_err(arrow_error)?));
    }
    match (field.data_type(), column.as_any().downcast_ref::<StructArray>()) {
        (DataType::Interval(IntervalUnit::MonthDayNano), Some(parts)) => struct_to_interval(parts),
        (expected, _) => Err(StorageError::Corrupted {
            what: format!("column \"{}\" of a history file is {}, not {expected}", field.name(), column.data_type()),
        }),
    }
}

/// A column as the file holds it.
fn as_in_file(column: &ArrayRef, field: &Field) -> Result<ArrayRef, StorageError> {
    match field.data_type() {
        DataType::Interval(IntervalUnit::MonthDayNano) => Ok(interval_to_struct(column.as_primitive())),
        DataType::BinaryView => decimal::to_file(column.as_binary_view(), field),
        DataType::List(item) => {
            let list = column.as_list::<i32>();
            let values = as_in_file(list.values(), item)?;
            let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
            let list = ListArray::try_new(item, list.offsets().clone(), values, list.nulls().cloned());
            Ok(Arc::new(list.map_err(arrow_error)?))
        }
        _ => Ok(column.clone()),
    }
}

fn file_type(field: &Field) -> DataType {
    match field.data_type() {
        DataType::BinaryView => decimal::file_type(field),
        DataType::Interval(IntervalUnit::MonthDayNano) => DataType::Struct(interval_fields()),
        DataType::List(item) => DataType::new_list(file_type(item), true),
        other => other.clone(),
    }
}

fn interval_fields() -> Fields {
    Fields::from(vec![
        Field::new("months", DataType::Int32, false),
        Field::new("days", DataType::Int32, false),
        Field::new("nanoseconds", DataType::Int64, false),
    ])
}

fn interval_to_struct(intervals: &IntervalMonthDayNanoArray) -> ArrayRef {
    let values = intervals.values();
    let months = Int32Array::from_iter_values(values.iter().map(|value| value.months));
    let days = Int32Array::from_iter_values(values.iter().map(|value| value.days));
    let nanoseconds = Int64Array::from_iter_values(values.iter().map(|value| value.nanoseconds));
    let parts: Vec<ArrayRef> = vec![Arc::new(months), Arc::new(days), Arc::new(nanoseconds)];
    Arc::new(StructArray::new(interval_fields(), parts, intervals.nulls().cloned()))
}

fn struct_to_interval(parts: &StructArray) -> Result<ArrayRef, StorageError> {
    let malformed = || StorageError::Corrupted { what: "an interval of a history file has other parts".into() };
    let part = |index: usize| parts.columns().get(index).ok_or_else(malformed);
    let (months, days, nanoseconds) = (part(0)?, part(1)?, part(2)?);
    let months = months.as_any().downcast_ref::<Int32Array>().ok_or_else(malformed)?;
    let days = days.as_any().downcast_ref::<Int32Array>().ok_or_else(malformed)?;
    let nanoseconds = nanoseconds.as_any().downcast_ref::<Int64Array>().ok_or_else(malformed)?;
    let values = (0..parts.len())
        .map(|row| IntervalMonthDayNano::new(months.value(row), days.value(row), nanoseconds.value(row)))
        .collect::<Vec<_>>();
    Ok(Arc::new(IntervalMonthDayNanoArray::new(values.into(), parts.nulls().cloned())))
}

fn uuid_type(field: &Field) -> Result<TypePtr, StorageError> {
    let repetition = if field.is_nullable() { Repetition::OPTIONAL } else { Repetition::REQUIRED };
    Type::primitive_type_builder(field.name(), PhysicalType::FIXED_LEN_BYTE_ARRAY)
        .with_repetition(repetition)
        .with_length(16)
        .with_logical_type(Some(LogicalType::Uuid))
        .build()
        .map(Arc::new)
        .map_err(parquet_error)
}

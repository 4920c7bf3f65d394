//! From encoded rows to a record batch: values go straight from RocksDB's memory into Arrow builders.

use arrow::array::{
    ArrayRef, BinaryBuilder, BinaryViewBuilder, BooleanBuilder, Date32Builder, FixedSizeBinaryBuilder, Float32Builder,
    Float64Builder, Int16Builder, Int32Builder, Int64Builder, IntervalMonthDayNanoBuilder, RecordBatch,
    RecordBatchOptions, StringBuilder, Time64MicrosecondBuilder, TimestampMicrosecondBuilder, UInt32Builder,
    new_null_array,
};
use arrow::datatypes::{DataType, IntervalMonthDayNano, IntervalUnit, SchemaRef, TimeUnit};
use std::sync::Arc;

use super::layout::Layout;
use super::list_value::Lists;
use super::row::corrupted;
use super::row_parts::Parts;
use super::shape::Shape;
use crate::error::{Result, StorageError};

/// Builds one batch of projected columns from encoded rows.
pub struct RowBuilder<'a> {
    layout: &'a Layout,
    schema: SchemaRef,
    columns: Vec<(usize, Column)>,
    rows: usize,
}

/// The schema of a projection of a shape.
pub fn projected_schema(shape: &Shape, projection: &[usize]) -> SchemaRef {
    if projection.len() == shape.schema.fields().len() && projection.iter().enumerate().all(|(at, index)| at == *index)
    {
        return Arc::clone(&shape.schema);
    }
    let fields: Vec<_> = projection.iter().map(|&column| Arc::clone(&shape.schema.fields()[column])).collect();
    Arc::new(arrow::datatypes::Schema::new(fields))
}

impl<'a> RowBuilder<'a> {
    /// A builder of the columns `projection` (indexes into the shape's schema), with room for `capacity` rows.
    pub fn new(shape: &'a Shape, projection: &[usize], capacity: usize) -> Self {
        Self::with_schema(shape, projection, projected_schema(shape, projection), capacity)
    }

    /// As [`Self::new`], when the caller has the projected schema already.
    pub fn with_schema(shape: &'a Shape, projection: &[usize], schema: SchemaRef, capacity: usize) -> Self {
        let columns = projection
            .iter()
            .map(|&column| (column, Column::new(shape.schema.field(column).data_type(), capacity)))
            .collect();
        Self { layout: shape.layout(), schema, columns, rows: 0 }
    }

    /// Appends an encoded row, which must not be a tombstone.
    ///
    /// # Errors
    /// `Corrupted` when the bytes do not have the form of a row of this shape.
    pub fn append(&mut self, value: &[u8]) -> Result<()> {
        let parts = Parts::of(self.layout, value)?;
        for (index, column) in &mut self.columns {
            match parts.value(*index)? {
                None => column.append_null(),
                Some(value) => column.append(value)?,
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// How many rows were appended.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether no row was appended.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The batch. With an empty projection it carries only a row count.
    pub fn finish(self) -> Result<RecordBatch> {
        let rows = self.rows;
        let columns = self
            .columns
            .into_iter()
            .zip(self.schema.fields())
            .map(|((_, column), field)| column.finish(field.data_type(), rows))
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(self.schema, columns, &options)
            .map_err(|source| StorageError::Arrow { source }.into())
    }
}

/// One typed column under construction.
pub(super) enum Column {
    Boolean(BooleanBuilder),
    Int16(Int16Builder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    UInt32(UInt32Builder),
    Float32(Float32Builder),
    Float64(Float64Builder),
    Date32(Date32Builder),
    Time(Time64MicrosecondBuilder),
    Timestamp(TimestampMicrosecondBuilder),
    Interval(IntervalMonthDayNanoBuilder),
    Fixed(FixedSizeBinaryBuilder),
    Utf8(StringBuilder),
    Binary(BinaryBuilder),
    Numeric(BinaryViewBuilder),
    List(Lists),
    /// A type that is never stored: all NULL.
    Null,
}

/// Guess of bytes per variable value: a chat line. Builders grow when it is wrong.
const VARIABLE_BYTES: usize = 32;

macro_rules! each {
    ($self:expr, $builder:ident => $body:expr, $null:expr) => {
        match $self {
            Column::Boolean($builder) => $body,
            Column::Int16($builder) => $body,
            Column::Int32($builder) => $body,
            Column::Int64($builder) => $body,
            Column::UInt32($builder) => $body,
            Column::Float32($builder) => $body,
            Column::Float64($builder) => $body,
            Column::Date32($builder) => $body,
            Column::Time($builder) => $body,
            Column::Timestamp($builder) => $body,
            Column::Interval($builder) => $body,
            Column::Fixed($builder) => $body,
            Column::Utf8($builder) => $body,
            Column::Binary($builder) => $body,
            Column::Numeric($builder) => $body,
            Column::List($builder) => $body,
            Column::Null => $null,
        }
    };
}

impl Column {
    pub(super) fn new(data_type: &DataType, capacity: usize) -> Self {
        match data_type {
            DataType::Boolean => Self::Boolean(BooleanBuilder::with_capacity(capacity)),
            DataType::Int16 => Self::Int16(Int16Builder::with_capacity(capacity)),
            DataType::Int32 => Self::Int32(Int32Builder::with_capacity(capacity)),
            DataType::Int64 => Self::Int64(Int64Builder::with_capacity(capacity)),
            DataType::UInt32 => Self::UInt32(UInt32Builder::with_capacity(capacity)),
            DataType::Float32 => Self::Float32(Float32Builder::with_capacity(capacity)),
            DataType::Float64 => Self::Float64(Float64Builder::with_capacity(capacity)),
            DataType::Date32 => Self::Date32(Date32Builder::with_capacity(capacity)),
            DataType::Time64(TimeUnit::Microsecond) => Self::Time(Time64MicrosecondBuilder::with_capacity(capacity)),
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                let builder = TimestampMicrosecondBuilder::with_capacity(capacity);
                Self::Timestamp(builder.with_data_type(data_type.clone()))
            }
            DataType::Interval(IntervalUnit::MonthDayNano) => {
                Self::Interval(IntervalMonthDayNanoBuilder::with_capacity(capacity))
            }
            DataType::FixedSizeBinary(width) if *width > 0 => {
                Self::Fixed(FixedSizeBinaryBuilder::with_capacity(capacity, *width))
            }
            DataType::Utf8 => Self::Utf8(StringBuilder::with_capacity(capacity, capacity * VARIABLE_BYTES)),
            DataType::Binary => Self::Binary(BinaryBuilder::with_capacity(capacity, capacity * VARIABLE_BYTES)),
            DataType::BinaryView => Self::Numeric(BinaryViewBuilder::with_capacity(capacity)),
            DataType::List(item) => Lists::new(item, capacity).map_or(Self::Null, Self::List),
            _ => Self::Null,
        }
    }

    pub(super) fn append_null(&mut self) {
        each!(self, builder => builder.append_null(), ());
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        macro_rules! number {
            ($builder:expr, $type:ty) => {
                $builder.append_value(<$type>::from_le_bytes(bytes.try_into().map_err(|_| corrupted("row slot"))?))
            };
        }
        match self {
            Self::Boolean(builder) => builder.append_value(bytes[0] != 0),
            Self::Int16(builder) => number!(builder, i16),
            Self::Int32(builder) => number!(builder, i32),
            Self::Int64(builder) => number!(builder, i64),
            Self::UInt32(builder) => number!(builder, u32),
            Self::Float32(builder) => number!(builder, f32),
            Self::Float64(builder) => number!(builder, f64),
            Self::Date32(builder) => number!(builder, i32),
            Self::Time(builder) => number!(builder, i64),
            Self::Timestamp(builder) => number!(builder, i64),
            Self::Interval(builder) => {
                let whole = |range: std::ops::Range<usize>| bytes.get(range).ok_or_else(|| corrupted("row slot"));
                let months = i32::from_le_bytes(whole(0..4)?.try_into().expect("four bytes"));
                let days = i32::from_le_bytes(whole(4..8)?.try_into().expect("four bytes"));
                let nanoseconds = i64::from_le_bytes(whole(8..16)?.try_into().expect("eight bytes"));
                builder.append_value(IntervalMonthDayNano::new(months, days, nanoseconds));
            }
            Self::Fixed(builder) => {
                builder.append_value(bytes).map_err(|source| StorageError::Arrow { source })?;
            }
            Self::Utf8(builder) => {
                builder.append_value(std::str::from_utf8(bytes).map_err(|_| corrupted("text of a row"))?);
            }
            Self::Binary(builder) => builder.append_value(bytes),
            Self::Numeric(builder) => builder.append_value(bytes),
            Self::List(builder) => builder.append(bytes)?,
            Self::Null => return Err(corrupted("row slot").into()),
        }
        Ok(())
    }

    pub(super) fn finish(mut self, data_type: &DataType, rows: usize) -> ArrayRef {
        each!(&mut self, builder => Arc::new(builder.finish()), new_null_array(data_type, rows))
    }
}

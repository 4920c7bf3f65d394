//! One encoded row as a batch of one row: the point read.
//!
//! Builders allocate several buffers per column, which for one row costs more than finding it. Here all
//! columns of the row share three: one for fixed-width values, one for offsets, one for variable bytes.
//!
//! ```text
//!   fixed    | slot of column 0 | slot of column 3 | ...      each aligned to 16 bytes
//!   offsets  | 0 len | 0 len | ...                            one pair per variable column
//!   bytes    | text of column 1 | text of column 2 | ...      as they lie in the row
//! ```

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, FixedSizeBinaryArray, PrimitiveArray, RecordBatch,
    RecordBatchOptions, StringArray, new_null_array,
};
use arrow::buffer::{BooleanBuffer, Buffer, MutableBuffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, FieldRef, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    IntervalMonthDayNanoType, SchemaRef, Time64MicrosecondType, TimestampMicrosecondType, UInt32Type,
};

use super::layout::Slot;
use super::list_value::Lists;
use super::row::corrupted;
use super::row_parts::Parts;
use super::shape::Shape;
use crate::error::{Result, StorageError};

/// Every stored value fits into a multiple of it, and no Arrow type needs more alignment.
const ALIGNMENT: usize = 16;

/// The projected columns of one encoded row, which must not be a tombstone.
///
/// # Errors
/// `Corrupted` when the bytes do not have the form of a row of this shape.
pub(super) fn single_row(shape: &Shape, projection: &[usize], schema: SchemaRef, value: &[u8]) -> Result<RecordBatch> {
    let parts = Parts::of(shape.layout(), value)?;
    let mut fixed = MutableBuffer::new(2 * ALIGNMENT * projection.len());
    let mut offsets: Vec<i32> = Vec::with_capacity(2 * projection.len());
    let mut bytes = MutableBuffer::new(value.len());
    for &column in projection {
        match (parts.value(column)?, shape.layout().slot(column)) {
            (Some(_), _) if is_list(shape, column) => {}
            (Some(value), Slot::Variable { .. }) => {
                let length = i32::try_from(value.len()).map_err(|_| corrupted("row offsets"))?;
                offsets.extend([0, length]);
                bytes.extend_from_slice(value);
            }
            (Some(value), _) => {
                fixed.extend_from_slice(value);
                fixed.resize(fixed.len().next_multiple_of(ALIGNMENT), 0);
            }
            (None, _) => {}
        }
    }
    let mut shared =
        Shared { fixed: fixed.into(), offsets: offsets.into(), bytes: bytes.into(), fixed_at: 0, pair: 0, bytes_at: 0 };
    let mut columns = Vec::with_capacity(projection.len());
    for &column in projection {
        let data_type = shape.schema.field(column).data_type();
        columns.push(match parts.value(column)? {
            Some(value) => match data_type {
                DataType::List(item) => list(item, value)?,
                _ => shared.column(data_type, value.len())?,
            },
            None => new_null(data_type),
        });
    }
    let options = RecordBatchOptions::new().with_row_count(Some(1));
    RecordBatch::try_new_with_options(schema, columns, &options).map_err(|source| StorageError::Arrow { source }.into())
}

fn is_list(shape: &Shape, column: usize) -> bool {
    matches!(shape.schema.field(column).data_type(), DataType::List(_))
}

/// Lists have buffers of their own.
fn list(item: &FieldRef, value: &[u8]) -> Result<ArrayRef> {
    let mut builder = Lists::new(item, 1).ok_or_else(|| corrupted("row slot"))?;
    builder.append(value)?;
    Ok(Arc::new(builder.finish()))
}

/// The buffers, and how far they have been handed out.
struct Shared {
    fixed: Buffer,
    offsets: ScalarBuffer<i32>,
    bytes: Buffer,
    fixed_at: usize,
    pair: usize,
    bytes_at: usize,
}

impl Shared {
    /// The next column, whose value is `length` bytes long.
    fn column(&mut self, data_type: &DataType, length: usize) -> Result<ArrayRef> {
        let arrow = |source| StorageError::Arrow { source };
        Ok(match data_type {
            DataType::Utf8 => {
                let (offsets, bytes) = self.variable(length);
                Arc::new(StringArray::try_new(offsets, bytes, None).map_err(|_| corrupted("text of a row"))?)
            }
            DataType::Binary => {
                let (offsets, bytes) = self.variable(length);
                Arc::new(BinaryArray::try_new(offsets, bytes, None).map_err(arrow)?)
            }
            DataType::BinaryView => {
                let (_, bytes) = self.variable(length);
                Arc::new(BinaryViewArray::from_iter_values([bytes.as_slice()]))
            }
            DataType::Boolean => {
                let buffer = self.fixed(length);
                // The stored byte is 0 or 1, so its lowest bit is the value.
                Arc::new(BooleanArray::new(BooleanBuffer::new(buffer, 0, 1), None))
            }
            DataType::FixedSizeBinary(width) => {
                let buffer = self.fixed(length);
                Arc::new(FixedSizeBinaryArray::try_new(*width, buffer, None).map_err(arrow)?)
            }
            DataType::Int16 => self.primitive::<Int16Type>(data_type, length),
            DataType::Int32 => self.primitive::<Int32Type>(data_type, length),
            DataType::Int64 => self.primitive::<Int64Type>(data_type, length),
            DataType::UInt32 => self.primitive::<UInt32Type>(data_type, length),
            DataType::Float32 => self.primitive::<Float32Type>(data_type, length),
            DataType::Float64 => self.primitive::<Float64Type>(data_type, length),
            DataType::Date32 => self.primitive::<Date32Type>(data_type, length),
            DataType::Time64(_) => self.primitive::<Time64MicrosecondType>(data_type, length),
            DataType::Timestamp(..) => self.primitive::<TimestampMicrosecondType>(data_type, length),
            DataType::Interval(_) => self.primitive::<IntervalMonthDayNanoType>(data_type, length),
            _ => return Err(corrupted("row slot").into()),
        })
    }

    fn primitive<T: ArrowPrimitiveType>(&mut self, data_type: &DataType, length: usize) -> ArrayRef {
        let values = ScalarBuffer::<T::Native>::new(self.fixed(length), 0, 1);
        Arc::new(PrimitiveArray::<T>::new(values, None).with_data_type(data_type.clone()))
    }

    fn fixed(&mut self, length: usize) -> Buffer {
        let buffer = self.fixed.slice_with_length(self.fixed_at, length);
        self.fixed_at += length.next_multiple_of(ALIGNMENT);
        buffer
    }

    fn variable(&mut self, length: usize) -> (OffsetBuffer<i32>, Buffer) {
        let offsets = OffsetBuffer::new(self.offsets.slice(2 * self.pair, 2));
        let bytes = self.bytes.slice_with_length(self.bytes_at, length);
        self.pair += 1;
        self.bytes_at += length;
        (offsets, bytes)
    }
}

/// A column of one NULL. The common types share the work of `new_null_array`, which goes the long way.
fn new_null(data_type: &DataType) -> ArrayRef {
    match data_type {
        DataType::Utf8 => {
            let offsets = OffsetBuffer::new_zeroed(1);
            Arc::new(StringArray::new(offsets, Buffer::default(), Some(NullBuffer::new_null(1))))
        }
        other => new_null_array(other, 1),
    }
}

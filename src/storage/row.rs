//! The value of a row: encoding, and the header that the committer stamps.
//!
//! [`super::layout`] draws the bytes. All columns are in the value, key columns too: keys are one-way
//! (floats and intervals lose their spelling in them), and a row can be read without its key.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, IntervalMonthDayNanoType,
    Time64MicrosecondType, TimestampMicrosecondType, UInt32Type,
};
use arrow::error::ArrowError;
use bytes::Bytes;

use super::layout::{Layout, Slot};
use super::list_value;
use super::shape::Shape;
use crate::base::ids::Seq;
use crate::error::{Result, StorageError};

/// The version of the row format.
pub const FORMAT: u8 = 1;
/// Bytes before the null bitmap.
pub const HEADER_BYTES: usize = 12;
/// Longest encoded row. A row is one value of RocksDB and must fit in memory many times over.
pub const ROW_BYTES: usize = 256 << 20;

const TOMBSTONE: u8 = 0b01;
const OVERLAY: u8 = 0b10;

/// What the first bytes of a value say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The key is deleted; there are no columns.
    pub tombstone: bool,
    /// History may hold a row of this key, which this entry hides.
    pub overlay: bool,
    /// The commit that wrote the entry.
    pub seq: Seq,
    /// How many columns the row was written with.
    pub columns: usize,
}

impl Header {
    /// Reads the header of a value that may not be there.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_optional(value: Option<&[u8]>) -> Result<Option<Self>, StorageError> {
        value.map(Self::read).transpose()
    }

    /// Reads the header of a value.
    ///
    /// # Errors
    /// `Corrupted` when the value is too short or of another format.
    pub fn read(value: &[u8]) -> Result<Self, StorageError> {
        if value.len() < HEADER_BYTES || value[0] != FORMAT || value[1] & !(TOMBSTONE | OVERLAY) != 0 {
            return Err(corrupted("row header"));
        }
        let seq = u64::from_be_bytes(value[2..10].try_into().expect("eight bytes of a checked slice"));
        Ok(Self {
            tombstone: value[1] & TOMBSTONE != 0,
            overlay: value[1] & OVERLAY != 0,
            seq: Seq(seq),
            columns: usize::from(u16::from_le_bytes([value[10], value[11]])),
        })
    }
}

/// Writes `seq` and the overlay flag into an encoded row; the committer's last touch.
pub fn stamp(value: &mut [u8], seq: Seq, overlay: bool) {
    value[1] = if overlay { value[1] | OVERLAY } else { value[1] & !OVERLAY };
    value[2..10].copy_from_slice(&seq.0.to_be_bytes());
}

/// The value of a deleted key that history may still hold.
pub fn tombstone(seq: Seq) -> [u8; HEADER_BYTES] {
    let mut value = [0; HEADER_BYTES];
    value[0] = FORMAT;
    value[1] = TOMBSTONE | OVERLAY;
    value[2..10].copy_from_slice(&seq.0.to_be_bytes());
    value
}

/// Encodes rows of one shape.
#[derive(Clone, Debug)]
pub struct RowCodec {
    layout: Layout,
}

impl RowCodec {
    /// A codec for the shape's rows.
    pub fn new(shape: &Shape) -> Self {
        Self { layout: shape.layout().clone() }
    }

    /// One row of a batch that has all of the shape's columns, in memory of exactly its size: a transaction
    /// keeps as many of these as it writes rows. `scratch` is where it is put together.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn encoded(&self, batch: &RecordBatch, row: usize, scratch: &mut Vec<u8>) -> Result<Bytes> {
        scratch.clear();
        self.encode(batch, row, scratch)?;
        Ok(Bytes::copy_from_slice(scratch))
    }

    /// Appends one row of a batch that has all of the shape's columns. `seq` stays 0 until the commit.
    ///
    /// # Errors
    /// A column whose type cannot be stored; `TooBig` for a row longer than [`ROW_BYTES`].
    pub fn encode(&self, batch: &RecordBatch, row: usize, out: &mut Vec<u8>) -> Result<()> {
        let columns = self.layout.columns();
        debug_assert_eq!(columns, batch.num_columns());
        let (fixed_bytes, variables) = self.layout.areas(columns);
        let start = out.len();
        let bitmap = start + HEADER_BYTES;
        let fixed = bitmap + columns.div_ceil(8);
        let ends = fixed + fixed_bytes;
        let bytes = ends + 4 * variables;

        out.resize(bytes, 0);
        out[start] = FORMAT;
        out[start + 10..bitmap].copy_from_slice(&u16::try_from(columns).unwrap_or(u16::MAX).to_le_bytes());
        for (index, array) in batch.columns().iter().enumerate() {
            let null = array.is_null(row);
            if null {
                out[bitmap + index / 8] |= 1 << (index % 8);
            }
            match self.layout.slot(index) {
                Slot::Fixed { offset, width } => {
                    if !null {
                        write_fixed(array, row, &mut out[fixed + offset..fixed + offset + width])?;
                    }
                }
                Slot::Variable { index } => {
                    if !null {
                        write_variable(array, row, out)?;
                    }
                    let length = out.len() - start;
                    if length > ROW_BYTES {
                        return Err(StorageError::TooBig { bytes: length, maximum: ROW_BYTES }.into());
                    }
                    let end = u32::try_from(out.len() - bytes).expect("a row is at most ROW_BYTES long");
                    out[ends + 4 * index..ends + 4 * index + 4].copy_from_slice(&end.to_le_bytes());
                }
                Slot::Unsupported => return Err(unsupported(array.data_type())),
            }
        }
        Ok(())
    }
}

/// Appends a value that is not NULL and has no fixed width.
pub(super) fn write_variable(array: &dyn Array, row: usize, out: &mut Vec<u8>) -> Result<()> {
    match array.data_type() {
        DataType::Utf8 => out.extend_from_slice(array.as_string::<i32>().value(row).as_bytes()),
        DataType::Binary => out.extend_from_slice(array.as_binary::<i32>().value(row)),
        DataType::BinaryView => out.extend_from_slice(array.as_binary_view().value(row)),
        DataType::List(_) => list_value::write(array, row, out)?,
        other => return Err(unsupported(other)),
    }
    Ok(())
}

pub(super) fn write_fixed(array: &dyn Array, row: usize, out: &mut [u8]) -> Result<()> {
    macro_rules! write {
        ($type:ty) => {{
            let bytes = array.as_primitive::<$type>().value(row).to_le_bytes();
            if bytes.len() != out.len() {
                return Err(unsupported(array.data_type()));
            }
            out.copy_from_slice(&bytes);
        }};
    }
    match array.data_type() {
        DataType::Boolean => out[0] = u8::from(array.as_boolean().value(row)),
        DataType::Int16 => write!(Int16Type),
        DataType::Int32 => write!(Int32Type),
        DataType::Int64 => write!(Int64Type),
        DataType::UInt32 => write!(UInt32Type),
        DataType::Float32 => write!(Float32Type),
        DataType::Float64 => write!(Float64Type),
        DataType::Date32 => write!(Date32Type),
        DataType::Time64(_) => write!(Time64MicrosecondType),
        DataType::Timestamp(..) => write!(TimestampMicrosecondType),
        DataType::Interval(_) => {
            let interval = array.as_primitive::<IntervalMonthDayNanoType>().value(row);
            out[..4].copy_from_slice(&interval.months.to_le_bytes());
            out[4..8].copy_from_slice(&interval.days.to_le_bytes());
            out[8..].copy_from_slice(&interval.nanoseconds.to_le_bytes());
        }
        DataType::FixedSizeBinary(_) => {
            let value = array.as_fixed_size_binary().value(row);
            if value.len() != out.len() {
                return Err(unsupported(array.data_type()));
            }
            out.copy_from_slice(value);
        }
        other => return Err(unsupported(other)),
    }
    Ok(())
}

pub(super) fn corrupted(what: &str) -> StorageError {
    StorageError::Corrupted { what: what.into() }
}

pub(super) fn unsupported(data_type: &DataType) -> crate::Error {
    StorageError::Arrow { source: ArrowError::NotYetImplemented(format!("{data_type} in a stored row")) }.into()
}

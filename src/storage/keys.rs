//! Keys as bytes whose order is the order of the values: "memcomparable".
//!
//! Byte order of two encoded keys equals PostgreSQL's order (C collation) of the key columns, and equal
//! bytes mean equal values, so uniqueness is equality of bytes. NULL never appears: key columns are NOT NULL.
//!
//! | Arrow type | bytes |
//! | --- | --- |
//! | Boolean | 0 or 1 |
//! | Int16/32/64, Date32, Time64, Timestamp | big endian, sign bit flipped |
//! | UInt32 | big endian |
//! | Float32/64 | big endian; positive: sign bit flipped, negative: all bits; -0 is 0, every NaN one NaN above all |
//! | BinaryView, which is numeric | its key, see [`crate::base::numeric`]; the scale is not part of it |
//! | Interval | PostgreSQL's comparison value (30-day months, 24-hour days, in ns) as i128 |
//! | Utf8, Binary | the bytes, 00 written as 00 FF, then 00 01 |
//! | FixedSizeBinary | the bytes |

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, IntervalMonthDayNano,
    IntervalMonthDayNanoType, IntervalUnit, Time64MicrosecondType, TimeUnit, TimestampMicrosecondType, UInt32Type,
};
use arrow::error::ArrowError;

use super::shape::Shape;
use crate::base::limits::KEY_BYTES;
use crate::base::numeric;
use crate::error::{Result, StorageError};

/// Ends a variable value: smaller than any continuation of it, since 00 continues as 00 FF.
const END: [u8; 2] = [0x00, 0x01];
const ESCAPE: u8 = 0xFF;

/// Appends the encoded primary key of one row of a batch with the shape's columns.
///
/// # Errors
/// `TooBig` when the key is longer than [`KEY_BYTES`].
pub fn encode_key(shape: &Shape, batch: &RecordBatch, row: usize, out: &mut Vec<u8>) -> Result<()> {
    let start = out.len();
    for &column in &shape.key {
        encode_value(batch.column(column), row, out)?;
    }
    check_length(out.len() - start)
}

/// Appends the encoding of the first key columns: every key with these values starts with it.
///
/// `values` are arrays of length 1.
///
/// # Errors
/// `TooBig` when the prefix is longer than [`KEY_BYTES`]; no stored key can start with it then.
pub fn encode_key_prefix(shape: &Shape, values: &[ArrayRef], out: &mut Vec<u8>) -> Result<()> {
    debug_assert!(values.len() <= shape.key.len());
    let start = out.len();
    for value in values {
        encode_value(value, 0, out)?;
    }
    check_length(out.len() - start)
}

/// The smallest key greater than every key that starts with `prefix`; `None` when there is none.
pub fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != 0xFF)?;
    let mut next = prefix[..=last].to_vec();
    next[last] += 1;
    Some(next)
}

/// Appends the encoding of one value, which must not be NULL.
///
/// # Errors
/// A NULL, and a type that cannot be part of a key.
pub fn encode_value(array: &dyn Array, row: usize, out: &mut Vec<u8>) -> Result<()> {
    if array.is_null(row) {
        return Err(unsupported("NULL in a key".into()));
    }
    match array.data_type() {
        DataType::Boolean => out.push(u8::from(array.as_boolean().value(row))),
        DataType::Int16 => out.extend((array.as_primitive::<Int16Type>().value(row) ^ i16::MIN).to_be_bytes()),
        DataType::Int32 => put_i32(array.as_primitive::<Int32Type>().value(row), out),
        DataType::Date32 => put_i32(array.as_primitive::<Date32Type>().value(row), out),
        DataType::Int64 => put_i64(array.as_primitive::<Int64Type>().value(row), out),
        DataType::Time64(TimeUnit::Microsecond) => {
            put_i64(array.as_primitive::<Time64MicrosecondType>().value(row), out);
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            put_i64(array.as_primitive::<TimestampMicrosecondType>().value(row), out);
        }
        DataType::UInt32 => out.extend(array.as_primitive::<UInt32Type>().value(row).to_be_bytes()),
        DataType::Float32 => put_f32(array.as_primitive::<Float32Type>().value(row), out),
        DataType::Float64 => put_f64(array.as_primitive::<Float64Type>().value(row), out),
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            put_i128(comparison_value(array.as_primitive::<IntervalMonthDayNanoType>().value(row)), out);
        }
        DataType::Utf8 => put_bytes(array.as_string::<i32>().value(row).as_bytes(), out),
        DataType::Binary => put_bytes(array.as_binary::<i32>().value(row), out),
        DataType::BinaryView => out.extend(numeric::key(array.as_binary_view().value(row))),
        DataType::FixedSizeBinary(_) => out.extend(array.as_fixed_size_binary().value(row)),
        other => return Err(unsupported(format!("{other} in a key"))),
    }
    Ok(())
}

fn check_length(bytes: usize) -> Result<()> {
    if bytes > KEY_BYTES {
        return Err(StorageError::TooBig { bytes, maximum: KEY_BYTES }.into());
    }
    Ok(())
}

fn put_i32(value: i32, out: &mut Vec<u8>) {
    out.extend((value ^ i32::MIN).to_be_bytes());
}

fn put_i64(value: i64, out: &mut Vec<u8>) {
    out.extend((value ^ i64::MIN).to_be_bytes());
}

fn put_i128(value: i128, out: &mut Vec<u8>) {
    out.extend((value ^ i128::MIN).to_be_bytes());
}

fn put_f32(value: f32, out: &mut Vec<u8>) {
    let value = if value.is_nan() { f32::NAN.abs() } else { value + 0.0 };
    let bits = value.to_bits();
    let flip = if bits >> 31 == 1 { u32::MAX } else { 1 << 31 };
    out.extend((bits ^ flip).to_be_bytes());
}

fn put_f64(value: f64, out: &mut Vec<u8>) {
    // Adding +0 turns -0 into 0 and leaves every other number as it is.
    let value = if value.is_nan() { f64::NAN.abs() } else { value + 0.0 };
    let bits = value.to_bits();
    let flip = if bits >> 63 == 1 { u64::MAX } else { 1 << 63 };
    out.extend((bits ^ flip).to_be_bytes());
}

fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    let mut pieces = bytes.split(|byte| *byte == 0);
    if let Some(first) = pieces.next() {
        out.extend(first);
    }
    for piece in pieces {
        out.extend([0x00, ESCAPE]);
        out.extend(piece);
    }
    out.extend(END);
}

/// PostgreSQL compares intervals as if a month had 30 days and a day 24 hours: `interval_cmp_value`.
fn comparison_value(interval: IntervalMonthDayNano) -> i128 {
    const DAY_NS: i128 = 86_400_000_000_000;
    (i128::from(interval.months) * 30 + i128::from(interval.days)) * DAY_NS + i128::from(interval.nanoseconds)
}

fn unsupported(what: String) -> crate::Error {
    StorageError::Arrow { source: ArrowError::NotYetImplemented(what) }.into()
}

/// The encoded values that a key, or the beginning of one, is made of: one slice for each complete one.
/// What follows the last complete value is left out.
pub fn pieces<'a>(shape: &'a Shape, key: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = key;
    shape.key.iter().map_while(move |&column| {
        let length = match shape.schema.field(column).data_type() {
            DataType::BinaryView => numeric::key_length(rest)?,
            other => match encoded_width(other) {
                Some(width) => width,
                None => escaped_length(rest)?,
            },
        };
        let (piece, tail) = rest.split_at_checked(length)?;
        rest = tail;
        Some(piece)
    })
}

/// The width of an encoded value; `None` when it depends on the value.
fn encoded_width(data_type: &DataType) -> Option<usize> {
    Some(match data_type {
        DataType::Boolean => 1,
        DataType::Int16 => 2,
        DataType::Int32 | DataType::UInt32 | DataType::Float32 | DataType::Date32 => 4,
        DataType::Int64 | DataType::Float64 | DataType::Time64(_) | DataType::Timestamp(..) => 8,
        DataType::Interval(_) => 16,
        DataType::FixedSizeBinary(width) => usize::try_from(*width).ok()?,
        _ => return None,
    })
}

/// The length of the escaped value at the beginning of `bytes`, with its end.
fn escaped_length(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let zero = from + bytes.get(from..)?.iter().position(|byte| *byte == 0)?;
        if bytes.get(zero + 1)? != &ESCAPE {
            return Some(zero + 2);
        }
        from = zero + 2;
    }
}

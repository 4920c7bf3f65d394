//! The values of a key that bloom filters know.
//!
//! A bloom filter is written for every uuid and text column of the key. To ask it, the value must be had from
//! an encoded key: fixed-width parts are skipped by their width, text is unescaped.

use arrow::datatypes::{DataType, IntervalUnit};

use super::format;
use crate::base::numeric;
use crate::storage::Shape;

/// Most distinct values per row group for which a filter is sized at first; it is folded to what is there.
pub(super) const MAX_DISTINCT: u64 = super::writer::ROW_GROUP_ROWS as u64;
/// How often a filter says "perhaps" to a value that is not there.
pub(super) const FALSE_POSITIVES: f64 = 0.01;

/// Whether columns of the type get a bloom filter when they are part of the key.
pub(super) fn has_filter(data_type: &DataType) -> bool {
    matches!(data_type, DataType::FixedSizeBinary(_) | DataType::Utf8)
}

/// The key columns with a bloom filter, as (part of the key, Parquet leaf). The most telling one comes first: the
/// last column of a key tells rows apart that the first ones share.
pub(super) fn leaves(shape: &Shape) -> impl Iterator<Item = (usize, usize)> {
    let filtered = |&(_, column): &(usize, usize)| has_filter(shape.schema.field(column).data_type());
    let columns = shape.key.iter().copied().enumerate().rev().filter(filtered);
    columns.map(|(part, column)| (part, format::leaf(shape, column)))
}

/// The values of the key's columns as a bloom filter saw them, or the encoded bytes where there is no filter.
/// `None` when the bytes are not a key of the shape.
pub(super) fn parts(shape: &Shape, key: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut rest = key;
    let mut parts = Vec::with_capacity(shape.key.len());
    for &column in &shape.key {
        let data_type = shape.schema.field(column).data_type();
        match width(data_type) {
            Some(width) => {
                let (part, tail) = rest.split_at_checked(width)?;
                parts.push(part.to_vec());
                rest = tail;
            }
            None if *data_type == DataType::BinaryView => {
                let (part, tail) = rest.split_at_checked(numeric::key_length(rest)?)?;
                parts.push(part.to_vec());
                rest = tail;
            }
            None => parts.push(take_escaped(&mut rest)?),
        }
    }
    rest.is_empty().then_some(parts)
}

/// The width of an encoded value; `None` for variable ones.
fn width(data_type: &DataType) -> Option<usize> {
    Some(match data_type {
        DataType::Boolean => 1,
        DataType::Int16 => 2,
        DataType::Int32 | DataType::UInt32 | DataType::Float32 | DataType::Date32 => 4,
        DataType::Int64 | DataType::Float64 | DataType::Time64(_) | DataType::Timestamp(..) => 8,
        DataType::Interval(IntervalUnit::MonthDayNano) => 16,
        DataType::FixedSizeBinary(width) => usize::try_from(*width).ok()?,
        _ => return None,
    })
}

/// Takes a value that ends with 00 01 and holds every 00 as 00 FF.
fn take_escaped(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let mut value = Vec::new();
    loop {
        let zero = rest.iter().position(|byte| *byte == 0)?;
        value.extend_from_slice(&rest[..zero]);
        let mark = *rest.get(zero + 1)?;
        *rest = &rest[zero + 2..];
        match mark {
            0x01 => return Some(value),
            0xFF => value.push(0),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, FixedSizeBinaryArray, Int64Array, RecordBatch, StringArray};
    use arrow::datatypes::{Field, Schema};
    use proptest::prelude::*;

    use super::*;
    use crate::base::ids::TableId;
    use crate::storage::keys;

    proptest! {
        #[test]
        fn parts_are_the_values(text in "[a\u{0}\u{1}\u{ff}]{0,6}", number: i64, id: [u8; 16]) {
            let schema = Arc::new(Schema::new(vec![
                Field::new("a", DataType::Utf8, false),
                Field::new("b", DataType::Int64, false),
                Field::new("c", DataType::FixedSizeBinary(16), false),
            ]));
            let shape = Shape::new(TableId(1), schema.clone(), vec![0, 1, 2]);
            let columns: Vec<ArrayRef> = vec![
                Arc::new(StringArray::from(vec![text.as_str()])),
                Arc::new(Int64Array::from(vec![number])),
                Arc::new(FixedSizeBinaryArray::try_from_iter([id].iter()).unwrap()),
            ];
            let mut key = Vec::new();
            keys::encode_key(&shape, &RecordBatch::try_new(schema, columns).unwrap(), 0, &mut key).unwrap();
            let parts = parts(&shape, &key).unwrap();
            prop_assert_eq!(&parts[0], text.as_bytes());
            prop_assert_eq!(&parts[2], &id);
            prop_assert_eq!(super::parts(&shape, &key[..key.len() - 1]), None);
        }
    }
}

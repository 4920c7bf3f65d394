//! A list inside of a row.
//!
//! ```text
//!   +--------+-------------+---------------------------------------------+
//!   | count  | null bitmap | elements of a fixed width: count times it   |
//!   | u32 LE | 1 = NULL    | others: end offsets u32 LE each, then bytes |
//!   +--------+-------------+---------------------------------------------+
//! ```

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::FieldRef;

use super::layout::width;
use super::row::{corrupted, unsupported, write_fixed, write_variable};
use super::row_builder::Column;
use crate::error::{Result, StorageError};

/// Appends one row of a list array, which is not NULL.
///
/// # Errors
/// For elements that cannot be stored.
pub(super) fn write(array: &dyn Array, row: usize, out: &mut Vec<u8>) -> Result<()> {
    let elements = array.as_list::<i32>().value(row);
    let width = width(elements.data_type()).ok_or_else(|| unsupported(elements.data_type()))?;
    let count = u32::try_from(elements.len()).map_err(|_| unsupported(array.data_type()))?;
    out.extend_from_slice(&count.to_le_bytes());
    let bitmap = out.len();
    out.resize(bitmap + elements.len().div_ceil(8), 0);
    for element in (0..elements.len()).filter(|element| elements.is_null(*element)) {
        out[bitmap + element / 8] |= 1 << (element % 8);
    }
    let start = out.len();
    if width > 0 {
        out.resize(start + width * elements.len(), 0);
        for element in (0..elements.len()).filter(|element| elements.is_valid(*element)) {
            write_fixed(&elements, element, &mut out[start + width * element..start + width * (element + 1)])?;
        }
        return Ok(());
    }
    let bytes = start + 4 * elements.len();
    out.resize(bytes, 0);
    for element in 0..elements.len() {
        if elements.is_valid(element) {
            write_variable(&elements, element, out)?;
        }
        let length = out.len() - bytes;
        let end = u32::try_from(length)
            .map_err(|_| StorageError::TooBig { bytes: length, maximum: super::row::ROW_BYTES })?;
        out[start + 4 * element..start + 4 * element + 4].copy_from_slice(&end.to_le_bytes());
    }
    Ok(())
}

/// Lists under construction, from their stored bytes.
pub(super) struct Lists {
    field: FieldRef,
    width: usize,
    items: Box<Column>,
    count: usize,
    ends: Vec<i32>,
    valid: Vec<bool>,
}

impl Lists {
    /// Lists of elements of this field; `None` where these cannot be stored.
    pub(super) fn new(field: &FieldRef, capacity: usize) -> Option<Self> {
        let width = width(field.data_type())?;
        let items = Box::new(Column::new(field.data_type(), capacity));
        Some(Self { field: Arc::clone(field), width, items, count: 0, ends: vec![0], valid: Vec::new() })
    }

    pub(super) fn append_null(&mut self) {
        self.ends.push(self.ends.last().copied().unwrap_or(0));
        self.valid.push(false);
    }

    /// Appends the list that [`write`] wrote.
    pub(super) fn append(&mut self, value: &[u8]) -> Result<()> {
        let malformed = || corrupted("list of a row");
        let number = |at: usize| -> Result<usize> {
            let bytes = value.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).ok_or_else(malformed)?;
            Ok(u32::from_le_bytes(bytes) as usize)
        };
        let count = number(0)?;
        let start = 4 + count.div_ceil(8);
        let bytes = start + 4 * count;
        let mut from = 0;
        for element in 0..count {
            let is_null = value.get(4 + element / 8).ok_or_else(malformed)? & (1 << (element % 8)) != 0;
            let range = if self.width > 0 {
                start + self.width * element..start + self.width * (element + 1)
            } else {
                let end = number(start + 4 * element)?;
                let range = bytes + from..bytes + end;
                from = end;
                range
            };
            if is_null {
                self.items.append_null();
            } else {
                self.items.append(value.get(range).ok_or_else(malformed)?)?;
            }
        }
        self.count += count;
        self.ends.push(i32::try_from(self.count).map_err(|_| malformed())?);
        self.valid.push(true);
        Ok(())
    }

    pub(super) fn finish(&mut self) -> ListArray {
        let items = std::mem::replace(&mut *self.items, Column::Null);
        let items: ArrayRef = items.finish(self.field.data_type(), self.count);
        let offsets = OffsetBuffer::new(ScalarBuffer::from(std::mem::replace(&mut self.ends, vec![0])));
        let nulls = NullBuffer::from(std::mem::take(&mut self.valid));
        ListArray::new(Arc::clone(&self.field), offsets, items, Some(nulls))
    }
}

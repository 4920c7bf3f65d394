//! An encoded row taken apart in place.

use super::layout::{Layout, Slot};
use super::row::{HEADER_BYTES, Header, corrupted};
use crate::error::StorageError;

/// The areas of one encoded row; [`super::layout`] draws them.
pub(super) struct Parts<'a> {
    layout: &'a Layout,
    value: &'a [u8],
    columns: usize,
    fixed: usize,
    ends: usize,
    bytes: usize,
}

impl<'a> Parts<'a> {
    /// Takes a row apart.
    ///
    /// # Errors
    /// `Corrupted` when it is a tombstone or does not have the form of a row of this layout.
    pub(super) fn of(layout: &'a Layout, value: &'a [u8]) -> Result<Self, StorageError> {
        let header = Header::read(value)?;
        let columns = header.columns;
        if header.tombstone || columns > layout.columns() {
            return Err(corrupted("row columns"));
        }
        let (fixed_bytes, variables) = layout.areas(columns);
        let fixed = HEADER_BYTES + columns.div_ceil(8);
        let ends = fixed + fixed_bytes;
        let bytes = ends + 4 * variables;
        if value.len() < bytes {
            return Err(corrupted("row length"));
        }
        Ok(Self { layout, value, columns, fixed, ends, bytes })
    }

    /// The stored bytes of a column; `None` when it is NULL, or was added after the row was written.
    ///
    /// # Errors
    /// `Corrupted` when the row's offsets leave the row.
    pub(super) fn value(&self, column: usize) -> Result<Option<&'a [u8]>, StorageError> {
        if column >= self.columns || self.value[HEADER_BYTES + column / 8] & (1 << (column % 8)) != 0 {
            return Ok(None);
        }
        match self.layout.slot(column) {
            Slot::Fixed { offset, width } => Ok(Some(&self.value[self.fixed + offset..self.fixed + offset + width])),
            Slot::Variable { index } => {
                let from = if index == 0 { self.bytes } else { self.end(index - 1) };
                let slice = self.value.get(from..self.end(index));
                slice.map(Some).ok_or_else(|| corrupted("row offsets"))
            }
            Slot::Unsupported => Err(corrupted("row slot")),
        }
    }

    fn end(&self, index: usize) -> usize {
        let at = self.ends + 4 * index;
        let end = u32::from_le_bytes(self.value[at..at + 4].try_into().expect("the ends lie inside the row"));
        self.bytes + end as usize
    }
}

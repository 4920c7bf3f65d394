//! What the functions and operators of arrays compute. An array has one dimension and begins at 1: it is an Arrow list.

pub mod change;
pub mod compare;
pub mod make;
pub mod show;

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ListArray};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::{CastOptions, cast_with_options, interleave};
use arrow::datatypes::{DataType, Field};

use crate::base::limits::BATCH_BYTES;
use crate::error::{QueryError, Result};
use crate::query::bind::errors;

/// The places of a row's elements among those of all rows.
pub fn elements(list: &ListArray, row: usize) -> Range<usize> {
    let place = |index: usize| usize::try_from(list.value_offsets()[index]).unwrap_or(0);
    place(row)..place(row + 1)
}

fn arrow(error: arrow::error::ArrowError) -> crate::Error {
    errors::translate(error.into())
}

/// An array in another Arrow form of its type.
fn in_form(array: &ArrayRef, wanted: &DataType) -> Result<ArrayRef> {
    if array.data_type() == wanted {
        return Ok(Arc::clone(array));
    }
    let options = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(array, wanted, &options).map_err(arrow)
}

/// Lists under construction, whose elements are picked from several arrays.
pub(super) struct Gather {
    item: DataType,
    parts: Vec<ArrayRef>,
    picks: Vec<(usize, usize)>,
    ends: Vec<i32>,
    valid: Vec<bool>,
}

impl Gather {
    /// Lists of elements of this Arrow type, picked from `parts`.
    pub(super) fn new(item: &DataType, parts: &[&ArrayRef]) -> Result<Self> {
        let parts = parts.iter().map(|part| in_form(part, item)).collect::<Result<_>>()?;
        Ok(Self { item: item.clone(), parts, picks: Vec::new(), ends: vec![0], valid: Vec::new() })
    }

    /// Picks an element of a part for the current list.
    pub(super) fn pick(&mut self, part: usize, place: usize) {
        self.picks.push((part, place));
    }

    /// Ends the current list.
    ///
    /// # Errors
    /// 54000 for more elements than may be in one batch.
    pub(super) fn end(&mut self) -> Result<()> {
        if self.picks.len() as u64 * 8 > BATCH_BYTES {
            let message = "array size exceeds the maximum allowed (134217727)";
            return Err(QueryError::LimitExceeded(message.into()).into());
        }
        self.ends.push(i32::try_from(self.picks.len()).unwrap_or(i32::MAX));
        self.valid.push(true);
        Ok(())
    }

    /// A row that is NULL.
    pub(super) fn null(&mut self) {
        self.ends.push(self.ends.last().copied().unwrap_or(0));
        self.valid.push(false);
    }

    pub(super) fn finish(self) -> Result<ArrayRef> {
        let parts: Vec<&dyn Array> = self.parts.iter().map(AsRef::as_ref).collect();
        let values = if self.picks.is_empty() {
            arrow::array::new_empty_array(&self.item)
        } else {
            interleave(&parts, &self.picks).map_err(arrow)?
        };
        let field = Arc::new(Field::new_list_field(self.item, true));
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.ends));
        let list = ListArray::try_new(field, offsets, values, Some(NullBuffer::from(self.valid))).map_err(arrow)?;
        Ok(Arc::new(list))
    }
}

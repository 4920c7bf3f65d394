//! All rows of a group, for aggregates that can say nothing before they have seen them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, new_empty_array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::concat;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::utils::format_state_name;

/// So many pieces of a column are joined to one.
const PIECES: usize = 64;

/// The columns of a group's rows, in the order in which they came.
#[derive(Debug)]
pub struct Collected {
    types: Vec<DataType>,
    pieces: Vec<Vec<ArrayRef>>,
    rows: usize,
    bytes: usize,
}

impl Collected {
    /// No rows of columns of these types.
    pub fn new(types: Vec<DataType>) -> Self {
        let pieces = types.iter().map(|_| Vec::new()).collect();
        Self { types, pieces, rows: 0, bytes: 0 }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// More rows.
    ///
    /// # Errors
    /// When pieces cannot be joined, as beyond 2 GB of text.
    pub fn add(&mut self, columns: &[ArrayRef]) -> DataFusionResult<()> {
        let Some(first) = columns.first().filter(|first| !first.is_empty()) else { return Ok(()) };
        self.rows += first.len();
        for (pieces, column) in self.pieces.iter_mut().zip(columns) {
            self.bytes += column.to_data().get_slice_memory_size()?;
            pieces.push(Arc::clone(column));
            if pieces.len() >= PIECES {
                let joined = joined(pieces)?;
                pieces.clear();
                pieces.push(joined);
            }
        }
        Ok(())
    }

    /// The columns.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn columns(&self) -> DataFusionResult<Vec<ArrayRef>> {
        let columns = self.types.iter().zip(&self.pieces);
        columns
            .map(|(data_type, pieces)| if pieces.is_empty() { Ok(new_empty_array(data_type)) } else { joined(pieces) })
            .collect()
    }

    /// The fields of a state: a list for each column.
    pub fn state_fields(name: &str, columns: &[FieldRef]) -> Vec<FieldRef> {
        let field = |(index, column): (usize, &FieldRef)| {
            let element = Field::new_list_field(column.data_type().clone(), true);
            Arc::new(Field::new_list(format_state_name(name, &format!("column {index}")), element, true))
        };
        columns.iter().enumerate().map(field).collect()
    }

    /// # Errors
    /// As [`add`](Self::add).
    pub fn state(&self) -> DataFusionResult<Vec<ScalarValue>> {
        let list = |column: ArrayRef| {
            let field = Arc::new(Field::new_list_field(column.data_type().clone(), true));
            let offsets = OffsetBuffer::from_lengths([column.len()]);
            Ok(ScalarValue::List(Arc::new(ListArray::try_new(field, offsets, column, None)?)))
        };
        self.columns()?.into_iter().map(list).collect()
    }

    /// The rows of other states.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn merge(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        let rows = states.first().map_or(0, |state| state.len());
        for row in 0..rows {
            let columns: Vec<ArrayRef> = states
                .iter()
                .take(self.types.len())
                .filter(|state| state.is_valid(row))
                .map(|state| state.as_list::<i32>().value(row))
                .collect();
            if columns.len() == self.types.len() {
                self.add(&columns)?;
            }
        }
        Ok(())
    }

    /// The memory that the rows take.
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.bytes + self.pieces.iter().map(|pieces| pieces.capacity() * 16).sum::<usize>()
    }
}

fn joined(pieces: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    match pieces {
        [only] => Ok(Arc::clone(only)),
        several => Ok(concat(&several.iter().map(AsRef::as_ref).collect::<Vec<_>>())?),
    }
}

//! The two columns that identify a row of a scan: `_key` and `_seq`.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BinaryBuilder, RecordBatch, RecordBatchOptions, UInt64Builder,
};
use arrow::datatypes::{DataType, Field, Schema};

use super::history::{KEY_COLUMN, SEQ_COLUMN};
use super::row::corrupted;
use crate::base::ids::Seq;
use crate::error::{Result, StorageError};

/// Collects the identity of rows.
pub(super) struct IdentityBuilder {
    keys: BinaryBuilder,
    seqs: UInt64Builder,
}

impl IdentityBuilder {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            keys: BinaryBuilder::with_capacity(capacity, capacity * 32),
            seqs: UInt64Builder::with_capacity(capacity),
        }
    }

    pub(super) fn append(&mut self, key: &[u8], seq: Seq) {
        self.keys.append_value(key);
        self.seqs.append_value(seq.0);
    }

    /// The rows with the two columns behind theirs.
    pub(super) fn append_to(mut self, rows: &RecordBatch) -> Result<RecordBatch> {
        let schema = rows.schema();
        let more = [
            Arc::new(Field::new(KEY_COLUMN, DataType::Binary, false)),
            Arc::new(Field::new(SEQ_COLUMN, DataType::UInt64, false)),
        ];
        let schema = Schema::new(schema.fields().iter().cloned().chain(more).collect::<Vec<_>>());
        let identity: [ArrayRef; 2] = [Arc::new(self.keys.finish()), Arc::new(self.seqs.finish())];
        let columns = rows.columns().iter().cloned().chain(identity).collect();
        RecordBatch::try_new(Arc::new(schema), columns).map_err(|source| StorageError::Arrow { source }.into())
    }
}

/// The `_key` column of rows that have it.
pub(super) fn keys(rows: &RecordBatch) -> Result<&BinaryArray> {
    let at = rows.num_columns().checked_sub(2).ok_or_else(|| corrupted("rows without identity"))?;
    rows.column(at).as_binary_opt::<i32>().ok_or_else(|| corrupted("rows without identity").into())
}

/// The rows without the two columns.
pub(super) fn remove(rows: &RecordBatch) -> Result<RecordBatch> {
    let columns = rows.num_columns().saturating_sub(2);
    let schema = Schema::new(rows.schema().fields().iter().take(columns).cloned().collect::<Vec<_>>());
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(schema), rows.columns()[..columns].to_vec(), &options)
        .map_err(|source| StorageError::Arrow { source }.into())
}

/// The first row whose key is not before `key` in the order of the scan; rows are in that order.
pub(super) fn first_not_before(keys: &BinaryArray, key: &[u8], reverse: bool) -> usize {
    let (mut low, mut high) = (0, keys.len());
    while low < high {
        let middle = low.midpoint(high);
        let value = keys.value(middle);
        let before = if reverse { value > key } else { value < key };
        if before { low = middle + 1 } else { high = middle }
    }
    low
}

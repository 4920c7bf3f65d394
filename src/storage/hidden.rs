//! Which history rows a view must not show: those whose key has a newer fresh entry or an own write.

use std::sync::Arc;

use arrow::array::{Array, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;

use super::address::Address;
use super::engine::Family;
use super::history::HistoryFile;
use super::identity;
use super::range::KeyRange;
use super::snapshot::ReadPoint;
use super::write_set::TableWrites;
use crate::error::{Result, StorageError};

/// Sorted keys. One entry per changed or deleted row of history since the last flush, which folds them in.
#[derive(Clone)]
pub(super) struct Hidden(Arc<[Vec<u8>]>);

impl Hidden {
    /// The hidden keys of a range. Blocks for a time proportional to their number.
    pub(super) fn read(
        at: &ReadPoint,
        address: &Address,
        range: &KeyRange,
        writes: Option<&TableWrites>,
    ) -> Result<Self, StorageError> {
        let mut keys = at.iterate(Family::Indexes, address.options(range), |mut iterator| {
            let mut keys = Vec::new();
            iterator.seek_to_first();
            while let Some(key) = iterator.key() {
                keys.push(address.strip(key)?.to_vec());
                iterator.next();
            }
            iterator.status()?;
            Ok::<_, StorageError>(keys)
        })?;
        let overlays = keys.len();
        if let Some(writes) = writes {
            // A key that was known to be absent has no row in history to hide.
            let own = writes.rows.iter().filter(|(key, write)| !write.known_absent() && range.contains(key));
            keys.extend(own.map(|(key, _)| key.clone()));
        }
        if keys.len() > overlays {
            keys.sort_unstable();
            keys.dedup();
        }
        Ok(Self(keys.into()))
    }

    /// The hidden keys between the first and the last key of a file.
    pub(super) fn of_file(&self, file: &HistoryFile) -> Self {
        let keys = self.between(&file.min_key, &file.max_key);
        if keys.len() == self.0.len() { self.clone() } else { Self(keys.into()) }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys, sorted.
    pub(super) fn keys(&self) -> &[Vec<u8>] {
        &self.0
    }

    /// The rows that are not hidden. Rows have their identity and are sorted, in either direction.
    pub(super) fn filter(&self, rows: RecordBatch) -> Result<RecordBatch> {
        let keys = identity::keys(&rows)?;
        if keys.is_empty() {
            return Ok(rows);
        }
        let (first, last) = (keys.value(0), keys.value(keys.len() - 1));
        // Most batches lie between two hidden keys: two searches, and no row is looked at.
        let hidden = self.between(first.min(last), first.max(last));
        if hidden.is_empty() {
            return Ok(rows);
        }
        let shown: BooleanArray = (0..keys.len())
            .map(|row| Some(hidden.binary_search_by(|key| key.as_slice().cmp(keys.value(row))).is_err()))
            .collect();
        filter_record_batch(&rows, &shown).map_err(|source| StorageError::Arrow { source }.into())
    }

    fn between(&self, first: &[u8], last: &[u8]) -> &[Vec<u8>] {
        let from = self.0.partition_point(|key| key.as_slice() < first);
        let to = self.0.partition_point(|key| key.as_slice() <= last);
        &self.0[from..to.max(from)]
    }
}

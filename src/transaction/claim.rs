//! Claiming rows for UPDATE and DELETE: lock them, then prove that they are still what the statement saw.
//!
//! ```text
//!  statement reads x = 7 at read point R ──► locks the row (waits) ──► reads the row's seq now
//!                                                                       same: go on
//!                                                                       other, or gone: Retry
//! ```
//!
//! PostgreSQL re-evaluates the WHERE for the one row that changed; running the whole statement again on a
//! new read point, with the locks kept, gives an answer that is right for joins and subqueries too.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, AsArray, BinaryArray, RecordBatch, UInt64Array};
use arrow::datatypes::UInt64Type;

use super::locks::{Granted, Mode};
use super::transaction::{Isolation, Transaction};
use crate::Result;
use crate::catalog::Table;
use crate::error::{StorageError, TransactionError};
use crate::storage::{Source, View};

/// Whether the rows as they were are needed, or only that they are unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OldRows {
    Needed,
    NotNeeded,
}

/// Rows that this transaction holds the locks of, and that are as the statement saw them.
pub(super) struct Claim {
    /// Which rows of the given batch, ascending. A row that the statement meets twice is claimed once.
    pub rows: Vec<usize>,
    /// Whether that is all of them.
    pub complete: bool,
    /// The key of each claimed row.
    pub keys: Vec<Vec<u8>>,
    /// The old version of each claimed row, all columns, if asked for.
    pub old: Vec<RecordBatch>,
}

impl Transaction {
    /// Claims the rows that `identity` names by its columns `_key` and `_seq`. `None` when one of them
    /// changed since the statement's read point; the locks got so far stay held.
    pub(super) async fn claim(
        &mut self,
        table: &Arc<Table>,
        identity: &RecordBatch,
        old: OldRows,
    ) -> Result<Option<Claim>> {
        self.lock_table(table, Mode::RowExclusive).await?;
        let (keys, seqs) = identity_columns(identity)?;

        let mut rows: Vec<usize> = (0..identity.num_rows()).collect();
        rows.sort_unstable_by(|a, b| keys.value(*a).cmp(keys.value(*b)).then(a.cmp(b)));
        rows.dedup_by(|later, earlier| keys.value(*later) == keys.value(*earlier));
        let mut revisited = HashSet::new();
        for row in &rows {
            let key = keys.value(*row);
            if self.lock_row(table, key).await? == Granted::Held && self.statement.touched(table.id, key).is_some() {
                revisited.insert(*row);
            }
        }
        self.check_size()?;
        rows.retain(|row| !revisited.contains(row));
        rows.sort_unstable();

        let complete = rows.len() == identity.num_rows();
        let owned: Vec<Vec<u8>> = rows.iter().map(|row| keys.value(*row).to_vec()).collect();
        let read = self.statement_read();
        self.decided_at(&read);
        let latest = self.latest();
        if old == OldRows::NotNeeded && latest.is(&read) {
            return Ok(Some(Claim { rows, complete, keys: owned, old: Vec::new() }));
        }

        let projection: Vec<usize> = match old {
            OldRows::Needed => (0..table.shape.schema.fields().len()).collect(),
            OldRows::NotNeeded => Vec::new(),
        };
        let view = View { at: latest, writes: self.own_writes() };
        let found = self.store().get(&view, &table.shape, &owned, &projection).await?;
        let mut batches = Vec::with_capacity(rows.len());
        for (row, found) in rows.iter().zip(found) {
            match found {
                // Nobody else can have changed what this transaction itself wrote.
                Some(found) if found.source == Source::Writes || found.seq.0 == seqs.value(*row) => {
                    batches.push(found.batch);
                }
                _ if self.isolation() == Isolation::RepeatableRead => {
                    return Err(TransactionError::SerializationFailure.into());
                }
                _ => return Ok(None),
            }
        }
        Ok(Some(Claim { rows, complete, keys: owned, old: batches }))
    }
}

fn identity_columns(identity: &RecordBatch) -> Result<(&BinaryArray, &UInt64Array)> {
    let column = |name: &str| {
        identity
            .column_by_name(name)
            .filter(|column| column.null_count() == 0)
            .ok_or_else(|| StorageError::Corrupted { what: format!("rows to change come without their {name}") })
    };
    let keys = column("_key")?.as_binary_opt::<i32>();
    let seqs = column("_seq")?.as_primitive_opt::<UInt64Type>();
    match (keys, seqs) {
        (Some(keys), Some(seqs)) => Ok((keys, seqs)),
        _ => Err(StorageError::Corrupted { what: "_key or _seq has another type".into() }.into()),
    }
}

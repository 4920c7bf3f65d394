//! UPDATE of rows that a scan found, also of their keys.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{concat, take_record_batch};

use super::claim::{Claim, OldRows};
use super::constraints;
use super::insert::{encode_keys, with_column};
use super::locks::Granted;
use super::statement::{Op, RowWrite};
use super::transaction::Transaction;
use crate::Result;
use crate::catalog::Table;
use crate::error::StorageError;
use crate::storage::{Operation, RowChange, RowCodec};

/// What an UPDATE or DELETE came to.
#[derive(Clone, Debug)]
pub enum Applied {
    Done(Changed),
    /// A row changed between the statement's read point and its lock. Nothing of the statement is left;
    /// the caller calls `statement_begin` and runs the whole statement again. The locks stay held, so the
    /// same rows cannot make it retry a second time.
    Retry,
}

/// The rows that were changed.
#[derive(Clone, Debug)]
pub struct Changed {
    pub count: u64,
    /// Which rows of the given batch; `None` means all. A row that a join found twice is changed once.
    pub rows: Option<UInt32Array>,
}

impl Changed {
    pub(super) fn of_claim(claim: &Claim) -> Self {
        let rows = (!claim.complete)
            .then(|| claim.rows.iter().map(|row| u32::try_from(*row).expect("a batch has fewer rows")).collect());
        Self { count: claim.rows.len() as u64, rows }
    }

    /// Those rows of a batch that were changed, for RETURNING.
    ///
    /// # Errors
    /// When the batch is not the one that was given.
    pub fn of(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        match &self.rows {
            None => Ok(batch.clone()),
            Some(rows) => Ok(take_record_batch(batch, rows).map_err(|source| StorageError::Arrow { source })?),
        }
    }
}

impl Transaction {
    /// Replaces the rows that `identity` names by its columns `_key` and `_seq`, as a scan with identity
    /// returned them in this statement, by `new_rows`: all columns of the table in shape order, the hidden
    /// `_rowid` may be left out. Row `i` of one belongs to row `i` of the other.
    ///
    /// # Errors
    /// 23502, 23514, 23505, lock errors, `TooLarge`, 40001 under REPEATABLE READ. After an error or
    /// `Retry` nothing of the statement is left in the transaction but its locks.
    pub async fn update(
        &mut self,
        table: &Arc<Table>,
        identity: &RecordBatch,
        new_rows: RecordBatch,
    ) -> Result<Applied> {
        let outcome = self.try_update(table, identity, new_rows).await;
        if !matches!(outcome, Ok(Applied::Done(_))) {
            self.statement_rollback();
        }
        outcome
    }

    async fn try_update(
        &mut self,
        table: &Arc<Table>,
        identity: &RecordBatch,
        new_rows: RecordBatch,
    ) -> Result<Applied> {
        self.writable("UPDATE")?;
        let without_row_id = new_rows.num_columns() < table.shape.schema.fields().len();
        let old = if table.changes || without_row_id { OldRows::Needed } else { OldRows::NotNeeded };
        // The claim comes first: constraints are about values computed from the rows as they are now.
        let Some(claim) = self.claim(table, identity, old).await? else { return Ok(Applied::Retry) };
        let changed = Changed::of_claim(&claim);
        let mut rows = changed.of(&new_rows)?;
        if without_row_id {
            rows = with_old_row_ids(table, &rows, &claim)?;
        }

        let refused = constraints::first_violation(table, &rows, self.checks.as_deref(), &self.style)?;
        let candidates = refused.as_ref().map_or(rows.num_rows(), |(row, _)| *row);
        let new_keys = encode_keys(&table.shape, &rows, candidates)?;
        let moved: Vec<usize> = (0..candidates).filter(|row| new_keys[*row] != claim.keys[*row]).collect();
        if !moved.is_empty() {
            self.claim_moved_keys(table, &rows, &claim.keys, &new_keys, &moved).await?;
        }
        if let Some((_, error)) = refused {
            return Err(error);
        }

        let codec = RowCodec::new(&table.shape);
        let mut scratch = Vec::new();
        let old_row = |row: usize, scratch: &mut Vec<u8>| match table.changes {
            true => codec.encoded(&claim.old[row], 0, scratch).map(Some),
            false => Ok(None),
        };
        // All old keys go before any new one comes, so that rows may swap their keys. Who follows the changes of
        // the table knows rows by their keys: to them the old one is deleted and another one inserted.
        for row in &moved {
            let key = claim.keys[*row].clone();
            let old = old_row(*row, &mut scratch)?;
            let change = old.map(|row| RowChange { operation: Operation::Delete, row, old: None });
            self.push(Op::Write { table: table.clone(), key, write: RowWrite::Delete, change })?;
        }
        let mut still_moved = moved.iter().copied().peekable();
        for (row, key) in new_keys.into_iter().enumerate() {
            let value = codec.encoded(&rows, row, &mut scratch)?;
            let change = if still_moved.next_if_eq(&row).is_some() {
                table.changes.then(|| RowChange { operation: Operation::Insert, row: value.clone(), old: None })
            } else {
                let old = old_row(row, &mut scratch)?;
                old.map(|old| RowChange { operation: Operation::Update, row: value.clone(), old: Some(old) })
            };
            self.push(Op::Write { table: table.clone(), key, write: RowWrite::Update(value), change })?;
        }
        Ok(Applied::Done(changed))
    }

    /// Locks the keys that rows move to, and proves that nobody has them but rows that move away.
    async fn claim_moved_keys(
        &mut self,
        table: &Arc<Table>,
        rows: &RecordBatch,
        old_keys: &[Vec<u8>],
        new_keys: &[Vec<u8>],
        moved: &[usize],
    ) -> Result<()> {
        let mut order = moved.to_vec();
        order.sort_unstable_by(|a, b| new_keys[*a].cmp(&new_keys[*b]));
        let mut met_before = false;
        for row in order {
            met_before |= self.lock_row(table, &new_keys[row]).await? == Granted::Held;
        }
        let wanted: Vec<Vec<u8>> = moved.iter().map(|row| new_keys[*row].clone()).collect();
        let exists = self.existing(table, &wanted, met_before).await?;
        let leaving: HashSet<&[u8]> = moved.iter().map(|row| old_keys[*row].as_slice()).collect();
        let mut coming: HashSet<&[u8]> = HashSet::with_capacity(moved.len());
        for (row, exists) in moved.iter().zip(exists) {
            let key = new_keys[*row].as_slice();
            if (exists && !leaving.contains(key)) || !coming.insert(key) {
                return Err(constraints::duplicate(table, rows, *row, &self.style)?);
            }
        }
        Ok(())
    }
}

/// Gives updated rows of a table without a primary key the hidden ids they had.
fn with_old_row_ids(table: &Table, rows: &RecordBatch, claim: &Claim) -> Result<RecordBatch> {
    let at = table.shape.schema.fields().len() - 1;
    let old: Vec<&dyn Array> = claim.old.iter().map(|old| old.column(at).as_ref()).collect();
    let ids: ArrayRef = match old.is_empty() {
        true => arrow::array::new_empty_array(table.shape.schema.field(at).data_type()),
        false => concat(&old).map_err(|source| StorageError::Arrow { source })?,
    };
    with_column(rows, &table.shape, ids)
}

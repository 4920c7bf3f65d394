//! INSERT: row ids, constraints, locks, uniqueness, then the operations.

use std::sync::Arc;

use arrow::array::{ArrayRef, FixedSizeBinaryBuilder, RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;

use super::constraints;
use super::locks::{Granted, Mode, Target};
use super::statement::{Op, RowWrite};
use super::transaction::Transaction;
use crate::Result;
use crate::base::limits::KEY_BYTES;
use crate::catalog::Table;
use crate::error::StorageError;
use crate::storage::keys::encode_key;
use crate::storage::{Operation, RowChange, RowCodec, Shape, View};

/// What happens to a row whose key exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnConflict {
    /// The statement fails with 23505.
    Error,
    /// `ON CONFLICT DO NOTHING`: the row is left out.
    DoNothing,
}

/// What an INSERT did.
#[derive(Clone, Debug)]
pub struct Inserted {
    /// The rows that were inserted, in the columns that were given.
    pub rows: RecordBatch,
    pub count: u64,
}

impl Transaction {
    /// Inserts rows. `batch` has all columns of the table in shape order, defaults applied; the hidden
    /// `_rowid` of a table without a primary key may be left out and is filled here. A statement may call
    /// this many times; uniqueness is checked once per batch and over all batches.
    ///
    /// # Errors
    /// 23502, 23514, 23505 for the first offending row in the batch's order, as PostgreSQL reports them;
    /// lock errors; `TooLarge`. After an error nothing of the statement is left in the transaction.
    pub async fn insert(
        &mut self,
        table: &Arc<Table>,
        batch: RecordBatch,
        on_conflict: OnConflict,
    ) -> Result<Inserted> {
        let outcome = self.try_insert(table, batch, on_conflict).await;
        if outcome.is_err() {
            self.statement_rollback();
        }
        outcome
    }

    async fn try_insert(
        &mut self,
        table: &Arc<Table>,
        batch: RecordBatch,
        on_conflict: OnConflict,
    ) -> Result<Inserted> {
        self.writable("INSERT")?;
        self.lock_table(table, Mode::RowExclusive).await?;
        let generated = table.primary_key.is_none() && batch.num_columns() < table.shape.schema.fields().len();
        let full = if generated { self.with_row_ids(&table.shape, &batch)? } else { batch.clone() };

        // PostgreSQL works row by row: a duplicate key in an earlier row wins over a NULL in a later one.
        let refused = constraints::first_violation(table, &full, self.checks.as_deref(), &self.style)?;
        let candidates = refused.as_ref().map_or(full.num_rows(), |(row, _)| *row);
        let keys = encode_keys(&table.shape, &full, candidates)?;
        let kept = if generated { None } else { self.claim_new_keys(table, &full, &keys, on_conflict).await? };
        if let Some((_, error)) = refused {
            return Err(error);
        }

        let codec = RowCodec::new(&table.shape);
        let mut scratch = Vec::new();
        for (row, key) in keys.into_iter().enumerate() {
            if kept.as_ref().is_some_and(|kept| !kept[row]) {
                continue;
            }
            let value = codec.encoded(&full, row, &mut scratch)?;
            let change =
                table.changes.then(|| RowChange { operation: Operation::Insert, row: value.clone(), old: None });
            self.push(Op::Write { table: table.clone(), key, write: RowWrite::Insert(value), change })?;
        }
        let rows = match kept {
            None => batch,
            Some(kept) => {
                let rows: UInt32Array = (0_u32..).zip(&kept).filter(|(_, kept)| **kept).map(|(row, _)| row).collect();
                take_record_batch(&batch, &rows).map_err(|source| StorageError::Arrow { source })?
            }
        };
        Ok(Inserted { count: rows.num_rows() as u64, rows })
    }

    /// Locks the keys of new rows and proves them absent. Answers which rows stay, `None` for all.
    async fn claim_new_keys(
        &mut self,
        table: &Arc<Table>,
        rows: &RecordBatch,
        keys: &[Vec<u8>],
        on_conflict: OnConflict,
    ) -> Result<Option<Vec<bool>>> {
        // One order for all transactions: two INSERTs of the same keys cannot deadlock.
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_unstable_by(|a, b| keys[*a].cmp(&keys[*b]).then(a.cmp(b)));
        let mut met_before = false;
        for row in &order {
            met_before |= self.lock_row(table, &keys[*row]).await? == Granted::Held;
        }
        self.check_size()?;
        let mut taken = self.existing(table, keys, met_before).await?;
        for pair in order.windows(2) {
            taken[pair[1]] |= keys[pair[0]] == keys[pair[1]];
        }
        match (on_conflict, taken.iter().position(|taken| *taken)) {
            (_, None) => Ok(None),
            (OnConflict::Error, Some(row)) => Err(constraints::duplicate(table, rows, row, &self.style)?),
            (OnConflict::DoNothing, Some(_)) => Ok(Some(taken.into_iter().map(|taken| !taken).collect())),
        }
    }

    /// Which of these keys hold a row now: committed by anyone, or written by this transaction. The
    /// caller holds their locks, so the answer stays true until the transaction ends. `met_before` says
    /// whether the transaction held one of the locks already, so that the statement may have written the key.
    pub(super) async fn existing(
        &mut self,
        table: &Arc<Table>,
        keys: &[Vec<u8>],
        met_before: bool,
    ) -> Result<Vec<bool>> {
        let at = self.latest();
        self.decided_at(&at);
        let view = View { at, writes: self.own_writes() };
        let mut exists = self.store().contains(&view, &table.shape, keys).await?;
        for (key, exists) in keys.iter().zip(&mut exists).filter(|_| met_before) {
            if let Some(row_is_there) = self.statement.touched(table.id, key) {
                *exists = row_is_there;
            }
        }
        Ok(exists)
    }

    pub(super) async fn lock_row(&mut self, table: &Table, key: &[u8]) -> Result<Granted> {
        let target = Target::Row { tenant: self.tenant(), table: table.id, key };
        Ok(self.locks.lock(target, Mode::AccessExclusive, &self.patience).await?)
    }

    fn with_row_ids(&self, shape: &Shape, batch: &RecordBatch) -> Result<RecordBatch> {
        let now_us = self.manager.clock.now_us();
        let mut ids = FixedSizeBinaryBuilder::with_capacity(batch.num_rows(), 16);
        for _ in 0..batch.num_rows() {
            let id = self.manager.random.uuid_v7(now_us);
            ids.append_value(id.as_bytes()).map_err(|source| StorageError::Arrow { source })?;
        }
        with_column(batch, shape, Arc::new(ids.finish()))
    }
}

/// Rows with the hidden `_rowid` behind their columns. The columns keep their fields: those of the shape say NOT
/// NULL, and whether that holds is not known yet.
pub(super) fn with_column(rows: &RecordBatch, shape: &Shape, row_ids: ArrayRef) -> Result<RecordBatch> {
    let mut fields = rows.schema().fields().to_vec();
    fields.extend(shape.schema.fields().last().cloned());
    let mut columns: Vec<ArrayRef> = rows.columns().to_vec();
    columns.push(row_ids);
    let schema = Arc::new(arrow::datatypes::Schema::new(fields));
    Ok(RecordBatch::try_new(schema, columns).map_err(|source| StorageError::Arrow { source })?)
}

/// The encoded keys of the first `rows` rows.
pub(super) fn encode_keys(shape: &Shape, batch: &RecordBatch, rows: usize) -> Result<Vec<Vec<u8>>> {
    let mut keys = Vec::with_capacity(rows);
    let mut scratch = Vec::new();
    for row in 0..rows {
        scratch.clear();
        encode_key(shape, batch, row, &mut scratch)?;
        let key = scratch.as_slice().to_vec();
        if key.len() > KEY_BYTES {
            return Err(StorageError::TooBig { bytes: key.len(), maximum: KEY_BYTES }.into());
        }
        keys.push(key);
    }
    Ok(keys)
}

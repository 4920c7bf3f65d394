//! DELETE of rows that a scan found.

use std::sync::Arc;

use arrow::array::RecordBatch;

use super::claim::OldRows;
use super::statement::{Op, RowWrite};
use super::transaction::Transaction;
use super::update::{Applied, Changed};
use crate::Result;
use crate::catalog::Table;
use crate::storage::{Operation, RowChange, RowCodec};

impl Transaction {
    /// Deletes the rows that `identity` names by its columns `_key` and `_seq`, as a scan with identity
    /// returned them in this statement.
    ///
    /// # Errors
    /// Lock errors, `TooLarge`, 40001 under REPEATABLE READ. After an error or `Retry` nothing of the
    /// statement is left in the transaction but its locks.
    pub async fn delete(&mut self, table: &Arc<Table>, identity: &RecordBatch) -> Result<Applied> {
        let outcome = self.try_delete(table, identity).await;
        if !matches!(outcome, Ok(Applied::Done(_))) {
            self.statement_rollback();
        }
        outcome
    }

    async fn try_delete(&mut self, table: &Arc<Table>, identity: &RecordBatch) -> Result<Applied> {
        self.writable("DELETE")?;
        let old = if table.changes { OldRows::Needed } else { OldRows::NotNeeded };
        let Some(claim) = self.claim(table, identity, old).await? else { return Ok(Applied::Retry) };
        let changed = Changed::of_claim(&claim);
        let codec = RowCodec::new(&table.shape);
        let mut scratch = Vec::new();
        for (at, key) in claim.keys.into_iter().enumerate() {
            let change = match table.changes {
                true => {
                    let row = codec.encoded(&claim.old[at], 0, &mut scratch)?;
                    Some(RowChange { operation: Operation::Delete, row, old: None })
                }
                false => None,
            };
            self.push(Op::Write { table: table.clone(), key, write: RowWrite::Delete, change })?;
        }
        Ok(Applied::Done(changed))
    }
}

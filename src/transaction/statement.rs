//! What the running statement wants to write, before it is known to have succeeded.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::ddl::TenantChange;
use crate::base::ids::TableId;
use crate::catalog::{CatalogWrite, Table, TenantCatalog};
use crate::storage::{Notice, RowChange};

/// Memory counted for an operation beside its key and row: the operation itself, the map entry it becomes.
const OPERATION_OVERHEAD_BYTES: usize = 128;

/// One thing a statement does, in order.
pub(super) enum Op {
    Write {
        table: Arc<Table>,
        key: Vec<u8>,
        write: RowWrite,
        /// What listeners of the table are told; `None` when the table has no change feed.
        change: Option<RowChange>,
    },
    Truncate(Arc<Table>),
    Definitions {
        write: CatalogWrite,
        /// The tables that the change removes.
        dropped: Vec<TableId>,
        tenant: Option<TenantChange>,
    },
}

/// A write to one row; rows are encoded.
pub(super) enum RowWrite {
    /// The key was proven absent under its lock.
    Insert(Bytes),
    /// The key holds a row.
    Update(Bytes),
    Delete,
}

impl RowWrite {
    fn leaves_row(&self) -> bool {
        !matches!(self, RowWrite::Delete)
    }

    fn bytes(&self) -> usize {
        match self {
            RowWrite::Insert(row) | RowWrite::Update(row) => row.len(),
            RowWrite::Delete => 0,
        }
    }
}

type Touched = HashMap<TableId, HashMap<Vec<u8>, bool>>;

/// The operations of one statement.
#[derive(Default)]
pub(super) struct Statement {
    pub ops: Vec<Op>,
    pub notices: Vec<Notice>,
    /// The catalog as it was before the statement's first definition change.
    pub catalog_before: Option<Arc<TenantCatalog>>,
    /// For each key the statement has written, whether a row is there now. Built when the statement comes
    /// back to a key that its transaction has locked, which most statements never do.
    touched: Option<Touched>,
    bytes: usize,
}

impl Statement {
    /// Whether the statement did nothing so far.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty() && self.notices.is_empty() && self.catalog_before.is_none()
    }

    /// About how much memory the operations take.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds an operation.
    pub fn push(&mut self, op: Op) {
        self.bytes += OPERATION_OVERHEAD_BYTES;
        match &op {
            Op::Write { table, key, write, change } => {
                let fed = change
                    .as_ref()
                    .map_or(0, |change| change.row.len() + change.old.as_ref().map_or(0, |old| old.len()));
                self.bytes += key.len() + write.bytes() + fed;
                if let Some(touched) = &mut self.touched {
                    self.bytes += key.len();
                    touched.entry(table.id).or_default().insert(key.clone(), write.leaves_row());
                }
            }
            // The definitions of a table are small beside the rows this bound is about.
            Op::Truncate(_) | Op::Definitions { .. } => {}
        }
        self.ops.push(op);
    }

    /// Adds a notification.
    pub fn notify(&mut self, notice: Notice) {
        self.bytes += notice.channel.len() + notice.payload.len() + OPERATION_OVERHEAD_BYTES;
        self.notices.push(notice);
    }

    /// Whether this statement has written the key, and if so whether a row is there now. To be asked only
    /// for keys whose lock the transaction held before: others cannot have been written.
    pub fn touched(&mut self, table: TableId, key: &[u8]) -> Option<bool> {
        if self.ops.is_empty() {
            return None;
        }
        let touched = self.touched.get_or_insert_with(|| {
            let mut touched = Touched::default();
            for op in &self.ops {
                if let Op::Write { table, key, write, .. } = op {
                    self.bytes += key.len();
                    touched.entry(table.id).or_default().insert(key.clone(), write.leaves_row());
                }
            }
            touched
        });
        touched.get(&table)?.get(key).copied()
    }
}

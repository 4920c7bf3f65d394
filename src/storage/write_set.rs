//! What a transaction wants to write, before it commits.
//!
//! Tables are shared copy-on-write: a view of a running statement keeps its own version while the
//! transaction goes on writing, and only the tables written meanwhile are copied.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::shape::Shape;
use crate::base::ids::{TableId, TenantId};

/// Bytes counted for a write beside its key and row, so that a million tiny deletes have a size.
const WRITE_OVERHEAD_BYTES: usize = 64;

/// One write to one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// A row. `known_absent` promises that the transaction looked for the key at [`super::Commit::read`]
    /// (or later, under a lock) and that there was no row, in fresh rows or history.
    Put { row: Bytes, known_absent: bool },
    /// No row. `known_absent`: the row deleted is one that this transaction itself put as known absent.
    Delete { known_absent: bool },
}

impl Write {
    /// Whether the key is promised to have had no row before the transaction.
    pub(crate) fn known_absent(&self) -> bool {
        match self {
            Self::Put { known_absent, .. } | Self::Delete { known_absent } => *known_absent,
        }
    }
}

/// The writes to one table, by key.
#[derive(Clone, Debug, Default)]
pub struct TableWrites {
    pub(crate) rows: BTreeMap<Vec<u8>, Write>,
    /// Set with the first write to a row.
    pub(crate) shape: Option<Arc<Shape>>,
    /// Everything that was there before the transaction is gone.
    pub(crate) truncated: bool,
}

impl TableWrites {
    /// About how many bytes of keys and rows are written.
    pub(super) fn bytes(&self) -> usize {
        self.rows.iter().map(|(key, write)| size(key, write)).sum()
    }
}

/// All writes of one transaction.
#[derive(Clone, Debug, Default)]
pub struct WriteSet {
    tables: BTreeMap<TableId, Arc<TableWrites>>,
    meta: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    dropped_tenants: Vec<TenantId>,
    bytes: usize,
}

impl WriteSet {
    /// Writes a row whose key may exist already (UPDATE, upsert). `row` is encoded by
    /// [`super::RowCodec`]; the committer stamps its `seq`.
    pub fn put(&mut self, shape: &Arc<Shape>, key: Vec<u8>, row: impl Into<Bytes>) {
        self.write(shape, key, Write::Put { row: row.into(), known_absent: false });
    }

    /// Writes a row whose key was found absent at the commit's read point (INSERT after its uniqueness
    /// check). The promise spares the committer from assuming that history may hold the key.
    pub fn insert(&mut self, shape: &Arc<Shape>, key: Vec<u8>, row: impl Into<Bytes>) {
        self.write(shape, key, Write::Put { row: row.into(), known_absent: true });
    }

    /// Deletes the row of a key.
    pub fn delete(&mut self, shape: &Arc<Shape>, key: Vec<u8>) {
        self.write(shape, key, Write::Delete { known_absent: false });
    }

    /// Removes all rows of a table, fresh and history; later writes to it in this set stay.
    pub fn truncate(&mut self, table: TableId) {
        let writes = Arc::make_mut(self.tables.entry(table).or_default());
        let freed: usize = writes.rows.iter().map(|(key, write)| size(key, write)).sum();
        writes.rows.clear();
        writes.truncated = true;
        self.bytes = self.bytes.saturating_sub(freed) + WRITE_OVERHEAD_BYTES;
    }

    /// Removes a tenant: its rows, manifest, catalog entries ([`super::MetaStore::tenant_key`]) and history files.
    pub fn drop_tenant(&mut self, tenant: TenantId) {
        self.dropped_tenants.push(tenant);
        self.bytes += WRITE_OVERHEAD_BYTES;
    }

    /// Writes an entry of the catalog.
    pub fn meta_put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.bytes += key.len() + value.len() + WRITE_OVERHEAD_BYTES;
        self.meta.insert(key, Some(value));
    }

    /// Deletes an entry of the catalog.
    pub fn meta_delete(&mut self, key: Vec<u8>) {
        self.bytes += key.len() + WRITE_OVERHEAD_BYTES;
        self.meta.insert(key, None);
    }

    /// About how much memory the set takes.
    pub fn size_bytes(&self) -> usize {
        self.bytes
    }

    /// Whether nothing is written.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.meta.is_empty() && self.dropped_tenants.is_empty()
    }

    /// Whether the table is written or truncated.
    pub fn contains_table(&self, table: TableId) -> bool {
        self.tables.contains_key(&table)
    }

    /// The uncommitted write to a key, if there is one.
    pub fn write_of(&self, table: TableId, key: &[u8]) -> Option<&Write> {
        self.tables.get(&table)?.rows.get(key)
    }

    pub(crate) fn table(&self, table: TableId) -> Option<&Arc<TableWrites>> {
        self.tables.get(&table)
    }

    pub(crate) fn tables(&self) -> impl Iterator<Item = (TableId, &Arc<TableWrites>)> {
        self.tables.iter().map(|(table, writes)| (*table, writes))
    }

    pub(crate) fn meta(&self) -> &BTreeMap<Vec<u8>, Option<Vec<u8>>> {
        &self.meta
    }

    pub(crate) fn dropped_tenants(&self) -> &[TenantId] {
        &self.dropped_tenants
    }

    fn write(&mut self, shape: &Arc<Shape>, key: Vec<u8>, mut write: Write) {
        let writes = Arc::make_mut(self.tables.entry(shape.table).or_default());
        writes.shape.get_or_insert_with(|| Arc::clone(shape));
        if let Some(earlier) = writes.rows.get(&key) {
            self.bytes -= size(&key, earlier);
            // The promise of absence is about what is committed. An earlier write of this transaction
            // without it knew of a committed row, which the later insert does not make go away.
            let (Write::Put { known_absent, .. } | Write::Delete { known_absent }) = &mut write;
            *known_absent = earlier.known_absent();
        }
        self.bytes += size(&key, &write);
        writes.rows.insert(key, write);
    }
}

fn size(key: &[u8], write: &Write) -> usize {
    let row = match write {
        Write::Put { row, .. } => row.len(),
        Write::Delete { .. } => 0,
    };
    key.len() + row + WRITE_OVERHEAD_BYTES
}

//! The two moments of a flush that the committer must order among commits: its begin and its end.
//!
//! ```text
//!   BeginFlush                                                EndFlush
//!   |  read point R; from here on the committer records        |  one synced batch: manifest change,
//!   |  every key that it writes to the table                   |  DeleteRange of the fresh rows, and what
//!   v                                                          v  was recorded, put back over history
//!   ----- commits ------ commits ------- commits ---------------------------------->
//!         history::flush writes Parquet files of what R sees
//! ```

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;

use super::snapshot::ReadPoint;
use crate::base::ids::{TableId, TenantId};

/// A running flush of one table. Dropped without [`super::Engine::end_flush`], it is forgotten: the
/// committer stops recording and nothing changes.
pub struct FlushTicket {
    pub tenant: TenantId,
    pub table: TableId,
    /// What the new files must hold: exactly the table as this read point sees it.
    pub at: ReadPoint,
    /// The table's manifest version at `at`.
    pub manifest_version: u64,
    /// Which recording this is: a ticket cannot end another flush of the same table.
    pub(super) number: u64,
    pub(super) recordings: Arc<Recordings>,
}

impl Drop for FlushTicket {
    fn drop(&mut self) {
        self.recordings.stop(self.tenant, self.table, self.number);
    }
}

/// What a flush changes in a table's manifest.
#[derive(Clone, Debug, Default)]
pub struct ManifestChange {
    /// Manifest rows (key and value in `meta`) of new files. The files and their directory are synced already.
    pub add: Vec<(Vec<u8>, Vec<u8>)>,
    /// Keys of the manifest rows of files that the new ones replace.
    pub remove: Vec<Vec<u8>>,
}

/// How a flush ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlushEnd {
    /// The change is durable. The removed files may be deleted when [`super::Engine::released_before`]
    /// of this version resolves.
    Done { version: u64 },
    /// The table was truncated or dropped meanwhile: nothing changed, the new files are to be deleted.
    Moved,
}

/// The keys that commits wrote to tables while they are being flushed.
#[derive(Default)]
pub(super) struct Recordings {
    tables: Mutex<HashMap<(TenantId, TableId), Recording>>,
}

struct Recording {
    number: u64,
    keys: BTreeSet<Vec<u8>>,
}

impl Recordings {
    /// Starts to record; `false` when the table is being flushed already.
    pub(super) fn start(&self, tenant: TenantId, table: TableId, number: u64) -> bool {
        let mut tables = self.tables.lock();
        let free = !tables.contains_key(&(tenant, table));
        if free {
            tables.insert((tenant, table), Recording { number, keys: BTreeSet::new() });
        }
        free
    }

    /// Notes written keys, if the table is being flushed.
    pub(super) fn record<'a>(&self, tenant: TenantId, table: TableId, keys: impl Iterator<Item = &'a Vec<u8>>) {
        if let Some(recording) = self.tables.lock().get_mut(&(tenant, table)) {
            recording.keys.extend(keys.cloned());
        }
    }

    /// Whether the table is being flushed.
    pub(super) fn is_running(&self, tenant: TenantId, table: TableId) -> bool {
        self.tables.lock().contains_key(&(tenant, table))
    }

    /// Forgets all recordings of a tenant: its flushes cannot end any more.
    pub(super) fn stop_tenant(&self, tenant: TenantId) {
        self.tables.lock().retain(|(owner, _), _| *owner != tenant);
    }

    /// Forgets the recording `number` and returns its keys; `None` when it is not running.
    pub(super) fn stop(&self, tenant: TenantId, table: TableId, number: u64) -> Option<BTreeSet<Vec<u8>>> {
        let mut tables = self.tables.lock();
        let running = tables.get(&(tenant, table)).is_some_and(|recording| recording.number == number);
        running.then(|| tables.remove(&(tenant, table)).map(|recording| recording.keys))?
    }
}

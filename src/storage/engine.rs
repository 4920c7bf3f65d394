//! The engine: one RocksDB, its committer, and the handles made from them.

use std::path::Path;
use std::sync::Arc;

use futures::future::BoxFuture;
use parking_lot::Mutex;
use rocksdb::{ColumnFamily, DB};

use super::commit::{Commit, CommitLog};
use super::events::CommitObserver;
use super::flushing::{FlushEnd, FlushTicket, ManifestChange};
use super::meta::MetaStore;
use super::options::StorageOptions;
use super::snapshot::{ReadPoint, Registry};
use super::store::TenantStore;
use crate::base::clock::Clock;
use crate::base::ids::{Seq, TableId, TenantId};
use crate::error::StorageError;

/// The column families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Format, last sequence, manifest, catalog: [`super::meta`].
    Meta,
    /// tenant | table | key → row.
    Rows,
    /// tenant | table | key → nothing, for every entry of `Rows` that overlays history.
    Indexes,
    /// Reserved for the log of changes.
    Changes,
}

impl Family {
    pub(super) const COUNT: usize = 4;
    pub(super) const ALL: [Family; Family::COUNT] = [Self::Meta, Self::Rows, Self::Indexes, Self::Changes];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Rows => "rows",
            Self::Indexes => "indexes",
            Self::Changes => "changes",
        }
    }

    pub(super) fn of(self, db: &DB) -> &ColumnFamily {
        db.cf_handle(self.name()).expect("every column family is opened with the database")
    }
}

/// One open data directory.
pub struct Engine {
    db: Arc<DB>,
    registry: Arc<Registry>,
    /// The newest read point, shared by all who ask before the next commit.
    current: Mutex<Option<ReadPoint>>,
    options: StorageOptions,
    clock: Arc<dyn Clock>,
}

impl Engine {
    /// Opens or makes a data directory.
    ///
    /// # Errors
    /// `Locked` when another process has it; `UnknownFormat` when another version wrote it.
    pub fn open(
        options: StorageOptions,
        clock: Arc<dyn Clock>,
        observer: Arc<dyn CommitObserver>,
    ) -> Result<Arc<Engine>, StorageError> {
        let _ = (options, clock, observer);
        Err(StorageError::Stopped { reason: "the engine is not built yet".into() })
    }

    /// The handle to the rows of one tenant.
    pub fn tenant(self: &Arc<Self>, tenant: TenantId) -> TenantStore {
        TenantStore::new(Arc::clone(self), tenant)
    }

    /// What is committed now. Sees every commit whose caller was woken before.
    pub fn read_point(self: &Arc<Self>) -> ReadPoint {
        let mut current = self.current.lock();
        match &*current {
            Some(read_point) if read_point.version() == self.registry.version() => read_point.clone(),
            _ => current.insert(ReadPoint::take(&self.db, &self.registry)).clone(),
        }
    }

    /// The number of the last commit.
    pub fn last_seq(&self) -> Seq {
        Seq(0)
    }

    /// The key-value store of the catalog.
    pub fn meta(self: &Arc<Self>) -> MetaStore {
        MetaStore::new(Arc::clone(self))
    }

    /// The data directory.
    pub fn directory(&self) -> &Path {
        &self.options.directory
    }

    /// The options that the engine was opened with.
    pub fn options(&self) -> &StorageOptions {
        &self.options
    }

    /// The clock that the engine was opened with.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Begins to flush a table: from here on, keys written to it are recorded. `None` when a flush of
    /// the table is running already.
    ///
    /// # Errors
    /// `Stopped` when the engine is closed.
    pub async fn begin_flush(&self, tenant: TenantId, table: TableId) -> Result<Option<FlushTicket>, StorageError> {
        let _ = (tenant, table);
        Err(StorageError::Stopped { reason: "the engine is not built yet".into() })
    }

    /// Ends a flush: one synced batch that replaces the fresh rows of the ticket's read point by files.
    ///
    /// # Errors
    /// A write error; nothing changed then.
    pub async fn end_flush(&self, ticket: FlushTicket, change: ManifestChange) -> Result<FlushEnd, StorageError> {
        let _ = (ticket, change);
        Err(StorageError::Stopped { reason: "the engine is not built yet".into() })
    }

    /// Compacts the fresh rows of a table, so that a deleted range costs later scans nothing. Blocks.
    pub fn compact(&self, tenant: TenantId, table: TableId) {
        let _ = (tenant, table);
    }

    /// Resolves when no read point is alive that may not see `version`: then what left the manifest at
    /// that version may leave the disk.
    pub async fn released_before(&self, version: u64) {
        self.registry.released_before(version).await;
    }

    /// Stops the committer after it has drained its queue. Later commits fail with `Stopped`.
    pub async fn close(&self) {}
}

impl CommitLog for Engine {
    fn commit(&self, commit: Commit) -> BoxFuture<'static, Result<Seq, StorageError>> {
        let _ = commit;
        Box::pin(async { Err(StorageError::Stopped { reason: "the engine is not built yet".into() }) })
    }
}
